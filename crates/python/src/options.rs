//! Arguments that several functions take.

use crate::error::Result;
use anear::{Compression, Element, Error, Limits, Location, Metric, OpenOptions};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Threads to use: all cores, if nothing is said.
pub(crate) fn threads(threads: Option<isize>) -> Result<usize> {
    static CORES: OnceLock<usize> = OnceLock::new(); // asking takes longer than a small search
    let Some(threads) = threads else {
        let ask = || std::thread::available_parallelism().map_or(1, usize::from);
        return Ok(*CORES.get_or_init(ask));
    };
    match usize::try_from(threads) {
        Ok(threads) if threads > 0 => Ok(threads),
        _ => {
            let error = Error::usage(format!("threads is {threads}"));
            Err(error.help("leave it out to use all cores").into())
        }
    }
}

/// `path`, which may be `PATH::ENTRY`, unless the entry is named.
pub(crate) fn location(path: PathBuf, entry: Option<String>) -> Location {
    let parsed = match path.to_str() {
        Some(text) => Location::parse(text),
        None => Location { path, entry: None },
    };
    Location { entry: entry.or(parsed.entry), ..parsed }
}

pub(crate) fn open_options(
    ids: Option<String>,
    thread_count: Option<isize>,
    raw: Option<&str>,
    limits: bool,
) -> Result<OpenOptions> {
    Ok(OpenOptions {
        threads: threads(thread_count)?,
        limits: if limits { Limits::default() } else { Limits::none() },
        ids,
        raw_element: raw.map(element).transpose()?,
        tables: false,
    })
}

pub(crate) fn element(name: &str) -> Result<Element> {
    Element::from_name(name).ok_or_else(|| {
        let known = Element::ALL.map(Element::name).join(", ");
        Error::usage(format!("there is no type {name:?}"))
            .help(format!("the types are: {known}"))
            .into()
    })
}

pub(crate) fn metric(name: &str) -> Result<Metric> {
    Metric::from_name(name).ok_or_else(|| {
        let known = Metric::ALL.map(Metric::name).join(", ");
        Error::usage(format!("there is no metric {name:?}"))
            .help(format!("the metrics are: {known}"))
            .into()
    })
}

/// `gzip`, `zstd:3` and the like; `None` is no compression.
pub(crate) fn compression(text: Option<&str>) -> Result<Compression> {
    Ok(text.map(str::parse::<Compression>).transpose()?.unwrap_or(Compression::None))
}
