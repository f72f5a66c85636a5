//! An index over transformed rows.

use crate::ann::{AnnIndex, Hit, Queries, RowScorer, Settings};
use crate::flat::Goal;
use anear_quant::transform::Transform;
use anear_quant::{How, Query};
use anear_types::parts::TransformParts;
use anear_types::{Error, Result};
use std::borrow::Cow;
use std::ops::Range;

/// Transforms, and an index over what they give.
pub(crate) struct TransformedIndex {
    dim: usize,
    transforms: Vec<Transform>,
    inner: Box<dyn AnnIndex>,
}

impl TransformedIndex {
    pub(crate) fn new(
        dim: usize,
        transforms: &[TransformParts],
        inner: Box<dyn AnnIndex>,
    ) -> TransformedIndex {
        TransformedIndex { dim, transforms: made(transforms), inner }
    }

    fn apply<'a>(&self, rows: &'a [f32]) -> Cow<'a, [f32]> {
        apply_all(&self.transforms, rows)
    }

    fn undo(&self, rows: Vec<f32>) -> Result<Vec<f32>> {
        undo_all(&self.transforms, rows)
    }
}

/// What rows become by transforms, one after the other, which have learned what they need and were
/// checked.
///
/// # Panics
/// If they are not whole rows.
pub fn applied(transforms: &[TransformParts], rows: &[f32]) -> Vec<f32> {
    apply_all(&made(transforms), rows).into_owned()
}

/// Rows that become these by such transforms, as near as can be told.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if one of them cannot be undone.
///
/// # Panics
/// If they are not whole rows.
pub fn undone(transforms: &[TransformParts], rows: Vec<f32>) -> Result<Vec<f32>> {
    undo_all(&made(transforms), rows)
}

fn made(transforms: &[TransformParts]) -> Vec<Transform> {
    transforms.iter().map(Transform::new).collect()
}

fn apply_all<'a>(transforms: &[Transform], rows: &'a [f32]) -> Cow<'a, [f32]> {
    transforms.iter().fold(Cow::Borrowed(rows), |rows, transform| transform.apply(rows))
}

fn undo_all(transforms: &[Transform], rows: Vec<f32>) -> Result<Vec<f32>> {
    let undo = |rows: Vec<f32>, transform: &Transform| transform.undo(&rows);
    transforms.iter().rev().try_fold(rows, undo).ok_or_else(|| {
        Error::unsupported("the rows were transformed in a way that cannot be undone")
    })
}

impl AnnIndex for TransformedIndex {
    fn dim(&self) -> usize {
        self.dim
    }

    fn rows(&self) -> u64 {
        self.inner.rows()
    }

    fn how(&self) -> How {
        self.inner.how()
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let Queries::Floats { values, .. } = queries else { panic!("transforms of bits") };
        let (values, dim) = (self.apply(values), self.inner.dim());
        self.inner.search(Queries::Floats { values: &values, dim }, goal, settings)
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.inner.row_scorer(Query::Floats(&self.apply(query.floats())))
    }

    fn bounded_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.inner.bounded_scorer(Query::Floats(&self.apply(query.floats())))
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        let mut transformed = vec![0.0; self.inner.dim()];
        self.inner.reconstruct(id, &mut transformed)?;
        row.copy_from_slice(&self.undo(transformed)?);
        Ok(())
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        self.inner.ids(rows)
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        let mut transformed = vec![0.0; values.len() / self.dim * self.inner.dim()];
        self.inner.decode(rows, &mut transformed)?;
        values.copy_from_slice(&self.undo(transformed)?);
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        self.transforms.is_empty() && self.inner.is_lossless()
    }
}
