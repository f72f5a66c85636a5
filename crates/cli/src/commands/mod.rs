//! One file for each command.

mod answer;
mod collection;
mod convert;
mod head;
mod index;
mod info;
mod query;
mod rows;
mod search;

use crate::args::{Arguments, Command, Common, IdColumn, Writing};
use crate::output;
use anear::{Compression, Limits, Location, OpenOptions, Result, Rounding, SaveRequest};
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
        Command::Create(create) => collection::create::run(&create, &common),
        Command::Add(add) => collection::add::run(&add, &common),
        Command::Get(get) => collection::get::run(&get, &common),
        Command::Delete(delete) => collection::delete::run(&delete, &common),
        Command::Compact(compact) => collection::compact::run(&compact, &common),
        Command::Verify(verify) => collection::verify::run(&verify, &common),
        Command::Export(export) => collection::export::run(&export, &common),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "anear", &mut script);
            output::text(String::from_utf8_lossy(&script).trim_end())
        }
    }
}

fn threads(common: &Common) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    common.threads.map_or_else(cores, usize::from)
}

fn open_options(common: &Common, ids: &IdColumn) -> OpenOptions {
    OpenOptions {
        threads: threads(common),
        limits: if common.no_limits { Limits::none() } else { Limits::default() },
        ids: ids.ids.clone(),
        raw_element: common.raw,
        tables: false,
    }
}

fn save_request(output: &str, writing: &Writing, common: &Common) -> SaveRequest {
    SaveRequest {
        format: writing.format.clone(),
        element: writing.dtype,
        rounding: if writing.lossy { Rounding::Lossy } else { Rounding::Strict },
        compression: writing.compress.unwrap_or(Compression::None),
        pickle: writing.pickle,
        replace: writing.force,
        threads: threads(common),
        metric: writing.metric,
        ..SaveRequest::new(Location::parse(output))
    }
}

/// The columns named by `--show`: `None` for all, which is also what is shown when none is named.
fn shown(show: &[String]) -> Option<Vec<String>> {
    match show {
        [] => None,
        [all] if all == "all" => None,
        names => Some(names.iter().filter(|name| !name.is_empty()).cloned().collect()),
    }
}
