//! Commands on a collection, and what others do when they are given one.

pub(super) mod add;
pub(super) mod compact;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod export;
pub(super) mod get;
mod ids;
pub(super) mod index;
pub(super) mod info;
pub(super) mod search;
pub(super) mod verify;

use crate::args::Where;
use crate::output::Shown;
use anear::{Access, Collection, CollectionColumn, Condition, Error, Result, Storage};
use std::path::Path;

/// The condition that flags give, if they do.
fn condition(flags: &Where) -> Option<Condition<'_>> {
    flags.condition.as_deref().map(|sql| Condition { sql, params: &flags.params })
}

/// The metadata columns of an answer.
fn shown(columns: &[CollectionColumn]) -> Vec<Shown> {
    let shown =
        |column: &CollectionColumn| Shown { name: column.info.name.clone(), json: column.json };
    columns.iter().map(shown).collect()
}

fn names<'a>(columns: impl IntoIterator<Item = &'a CollectionColumn>) -> Vec<String> {
    columns.into_iter().map(|column| column.info.name.clone()).collect()
}

/// The columns of JSON documents, if there is a collection at this path.
pub(super) fn document_columns(path: impl AsRef<Path>) -> Result<Vec<String>> {
    if !Collection::is_at(&path) {
        return Ok(Vec::new());
    }
    let columns = Collection::open(path, Access::Read)?.columns()?;
    Ok(names(columns.iter().filter(|column| column.json)))
}

fn storage_name(storage: &Storage) -> &'static str {
    match storage {
        Storage::Npy => "npy",
        Storage::Hdf5 { .. } => "hdf5",
    }
}

/// An error for a flag that means nothing for collections.
fn no_such_flag(flag: &str, help: &str) -> Error {
    Error::usage(format!("{flag} does not go with a collection")).help(help)
}
