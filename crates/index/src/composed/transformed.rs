//! An index over transformed rows.

use crate::ann::{AnnIndex, Hit, Queries, RowScorer, Settings, TakeRows};
use crate::flat::Goal;
use anear_quant::transform::Transform;
use anear_quant::{How, Query};
use anear_types::parts::TransformParts;
use anear_types::{Error, Result};

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
        let transforms = transforms.iter().map(Transform::new).collect();
        TransformedIndex { dim, transforms, inner }
    }

    fn apply(&self, rows: &[f32]) -> Vec<f32> {
        self.transforms.iter().fold(rows.to_vec(), |rows, transform| transform.apply(&rows))
    }

    fn undo(&self, rows: Vec<f32>) -> Result<Vec<f32>> {
        let undone = |rows: Vec<f32>, transform: &Transform| transform.undo(&rows);
        self.transforms.iter().rev().try_fold(rows, undone).ok_or_else(|| {
            Error::unsupported("the rows were transformed in a way that cannot be undone")
        })
    }
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

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        let mut transformed = vec![0.0; self.inner.dim()];
        self.inner.reconstruct(id, &mut transformed)?;
        row.copy_from_slice(&self.undo(transformed)?);
        Ok(())
    }

    fn each_rows(&self, take: &mut TakeRows<'_>) -> Result<()> {
        self.inner.each_rows(&mut |ids, rows| take(ids, &self.undo(rows.to_vec())?))
    }

    fn is_lossless(&self) -> bool {
        self.transforms.is_empty() && self.inner.is_lossless()
    }
}
