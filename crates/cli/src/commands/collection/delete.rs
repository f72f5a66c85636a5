//! `anear delete`.

use super::{condition, ids};
use crate::args::{Common, Delete};
use crate::output;
use anear::{Access, Collection, Result};
use serde_json::json;

pub(crate) fn run(arguments: &Delete, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Write)?;
    let deleted = match condition(&arguments.condition) {
        Some(condition) => collection.delete_where(&condition)?,
        None => collection.delete(&ids::parse(&collection, &arguments.ids)?)?,
    };
    let rows = collection.len()?;
    if common.json {
        return output::json(&json!({"deleted": deleted, "rows": rows}));
    }
    if common.quiet {
        return Ok(());
    }
    output::text(&format!("{}: deleted {deleted}, {rows} rows", arguments.path.display()))
}
