//! Arguments as Annoy takes them.

use anear::Metric;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

/// The metric by its name, or the default.
#[derive(Clone, Copy)]
pub(super) struct Named(pub(super) Option<Metric>);

impl FromPyObject<'_, '_> for Named {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<Named> {
        Ok(Named(Some(match given.extract::<&str>()? {
            "angular" => Metric::Angular,
            "euclidean" => Metric::Euclidean,
            "manhattan" => Metric::Manhattan,
            "hamming" => Metric::Hamming,
            "dot" => Metric::InnerProduct,
            _ => return Err(PyValueError::new_err("No such metric")),
        })))
    }
}

/// The name of a file; never that of a stream.
pub(super) struct FileName(pub(super) PathBuf);

impl FromPyObject<'_, '_> for FileName {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<FileName> {
        let path: PathBuf = given.extract()?;
        if path.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(PyValueError::new_err("embedded null character"));
        }
        Ok(FileName(if path.as_os_str() == "-" { "./-".into() } else { path }))
    }
}
