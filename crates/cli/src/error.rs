//! Errors as the user sees them, and the exit codes.

use anear::{Error, ErrorKind};
use std::process::ExitCode;

/// Prints an error and gives its exit code.
pub(crate) fn report(error: &Error) -> ExitCode {
    eprintln!("error: {error}");
    if let Some(help) = error.help_text() {
        eprintln!("help: {help}");
    }
    ExitCode::from(exit_code(error.kind()))
}

/// 1 failed, 2 wrong usage, 3 damaged or hostile input.
fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Io => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::Limit | ErrorKind::BadData => 3,
    }
}
