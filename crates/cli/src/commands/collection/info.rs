//! `anear info` of a collection.

use crate::args::{Common, Info};
use crate::output;
use crate::progress::Bar;
use anear::{
    Access, Collection, CollectionColumn, CollectionInfo, ColumnKind, Error, Result, Verified,
};
use serde_json::{Value as Json, json};

pub(crate) fn run(arguments: &Info, common: &Common) -> Result<()> {
    let collection = Collection::open(&arguments.path, Access::Read)?;
    let info = collection.info()?;
    let columns = collection.columns()?;
    let damage = match arguments.check {
        true => damage(&collection.verify(false, &mut Bar::new(common.quiet))?),
        false => None,
    };
    if common.json {
        output::json(&as_json(&collection, &info, &columns, damage.as_deref()))?;
    } else {
        show(&collection, &info, &columns)?;
    }
    match damage {
        Some(damage) => Err(Error::malformed(damage)
            .at_path(collection.path())
            .help("anear verify repairs what can be")),
        None => Ok(()),
    }
}

/// The first problem, and how many more there are.
fn damage(verified: &Verified) -> Option<String> {
    let (first, others) = verified.problems.split_first()?;
    Some(match others.len() {
        0 => first.what.clone(),
        more => format!("{}; and {more} more problems", first.what),
    })
}

fn kind(column: &CollectionColumn) -> &'static str {
    if column.json { "json" } else { column.info.kind.name() }
}

fn bytes(info: &CollectionInfo) -> u64 {
    info.files.iter().map(|(_, bytes)| bytes).sum()
}

fn as_json(
    collection: &Collection,
    info: &CollectionInfo,
    columns: &[CollectionColumn],
    damage: Option<&str>,
) -> Json {
    let text = columns.iter().filter(|column| column.text);
    let files = info.files.iter().map(|(name, bytes)| json!({"name": name, "bytes": bytes}));
    let index = info.files.iter().find(|(name, _)| name.ends_with(".anx"));
    let file = index.map(|(name, _)| name);
    let index_kind = info.index_kind.as_deref().or(file.and(Some("flat")));
    let index = index_kind
        .map(|kind| json!({"kind": kind, "metric": collection.metric().name(), "file": file}));
    let entry = json!({
        "name": "",
        "rows": info.rows,
        "dim": collection.dim(),
        "dtype": collection.element().name(),
        "metadata": super::names(columns),
        "metadata_kinds": columns.iter().map(kind).collect::<Vec<&str>>(),
        "ids": "id",
        "metric": collection.metric().name(),
    });
    json!({
        "path": collection.path().to_string_lossy(),
        "format": "collection",
        "bytes": bytes(info),
        "entries": [entry],
        "index": index,
        "damage": damage,
        "storage": super::storage_name(collection.storage()),
        "model": collection.model(),
        "deleted": info.deleted,
        "id_kind": info.ids.map(ColumnKind::name),
        "text": super::names(text),
        "files": files.collect::<Vec<Json>>(),
    })
}

fn show(
    collection: &Collection,
    info: &CollectionInfo,
    columns: &[CollectionColumn],
) -> Result<()> {
    let path = collection.path().display();
    output::text(&format!("{path}: collection, {} bytes", bytes(info)))?;
    let deleted = match info.deleted {
        0 => String::new(),
        deleted => format!(" and {deleted} deleted"),
    };
    output::text(&format!(
        "{} rows{deleted}, dim {}, type {}, metric {}",
        info.rows,
        collection.dim(),
        collection.element(),
        collection.metric(),
    ))?;
    if let Some(model) = collection.model() {
        output::text(&format!("model = {model}"))?;
    }
    if let Some(kind) = &info.index_kind {
        output::text(&format!("index = {kind}"))?;
    }
    let mut table = output::table(["column", "values"]);
    let ids = info.ids.map_or("not known yet", ColumnKind::name);
    table.add_row(["id", &format!("{ids}, the ids")]);
    for column in columns {
        let searched = if column.text { ", searched as text" } else { "" };
        table.add_row([&column.info.name, &format!("{}{searched}", kind(column))]);
    }
    output::print(&table)?;
    let mut files = output::table(["file", "bytes"]);
    for (name, bytes) in &info.files {
        files.add_row([name, &bytes.to_string()]);
    }
    output::print(&files)
}
