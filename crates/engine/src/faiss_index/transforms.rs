//! The transforms of an index by themselves.

use super::{Index, Path};
use anear_index::ann::{applied, undone};
use anear_index::making::{Work, draw_rotation, train_transform};
use anear_types::parts::{
    IndexParts, LinearOrigin, Structure, TransformKind, TransformParts, Transformed,
};
use anear_types::{Error, Measure, Result};

impl Index {
    /// The transforms of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it has none.
    pub fn transforms(&self, path: &Path) -> Result<&[TransformParts]> {
        Ok(&transformed(self, path)?.transforms)
    }

    /// An index without rows behind one of the transforms.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform.
    pub fn transform(&self, path: &Path, number: usize) -> Result<Index> {
        let one = one(self.transforms(path)?, number)?.clone();
        let (dims, trained) = ((one.input_dim, one.output_dim), one.trained);
        Ok(behind(vec![one], dims, self.parts(path)?.measure, trained).into())
    }

    /// What rows become by one of the transforms, or by all of them.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, it is not trained, or
    /// these are not whole rows.
    pub fn apply(&self, path: &Path, number: Option<usize>, rows: &[f32]) -> Result<Vec<f32>> {
        let transforms = self.some_transforms(path, number)?;
        whole(rows, transforms.first().map(|first| first.input_dim))?;
        Ok(applied(&transforms, rows))
    }

    /// Rows that become these, as near as can be told.
    ///
    /// # Errors
    /// As for [`apply`](Index::apply), or if a transform cannot be undone.
    pub fn undo(&self, path: &Path, number: Option<usize>, rows: &[f32]) -> Result<Vec<f32>> {
        let transforms = self.some_transforms(path, number)?;
        whole(rows, transforms.last().map(|last| last.output_dim))?;
        undone(&transforms, rows.to_vec())
    }

    /// Learns from rows what one of the transforms needs, as they are before it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, these are not whole rows, or too
    /// few; or if the work was interrupted.
    pub fn train_transform(
        &mut self,
        path: &Path,
        number: usize,
        rows: &[f32],
        work: &Work<'_>,
    ) -> Result<()> {
        let transform = one_mut(self.change(path)?, number)?;
        whole(rows, Some(transform.input_dim))?;
        train_transform(transform, rows, work)
    }

    /// Draws a random rotation anew from a seed.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, or it is no random rotation.
    pub fn draw_rotation(&mut self, path: &Path, number: usize, seed: u64) -> Result<()> {
        draw_rotation(one_mut(self.change(path)?, number)?, seed)
    }

    /// Transforms that were checked and have learned what they need.
    pub(super) fn some_transforms(
        &self,
        path: &Path,
        number: Option<usize>,
    ) -> Result<Vec<TransformParts>> {
        let all = self.transforms(path)?;
        let some = match number {
            Some(number) => vec![one(all, number)?.clone()],
            None => all.to_vec(),
        };
        let (Some(first), Some(last)) = (some.first(), some.last()) else { return Ok(some) };
        if !some.iter().all(|transform| transform.trained) {
            return Err(Error::usage("the transform is not trained"));
        }
        let dims = (first.input_dim, last.output_dim);
        behind(some.clone(), dims, self.parts(path)?.measure, true).check()?;
        Ok(some)
    }
}

/// An index without rows behind transforms between these dimensions.
pub(super) fn behind(
    transforms: Vec<TransformParts>,
    dims: (usize, usize),
    measure: Measure,
    trained: bool,
) -> IndexParts {
    let inner = Index::flat(&[], dims.1, measure, 0.0).into_parts();
    let transformed = Transformed { transforms, inner: inner.clone() };
    let structure = Structure::Transformed(Box::new(transformed));
    IndexParts { dim: dims.0, trained, structure, ..inner }
}

fn transformed<'a>(index: &'a Index, path: &Path) -> Result<&'a Transformed> {
    match &index.parts(path)?.structure {
        Structure::Transformed(transformed) => Ok(transformed),
        _ => Err(Error::usage("the index has no transforms")),
    }
}

/// One of the transforms of an index, to be changed.
pub(super) fn one_mut(parts: &mut IndexParts, number: usize) -> Result<&mut TransformParts> {
    let Structure::Transformed(transformed) = &mut parts.structure else {
        return Err(Error::usage("the index has no transforms"));
    };
    let count = transformed.transforms.len();
    let none = || Error::usage(format!("there is no transform {number} of {count}"));
    transformed.transforms.get_mut(number).ok_or_else(none)
}

fn one(transforms: &[TransformParts], number: usize) -> Result<&TransformParts> {
    let count = transforms.len();
    let none = || Error::usage(format!("there is no transform {number} of {count}"));
    transforms.get(number).ok_or_else(none)
}

fn whole(rows: &[f32], dim: Option<usize>) -> Result<()> {
    match dim {
        Some(dim) if dim == 0 || !rows.len().is_multiple_of(dim) => {
            Err(Error::usage(format!("{} components are no rows of {dim}", rows.len())))
        }
        _ => Ok(()),
    }
}

/// The name of a transform's class.
pub fn transform_class_name(transform: &TransformParts) -> &'static str {
    match &transform.kind {
        TransformKind::Linear { origin, .. } => match origin {
            LinearOrigin::Plain => "LinearTransform",
            LinearOrigin::OptimizedProduct { .. } => "OPQMatrix",
            LinearOrigin::RandomRotation => "RandomRotationMatrix",
            LinearOrigin::Principal(_) => "PCAMatrix",
            LinearOrigin::IterativeQuantization { .. } => "ITQMatrix",
        },
        TransformKind::IterativeQuantization { .. } => "ITQTransform",
        TransformKind::Remap(_) => "RemapDimensionsTransform",
        TransformKind::Normalize(_) => "NormalizationTransform",
        TransformKind::Center(_) => "CenteringTransform",
    }
}
