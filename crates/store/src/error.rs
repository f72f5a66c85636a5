//! What SQLite's errors mean to the user of a collection.

use anear_types::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// An error of the library, in words for people.
#[allow(clippy::needless_pass_by_value, reason = "it is the last thing done with the error")]
pub(crate) fn sql(error: rusqlite::Error) -> Error {
    let io = |what: &str| Error::io(what, std::io::Error::other(error.to_string()));
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io("the disk is full"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => io("cannot write"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            io("the metadata are in use").help("another program is writing; try again")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => io("the metadata"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::malformed(format!("the metadata are damaged: {error}"))
        }
        Some(ErrorCode::OperationInterrupted) => {
            Error::limit("a query to the metadata takes too long")
        }
        Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
            Error::new(ErrorKind::Limit, format!("too large for the metadata: {error}"))
        }
        _ => Error::malformed(format!("the metadata: {error}")),
    }
}
