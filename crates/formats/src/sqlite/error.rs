//! What SQLite's own errors mean to a reader of vectors.

use anear_types::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// Text for people from an error of the library, by the kind it has here.
#[allow(clippy::needless_pass_by_value, reason = "it is the last thing done with the error")]
pub(super) fn from_sqlite(error: rusqlite::Error) -> Error {
    let Some(code) = error.sqlite_error_code() else {
        return Error::malformed(format!("the database cannot be read: {error}"));
    };
    let kind = match code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch => {
            ErrorKind::Malformed
        }
        ErrorCode::OperationInterrupted => {
            return Error::limit("a query to the database takes too long")
                .help("if you trust this file, read it with --no-limits");
        }
        ErrorCode::TooBig | ErrorCode::OutOfMemory => ErrorKind::Limit,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            return io(&error).help("another program is writing to it; try again");
        }
        ErrorCode::ReadOnly => {
            return Error::unsupported(format!("the database cannot be read as it is: {error}"))
                .help("a program ended while writing; open the file once with its own program or the sqlite3 shell");
        }
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::DiskFull => {
            return io(&error);
        }
        ErrorCode::SystemIoFailure if error.sqlite_extended_error_code() != Some(SHORT_READ) => {
            return io(&error);
        }
        _ => ErrorKind::Malformed,
    };
    Error::new(kind, format!("SQLite says: {error}"))
}

/// `SQLITE_IOERR_SHORT_READ`: the file ends too early.
const SHORT_READ: i32 = 522;

fn io(error: &rusqlite::Error) -> Error {
    Error::io("SQLite", std::io::Error::other(error.to_string()))
}
