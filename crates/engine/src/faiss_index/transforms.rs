//! The transforms of an index by themselves.

use super::{Index, Path};
use anear_index::ann::{applied, undone};
use anear_index::making::draw_rotation;
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

    /// Draws a random rotation anew from a seed.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, or it is no random rotation.
    pub fn draw_rotation(&mut self, path: &Path, number: usize, seed: u64) -> Result<()> {
        let count = self.transforms(path)?.len();
        let Structure::Transformed(transformed) = &mut self.change(path)?.structure else {
            unreachable!("it has transforms")
        };
        let none = || Error::usage(format!("there is no transform {number} of {count}"));
        draw_rotation(transformed.transforms.get_mut(number).ok_or_else(none)?, seed)
    }

    /// The matrix of a linear transform, a row of it for each component after, and what is added.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, or it has no matrix.
    pub fn matrix(&self, path: &Path, number: usize) -> Result<(Vec<f32>, Vec<f32>)> {
        match &one(self.transforms(path)?, number)?.kind {
            TransformKind::Linear { matrix, bias, .. } => Ok((matrix.clone(), bias.clone())),
            _ => Err(Error::usage("the transform has no matrix")),
        }
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
fn behind(
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

fn one(transforms: &[TransformParts], number: usize) -> Result<&TransformParts> {
    let count = transforms.len();
    let none = || Error::usage(format!("there is no transform {number} of {count}"));
    transforms.get(number).ok_or_else(none)
}

fn whole(rows: &[f32], dim: Option<usize>) -> Result<()> {
    match dim {
        Some(dim) if !rows.len().is_multiple_of(dim) => {
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
