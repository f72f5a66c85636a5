//! The transforms of indexes, and transforms by themselves.

use super::change::Learning;
use super::errors::raised;
use super::rows::floats;
use super::tree::{Tree, named, path};
use crate::given::Given;
use anear::faiss_index::{Index, Path, transform_class_name};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

fn transform_number(number: i64) -> PyResult<Option<usize>> {
    match number {
        -1 => Ok(None),
        _ => Ok(Some(
            usize::try_from(number).map_err(|_| PyValueError::new_err("a negative number"))?,
        )),
    }
}

#[pymethods]
impl Tree {
    /// An index without rows behind one of the transforms.
    fn transform(&self, py: Python<'_>, at: &str, number: usize) -> PyResult<Tree> {
        let at = path(at)?;
        self.look(py, |index| index.transform(&at, number)).map(Tree::from)
    }

    /// An index behind no transforms.
    fn untransformed(&self, py: Python<'_>) -> PyResult<Tree> {
        Ok(self.whole(py)?.behind_nothing().into())
    }

    /// Dimensions before and after, whether it is trained, and the class of a transform.
    fn about_transform(
        &self,
        py: Python<'_>,
        at: &str,
        number: usize,
    ) -> PyResult<(usize, usize, bool, &'static str)> {
        let at = path(at)?;
        self.look(py, |index| {
            let one = index.transform(&at, number)?;
            let parts = &one.transforms(&anear::faiss_index::Path::default())?[0];
            Ok((parts.input_dim, parts.output_dim, parts.trained, transform_class_name(parts)))
        })
    }

    /// Draws a random rotation anew.
    fn draw_rotation(&self, py: Python<'_>, at: &str, number: usize, seed: u64) -> PyResult<()> {
        let at = path(at)?;
        self.change(py, |index| index.draw_rotation(&at, number, seed))
    }

    /// Learns from rows what a transform needs.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn train_transform(
        &self,
        py: Python<'_>,
        at: &str,
        number: usize,
        x: &Bound<'_, PyAny>,
        how: Learning,
    ) -> PyResult<()> {
        let (at, given) = (path(at)?, Given::matrix_of(x)?);
        let rows = floats(&given)?;
        self.change_watched(py, how.threads, |index, work| {
            index.train_transform(&at, number, rows, work)
        })
    }

    /// The numbers that a transform has by names.
    fn transform_fields<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: usize,
    ) -> PyResult<Bound<'py, PyDict>> {
        let at = path(at)?;
        named(py, self.look(py, |index| index.transform_fields(&at, number))?)
    }

    /// Changes one of them.
    fn set_transform_field(
        &self,
        py: Python<'_>,
        at: &str,
        number: usize,
        name: &str,
        value: f64,
    ) -> PyResult<()> {
        let at = path(at)?;
        self.change(py, |index| index.set_transform_field(&at, number, name, value))
    }

    /// The floats that a transform has by a name, copied.
    fn transform_array<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: usize,
        name: &str,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let at = path(at)?;
        let array = self.look(py, |index| index.transform_array(&at, number, name))?;
        Ok(PyArray1::from_vec(py, array))
    }

    /// Changes them.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn set_transform_array(
        &self,
        py: Python<'_>,
        at: &str,
        number: usize,
        name: &str,
        values: PyReadonlyArray1<'_, f32>,
    ) -> PyResult<()> {
        let (at, values) = (path(at)?, values.as_slice()?);
        self.change(py, |index| index.set_transform_array(&at, number, name, values))
    }

    /// An index without rows behind a linear transform that is to be set.
    #[staticmethod]
    fn linear(input_dim: usize, output_dim: usize, biased: bool) -> Tree {
        Index::linear(input_dim, output_dim, biased).into()
    }

    /// An index without rows behind a transform that is to learn a mean.
    #[staticmethod]
    fn centering(dim: usize) -> Tree {
        Index::centering(dim).into()
    }

    /// An index without rows behind a transform that takes components from these places.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn remapping(dim: usize, places: PyReadonlyArray1<'_, i32>) -> PyResult<Tree> {
        let index = Index::remapping(dim, places.as_slice()?);
        index.map(Tree::from).map_err(|error| raised(&error))
    }

    /// An index without rows behind the transform in a file of its own.
    #[staticmethod]
    fn transform_from_bytes(bytes: Vec<u8>) -> PyResult<Tree> {
        Index::transform_from_bytes(bytes).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The bytes of such a file.
    fn transform_to_bytes<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let at = path(at)?;
        let bytes = self.look(py, |index| index.transform_to_bytes(&at, number))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// What rows become by a transform; by all for -1.
    fn apply<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: i64,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        self.transformed(py, at, number, x, Index::apply)
    }

    /// Rows that become these.
    fn undo<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: i64,
        x: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        self.transformed(py, at, number, x, Index::undo)
    }
}

impl Tree {
    fn transformed<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        number: i64,
        x: &Bound<'py, PyAny>,
        transform: impl Fn(&Index, &Path, Option<usize>, &[f32]) -> anear::Result<Vec<f32>> + Sync,
    ) -> PyResult<Bound<'py, PyArray1<f32>>> {
        let (at, number, given) = (path(at)?, transform_number(number)?, Given::matrix_of(x)?);
        let rows = floats(&given)?;
        let found = self.look(py, |index| transform(index, &at, number, rows))?;
        Ok(PyArray1::from_vec(py, found))
    }
}
