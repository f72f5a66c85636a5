//! One file for each command.

mod convert;
mod head;
mod index;
mod info;
mod search;

use crate::args::{Arguments, Command, Common};
use crate::output;
use anear::{Limits, OpenOptions, Result};
use clap::CommandFactory;

/// Runs the command that was asked for.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let common = arguments.common;
    match arguments.command {
        Command::Info(info) => info::run(&info, &common),
        Command::Head(head) => head::run(&head, &common),
        Command::Convert(convert) => convert::run(&convert, &common),
        Command::Index(index) => index::run(&index, &common),
        Command::Search(search) => search::run(&search, &common),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "anear", &mut script);
            output::text(String::from_utf8_lossy(&script).trim_end())
        }
    }
}

fn open_options(common: &Common) -> OpenOptions {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    OpenOptions {
        threads: common.threads.map_or(cores, usize::from),
        limits: if common.no_limits { Limits::none() } else { Limits::default() },
        ids: common.ids.clone(),
        raw_element: common.raw,
        tables: false,
    }
}
