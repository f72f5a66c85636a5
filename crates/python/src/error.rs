//! What went wrong, as Python exceptions. The classes are in `python/anear/_errors.py`.

use anear::ErrorKind;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Trouble in the engine, or an exception raised by Python code that was called on the way.
#[derive(Debug)]
pub(crate) enum Failure {
    Engine(anear::Error),
    Python(PyErr),
}

impl From<anear::Error> for Failure {
    fn from(error: anear::Error) -> Failure {
        Failure::Engine(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Failure {
        Failure::Python(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> PyErr {
        match failure {
            Failure::Python(error) => error,
            Failure::Engine(error) => Python::attach(|py| raise(py, &error).unwrap_or_else(|e| e)),
        }
    }
}

/// A result that a Python function may return.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// The exception class for each kind of error.
fn class_name(error: &anear::Error) -> &'static str {
    match error.kind() {
        ErrorKind::Malformed => "DamagedError",
        ErrorKind::Unsupported => "UnsupportedError",
        ErrorKind::Limit => "LimitError",
        ErrorKind::BadData => "DataError",
        ErrorKind::Usage => "UsageError",
        ErrorKind::Io if is_missing(error) => "MissingFileError",
        ErrorKind::Io => "FileError",
        ErrorKind::Interrupted => "KeyboardInterrupt",
    }
}

fn raise(py: Python<'_>, error: &anear::Error) -> PyResult<PyErr> {
    if error.kind() == ErrorKind::Interrupted {
        return Ok(PyKeyboardInterrupt::new_err(()));
    }
    let class = py.import("anear._errors")?.getattr(class_name(error))?;
    let details = PyDict::new(py);
    details.set_item("help", error.help_text())?;
    details.set_item("path", error.path())?;
    details.set_item("row", error.row())?;
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&details))?))
}

fn is_missing(error: &anear::Error) -> bool {
    let source = std::error::Error::source(error);
    source
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|source| source.kind() == std::io::ErrorKind::NotFound)
}
