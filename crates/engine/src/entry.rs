//! Which matrix of a file is meant when none is named.

use crate::{Error, Result};
use anear_formats::{Container, Entry, anx};

/// Names people give to the one matrix that matters, the plainest first. `train` is the base set
/// of the ann-benchmarks layout.
const MAIN_NAMES: [&str; 9] =
    ["embeddings", "embedding", "vectors", "vector", "emb", "x", "data", "train", "arr_0"];

/// The entry called `name`, or without a name the only or plainly main one.
pub(crate) fn choose(container: &dyn Container, name: Option<&str>) -> Result<usize> {
    match name {
        Some(name) => named(container, name),
        None => main_entry(container),
    }
}

/// Exact names first; then the one matrix inside a group or table of that name; then the one column
/// or data set of that name, whatever group or table it is in.
fn named(container: &dyn Container, name: &str) -> Result<usize> {
    let entries = container.entries();
    if let Some(exact) = entries.iter().position(|entry| entry.name == name) {
        return Ok(exact);
    }
    let is_inside = |entry: &Entry| {
        let rest = entry.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['/', '.'])) && entry.schema.shape.len() >= 2
    };
    let is_called = |entry: &Entry| last_part(&entry.name) == name;
    for fits in [&is_inside as &dyn Fn(&Entry) -> bool, &is_called] {
        let mut fitting = (0..entries.len()).filter(|position| fits(&entries[*position]));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => return Ok(only),
            (Some(_), Some(_)) => {
                return Err(Error::usage(format!("several entries go by the name {name}"))
                    .help(format!("name one of them in full: {}", list(entries))));
            }
            _ => {}
        }
    }
    let skipped = container.skipped().iter().find(|skipped| skipped.name == name);
    Err(match skipped {
        Some(skipped) => {
            Error::unsupported(format!("cannot read this as vectors: {}", skipped.reason))
                .at_entry(name)
        }
        None => Error::bad_data(format!("there is no entry {name:?}"))
            .help(format!("the file has: {}", list(entries))),
    })
}

fn main_entry(container: &dyn Container) -> Result<usize> {
    let entries = container.entries();
    if entries.is_empty() {
        return Err(nothing_inside(container));
    }
    let matrices: Vec<usize> =
        (0..entries.len()).filter(|entry| entries[*entry].schema.shape.len() >= 2).collect();
    let candidates = if matrices.is_empty() { (0..entries.len()).collect() } else { matrices };
    if let [only] = candidates[..] {
        return Ok(only);
    }
    for name in MAIN_NAMES {
        let mut called =
            candidates.iter().filter(|entry| last_part(&entries[**entry].name) == name);
        if let (Some(entry), None) = (called.next(), called.next()) {
            return Ok(*entry);
        }
    }
    let example = &entries[candidates[0]].name;
    Err(Error::usage("the file holds several matrices, and none is plainly the main one")
        .help(format!("name one as in PATH::{example}; the file has: {}", list(entries))))
}

fn nothing_inside(container: &dyn Container) -> Error {
    let error = Error::bad_data("there are no vectors in this file");
    match (container.index(), container.skipped().first()) {
        (Some(index), None) => error.help(format!("the index ({}) has no rows", index.kind)),
        (Some(index), Some(rows)) if rows.name == anx::ROWS => {
            let (kind, reason) = (&index.kind, &rows.reason);
            Error::usage(format!("this is an index ({kind}) without its rows: {reason}"))
                .help("open the collection, which is the folder")
        }
        (Some(index), Some(part)) => {
            Error::unsupported(format!("this is an index ({}): {}", index.kind, part.reason))
        }
        (None, Some(first)) => {
            let others = match container.skipped().len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            error.help(format!("{:?} is there, but {}{others}", first.name, first.reason))
        }
        (None, None) => error,
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '.']).next().unwrap_or(name)
}

/// At most a dozen names, for messages.
fn list(entries: &[Entry]) -> String {
    const SHOWN: usize = 12;
    let mut names: Vec<&str> =
        entries.iter().take(SHOWN).map(|entry| entry.name.as_str()).collect();
    if entries.len() > SHOWN {
        names.push("..");
    }
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
