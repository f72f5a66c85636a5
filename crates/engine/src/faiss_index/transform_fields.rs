//! What transforms say of themselves, by the names that FAISS gives it, and transforms as files of their own.

use super::transforms::{behind, one_mut};
use super::{Field, Index, Path};
use anear_formats::faiss::{read_transform, transform_bytes};
use anear_io::Input;
use anear_types::parts::{LinearOrigin, PrincipalParts, TransformKind, TransformParts};
use anear_types::{Error, Measure, Result};

impl Index {
    /// An index without rows behind a linear transform, whose matrix is 0 until it is set.
    pub fn linear(input_dim: usize, output_dim: usize, biased: bool) -> Index {
        let (origin, matrix, bias) = (LinearOrigin::Plain, Vec::new(), Vec::new());
        let kind = TransformKind::Linear { origin, matrix, biased, bias };
        alone(TransformParts { input_dim, output_dim, trained: false, kind })
    }

    /// An index without rows behind a transform that subtracts the mean, which is not learned yet.
    pub fn centering(dim: usize) -> Index {
        let kind = TransformKind::Center(Vec::new());
        alone(TransformParts { input_dim: dim, output_dim: dim, trained: false, kind })
    }

    /// An index without rows behind a transform that takes components from these places, -1 for 0.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there are no components, or a place is none of theirs.
    pub fn remapping(input_dim: usize, places: &[i32]) -> Result<Index> {
        let output_dim = places.len();
        let known = |place: &i32| (-1..input_dim as i64).contains(&i64::from(*place));
        if input_dim == 0 || output_dim == 0 || !places.iter().all(known) {
            let what = format!("{output_dim} components are taken from places among {input_dim}");
            return Err(Error::usage(what));
        }
        let kind = TransformKind::Remap(places.to_vec());
        Ok(alone(TransformParts { input_dim, output_dim, trained: true, kind }))
    }

    /// An index without rows behind the transform in a file of its own.
    ///
    /// # Errors
    /// If the bytes are not those of a transform, or contradict themselves.
    pub fn transform_from_bytes(bytes: Vec<u8>) -> Result<Index> {
        let index = alone(read_transform(&Input::from_bytes("bytes", bytes))?);
        index.checked(&Path::default())?;
        Ok(index)
    }

    /// The bytes of such a file.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform.
    pub fn transform_to_bytes(&self, path: &Path, number: usize) -> Result<Vec<u8>> {
        let one = self.transform(path, number)?;
        Ok(transform_bytes(&one.transforms(&Path::default())?[0]))
    }

    /// The numbers that a transform has by names.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform.
    pub fn transform_fields(
        &self,
        path: &Path,
        number: usize,
    ) -> Result<Vec<(&'static str, Field)>> {
        let one = self.transform(path, number)?;
        Ok(fields(&one.transforms(&Path::default())?[0]))
    }

    /// Changes one of them.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, it has no number of this name, or
    /// it does not fit.
    pub fn set_transform_field(
        &mut self,
        path: &Path,
        number: usize,
        name: &str,
        value: f64,
    ) -> Result<()> {
        let transform = one_mut(self.change(path)?, number)?;
        let none = || Error::usage(format!("the transform has no number {name} to change"));
        if name == "is_trained" {
            transform.trained = value != 0.0;
            return Ok(());
        }
        let principal = match &mut transform.kind {
            TransformKind::Linear { origin, .. } => match origin {
                LinearOrigin::Principal(principal) => principal,
                LinearOrigin::OptimizedProduct { rounds, .. } if name == "niter" => {
                    *rounds = value.max(0.0) as usize;
                    return Ok(());
                }
                _ => return Err(none()),
            },
            _ => return Err(none()),
        };
        match name {
            "eigen_power" => principal.power = value as f32,
            "epsilon" => principal.epsilon = value as f32,
            "random_rotation" => principal.random_rotation = value != 0.0,
            "balanced_bins" => principal.balanced_bins = value as i32,
            _ => return Err(none()),
        }
        Ok(())
    }

    /// The floats that a transform has by a name.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such transform, or it has none of this name.
    pub fn transform_array(&self, path: &Path, number: usize, name: &str) -> Result<Vec<f32>> {
        let mut one = self.transform(path, number)?;
        array(one_mut(one.change(&Path::default())?, 0)?, name).map(|array| array.clone())
    }

