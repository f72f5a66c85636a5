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

/// Whatever a file was the reason for is an `OSError` without a number in Annoy.
pub(super) fn of_file(error: &Error) -> PyErr {
    let mut sources = std::iter::successors(error.source(), |source| (**source).source());
    let what = match sources.find_map(os_error) {
        Some((source, number)) => {
            let text = source.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            format!("Unable to {}: {text} ({number})", verb(source.kind()))
        }
        None => error.what().to_owned(),
    };
    PyOSError::new_err(what)
}

/// What the system said, and the number of that.
fn os_error<'a>(source: &'a (dyn std::error::Error + 'static)) -> Option<(&'a io::Error, i32)> {
    let source = source.downcast_ref::<io::Error>()?;
    Some((source, source.raw_os_error()?))
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
