//! `anear compact`.

use crate::args::{Common, Compact};
use crate::output;
use crate::progress::Bar;
use anear::{Access, Collection, Compacted, Result};
use serde_json::json;

pub(crate) fn run(arguments: &Compact, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Write)?;
    let Compacted { rows, removed, bytes: (before, after) } =
        collection.compact(&mut Bar::new(common.quiet))?;
    if common.json {
        return output::json(&json!({
            "rows": rows,
            "removed": removed,
            "bytes_before": before,
            "bytes": after,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let path = arguments.path.display();
    output::text(&format!(
        "{path}: {rows} rows, {removed} deleted ones removed, {before} bytes before, {after} now"
    ))
}
