//! The command line of anear: parse, call the library, show.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod error;
mod output;
mod progress;

use clap::Parser;
use std::panic::catch_unwind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    // The formats catch panics of libraries and make errors of them, so a panic is told only when
    // it gets as far as here.
    error::keep_panics_quiet();
    match catch_unwind(|| commands::run(arguments)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => error::report(&error),
        Err(_) => error::report_panic(),
    }
}
