//! `anear index COLL --text ..`.

use crate::args::Common;
use crate::output;
use anear::{Access, Collection, Result};
use serde_json::json;

pub(crate) fn run(path: &str, columns: &[String], common: &Common) -> Result<()> {
    let collection = Collection::open(path, Access::Write)?;
    collection.index_text(columns)?;
    let all = collection.columns()?;
    let searchable = all.iter().filter(|column| column.text);
    let searchable: Vec<&str> = searchable.map(|column| column.info.name.as_str()).collect();
    if common.json {
        return output::json(&json!({"path": path, "text": searchable}));
    }
    if common.quiet {
        return Ok(());
    }
    output::text(&format!("{path}: text is searched in {}", searchable.join(", ")))
}
