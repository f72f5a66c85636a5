//! `anear info`.

use super::collection;
use crate::args::{Common, Info};
use crate::output;
use anear::{Collection, Entry, FileInfo, IndexInfo, Location, Metric, Result};
use serde_json::{Value as Json, json};

pub(crate) fn run(arguments: &Info, common: &Common) -> Result<()> {
    if Collection::is_at(&arguments.path) {
        return collection::info::run(arguments, common);
    }
    let location = Location::parse(&arguments.path);
    let info =
        anear::info(&location, &super::open_options(common, &arguments.ids), arguments.check)?;
    if common.json {
        output::json(&as_json(&location, &info))?;
    } else {
        show(&location, &info)?;
    }
    match info.damage {
        Some(damage) => Err(damage),
        None => Ok(()),
    }
}

fn as_json(location: &Location, info: &FileInfo) -> Json {
    let skipped: Vec<Json> = info
        .skipped
        .iter()
        .map(|skipped| json!({"name": skipped.name, "reason": skipped.reason}))
        .collect();
    json!({
        "path": location.path.to_string_lossy(),
        "format": info.format,
        "bytes": info.bytes,
        "entries": info.entries.iter().map(entry_json).collect::<Vec<Json>>(),
        "skipped": skipped,
        "index": info.index.as_ref().map(index_json),
        "damage": info.damage.as_ref().map(ToString::to_string),
    })
}

fn entry_json(entry: &Entry) -> Json {
    let schema = &entry.schema;
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    let kinds: Vec<&str> = schema.columns.iter().map(|column| column.kind.name()).collect();
    json!({
        "name": entry.name,
        "rows": schema.rows,
        "dim": schema.dim,
        "dtype": schema.element.name(),
        "shape": schema.shape,
        "metadata": names,
        "metadata_kinds": kinds,
        "ids": schema.ids.map(|ids| names[ids]),
        "metric": schema.metric.map(Metric::name),
        "attributes": output::pairs(&schema.attributes),
    })
}

fn index_json(index: &IndexInfo) -> Json {
    json!({
        "kind": index.kind,
        "metric": index.metric.map(Metric::name),
        "rows": index.rows,
        "dim": index.dim,
        "params": output::pairs(&index.params),
    })
}

fn show(location: &Location, info: &FileInfo) -> Result<()> {
    output::text(&format!("{}: {}, {} bytes", location.path.display(), info.format, info.bytes))?;
    if let Some(index) = &info.index {
        show_index(index)?;
    }
    if !info.entries.is_empty() {
        show_entries(&info.entries)?;
    }
    for skipped in &info.skipped {
        output::text(&format!("not vectors: {}: {}", skipped.name, skipped.reason))?;
    }
    Ok(())
}

fn show_entries(entries: &[Entry]) -> Result<()> {
    let mut table = output::table(["entry", "rows", "dim", "type", "metadata"]);
    let entries: Vec<&Entry> = entries.iter().filter(|entry| !is_column(entry, entries)).collect();
    for entry in &entries {
        let schema = &entry.schema;
        let mut columns = Vec::new();
        for (position, column) in schema.columns.iter().enumerate() {
            let mark = if schema.ids == Some(position) { ", the ids" } else { "" };
            columns.push(format!("{} ({}{mark})", column.name, column.kind.name()));
        }
        let name = if entry.name.is_empty() { "-" } else { &entry.name };
        table.add_row([
            name,
            &schema.rows.to_string(),
            &schema.dim.to_string(),
            schema.element.name(),
            &columns.join(", "),
        ]);
    }
    output::print(&table)?;
    for entry in entries {
        for (name, value) in &entry.schema.attributes {
            output::text(&format!("{}{name} = {}", prefix(entry), output::cell(value)))?;
        }
    }
    Ok(())
}

/// Whether an entry is shown already, as a metadata column of a matrix beside it.
fn is_column(entry: &Entry, entries: &[Entry]) -> bool {
    let (group, name) = entry.name.rsplit_once('/').unwrap_or(("", &entry.name));
    entry.schema.shape.len() == 1
        && entries.iter().any(|matrix| {
            let beside = matrix.name.rsplit_once('/').map_or("", |(group, _)| group);
            beside == group && matrix.schema.shape.len() > 1 && matrix.schema.column(name).is_some()
        })
}

fn prefix(entry: &Entry) -> String {
    if entry.name.is_empty() { String::new() } else { format!("{}: ", entry.name) }
}

fn show_index(index: &IndexInfo) -> Result<()> {
    let unknown = || "unknown".to_owned();
    output::text(&format!(
        "index {}: {} rows, dim {}, metric {}",
        index.kind,
        index.rows.map_or_else(unknown, |rows| rows.to_string()),
        index.dim.map_or_else(unknown, |dim| dim.to_string()),
        index.metric.map_or("unknown", Metric::name),
    ))?;
    for (name, value) in &index.params {
        output::text(&format!("{name} = {}", output::cell(value)))?;
    }
    Ok(())
}
