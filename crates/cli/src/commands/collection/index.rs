//! `anear index COLL`, with `--text` or without.

use super::names;
use crate::args::{self, Common};
use crate::commands::threads;
use crate::output;
use crate::progress::Bar;
use anear::{Access, Collection, Error, Result};
use serde_json::json;

/// Makes the columns `--text` searchable; with none, learns about the vectors ahead of searches, for
/// the kind of index there is or another.
pub(crate) fn run(arguments: &args::Index, common: &Common) -> Result<()> {
    let (path, kind) = (&arguments.path, arguments.kind.as_deref());
    if !Collection::is_at(path) {
        let error = Error::usage("only a collection keeps an index in itself").at_path(path);
        return Err(error.help("-o FILE.anx names the file to write"));
    }
    let collection = Collection::open(path, Access::Write)?;
    match &arguments.text[..] {
        [] => collection.index(kind, threads(common), &mut Bar::new(common.quiet))?,
        columns => collection.index_text(columns)?,
    }
    let columns = collection.columns()?;
    let searched = names(columns.iter().filter(|column| column.text));
    let info = collection.info()?;
    let index = info.files.iter().find(|(name, _)| name.ends_with(".anx"));
    if common.json {
        let file = index.map(|(name, _)| name);
        let kind = info.index_kind;
        return output::json(
            &json!({"path": path, "text": searched, "kind": kind, "index_file": file}),
        );
    }
    if common.quiet {
        return Ok(());
    }
    match (&arguments.text[..], index) {
        ([], Some((name, bytes))) => output::text(&format!("{path}: {name}, {bytes} bytes")),
        _ => output::text(&format!("{path}: text is searched in {}", searched.join(", "))),
    }
}
