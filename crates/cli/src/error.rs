//! Errors as the user sees them, and the exit codes.

use anear::{Error, ErrorKind};
use std::process::ExitCode;
use std::sync::Mutex;

/// What the last panic said.
static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Notes panics instead of printing them.
pub(crate) fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = Some(panic.to_string().replace('\n', " "));
        }
    }));
}

/// Tells of a panic that nothing caught: a bug.
pub(crate) fn report_panic() -> ExitCode {
    let last = LAST_PANIC.lock().ok().and_then(|mut last| last.take()).unwrap_or_default();
    eprintln!("error: a bug in anear ({last})");
    eprintln!("help: please report it, with the command and, if you can, the file");
    ExitCode::from(1)
}

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
        ErrorKind::Io | ErrorKind::Interrupted => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Malformed | ErrorKind::Unsupported | ErrorKind::Limit | ErrorKind::BadData => 3,
    }
}
