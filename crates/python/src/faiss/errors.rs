//! What went wrong, as FAISS says it: a `RuntimeError`, whatever it is.

use crate::error::Failure;
use anear::{Error, ErrorKind};
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};

pub(super) fn raised(error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => PyRuntimeError::new_err(match error.help_text() {
            Some(help) => format!("{error} ({help})"),
            None => error.to_string(),
        }),
    }
}

pub(super) fn of_failure(failure: Failure) -> PyErr {
    match failure {
        Failure::Engine(error) => raised(&error),
        Failure::Python(error) => error,
    }
}
