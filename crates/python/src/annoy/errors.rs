//! What went wrong, as Annoy says it.

use crate::error::Failure;
use anear::{Error, ErrorKind};
use pyo3::PyErr;
use pyo3::exceptions::{PyException, PyOSError};
use std::error::Error as _;
use std::io;

/// An index that is not in the state that a call needs is a plain `Exception` in Annoy.
pub(super) fn of_state(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Usage => Failure::Python(PyException::new_err(error.what().to_owned())),
        _ => Failure::Engine(error),
    }
}

/// Whatever a file was the reason for is an `OSError` without a number of its own in Annoy.
pub(super) fn of_file(error: &Error) -> PyErr {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let what = match source.and_then(|source| Some((source.kind(), number(source)?))) {
        Some((kind, number)) => {
            let text = io::Error::from_raw_os_error(number).to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            format!("Unable to {}: {text} ({number})", verb(kind))
        }
        None => error.what().to_owned(),
    };
    PyOSError::new_err(what)
}

/// The number of an error of the system. One that happened to a temporary file has lost it.
fn number(error: &io::Error) -> Option<i32> {
    error.raw_os_error().or(match error.kind() {
        io::ErrorKind::NotFound => Some(2),
        io::ErrorKind::PermissionDenied => Some(13),
        io::ErrorKind::NotADirectory => Some(20),
        io::ErrorKind::StorageFull => Some(28),
        io::ErrorKind::ReadOnlyFilesystem => Some(30),
        _ => None,
    })
}

fn verb(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::FileTooLarge
        | io::ErrorKind::WriteZero => "write",
        _ => "open",
    }
}