    /// Changes these floats. What is to be as many as dimensions say is checked when the transform is used.
    ///
    /// # Errors
    /// As for [`transform_array`](Index::transform_array).
    pub fn set_transform_array(
        &mut self,
        path: &Path,
        number: usize,
        name: &str,
        values: &[f32],
    ) -> Result<()> {
        *array(one_mut(self.change(path)?, number)?, name)? = values.to_vec();
        Ok(())
    }
}

/// An index without rows behind a transform.
fn alone(transform: TransformParts) -> Index {
    let dims = (transform.input_dim, transform.output_dim);
    let trained = transform.trained;
    behind(vec![transform], dims, Measure::L2, trained).into()
}

fn fields(transform: &TransformParts) -> Vec<(&'static str, Field)> {
    let flag = |value: bool| Field::Integer(value.into());
    let mut fields = vec![("is_trained", flag(transform.trained))];
    match &transform.kind {
        TransformKind::Linear { origin, biased, .. } => {
            fields.push(("have_bias", flag(*biased)));
            match origin {
                LinearOrigin::Principal(principal) => fields.extend(of_principal(principal)),
                LinearOrigin::OptimizedProduct { parts, rounds } => {
                    fields.push(("M", Field::Integer(*parts as i64)));
                    fields.push(("niter", Field::Integer(*rounds as i64)));
                }
                _ => {}
            }
        }
        TransformKind::Normalize(exponent) => {
            fields.push(("norm", Field::Real(f64::from(*exponent))));
        }
        _ => {}
    }
    fields
}

fn of_principal(principal: &PrincipalParts) -> [(&'static str, Field); 4] {
    [
        ("eigen_power", Field::Real(f64::from(principal.power))),
        ("epsilon", Field::Real(f64::from(principal.epsilon))),
        ("random_rotation", Field::Integer(principal.random_rotation.into())),
        ("balanced_bins", Field::Integer(principal.balanced_bins.into())),
    ]
}

fn array<'a>(transform: &'a mut TransformParts, name: &str) -> Result<&'a mut Vec<f32>> {
    let none = || Error::usage(format!("the transform has no array {name}"));
    match (&mut transform.kind, name) {
        (TransformKind::Linear { matrix, .. }, "A") => Ok(matrix),
        (TransformKind::Linear { bias, .. }, "b") => Ok(bias),
        (TransformKind::Linear { origin: LinearOrigin::Principal(principal), .. }, _) => match name
        {
            "mean" => Ok(&mut principal.mean),
            "eigenvalues" => Ok(&mut principal.eigenvalues),
            "PCAMat" => Ok(&mut principal.components),
            _ => Err(none()),
        },
        (
            TransformKind::Center(mean) | TransformKind::IterativeQuantization { mean, .. },
            "mean",
        ) => Ok(mean),
        _ => Err(none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top() -> Path {
        Path::default()
    }

    #[test]
    fn a_linear_transform_is_what_it_is_set_to() {
        let mut index = Index::linear(2, 1, true);
        index.apply(&top(), Some(0), &[1.0, 2.0]).unwrap_err();
        index.set_transform_array(&top(), 0, "A", &[3.0, 4.0]).unwrap();
        index.set_transform_array(&top(), 0, "b", &[0.5]).unwrap();
        index.set_transform_field(&top(), 0, "is_trained", 1.0).unwrap();
        assert_eq!(index.apply(&top(), Some(0), &[1.0, 2.0, 0.0, 1.0]).unwrap(), [11.5, 4.5]);
        index.set_transform_array(&top(), 0, "A", &[3.0]).unwrap();
        index.apply(&top(), Some(0), &[1.0, 2.0]).unwrap_err();
        index.set_transform_array(&top(), 0, "mean", &[0.5]).unwrap_err();
        index.set_transform_field(&top(), 0, "epsilon", 1.0).unwrap_err();
        index.transform_array(&top(), 1, "A").unwrap_err();
    }

    #[test]
    fn a_transform_is_a_file_of_its_own() {
        let mut index = Index::centering(2);
        index.set_transform_array(&top(), 0, "mean", &[1.0, -1.0]).unwrap();
        index.set_transform_field(&top(), 0, "is_trained", 1.0).unwrap();
        let bytes = index.transform_to_bytes(&top(), 0).unwrap();
        let read = Index::transform_from_bytes(bytes.clone()).unwrap();
        assert_eq!(read.apply(&top(), None, &[1.0, 1.0]).unwrap(), [0.0, 2.0]);
        assert_eq!(read.transform_fields(&top(), 0).unwrap(), [("is_trained", Field::Integer(1))]);
        for end in 0..bytes.len() {
            Index::transform_from_bytes(bytes[..end].to_vec()).unwrap_err();
        }
    }
}
