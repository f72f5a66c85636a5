//! `anear index`.

use super::collection;
use crate::args::{self, Common};
use crate::output;
use crate::progress::Bar;
use anear::{ConvertRequest, Index, IndexSpec, Location, Result, SaveRequest, Vectors};
use serde_json::json;
use std::path::Path;

pub(crate) fn run(arguments: &args::Index, common: &Common) -> Result<()> {
    let Some(output) = &arguments.output else {
        return collection::index::run(arguments, common);
    };
    let options = super::open_options(common, &arguments.ids);
    let vectors = Vectors::open_at(&Location::parse(&arguments.path), &options)?;
    let suffix = output.extension().and_then(|suffix| suffix.to_str());
    if arguments.lists.is_some() || matches!(suffix, Some("ann" | "faiss" | "index")) {
        return of_another_library(&vectors, output, arguments, common);
    }
    let spec = IndexSpec {
        kind: kind(arguments),
        metric: arguments.metric,
        prefilter: !arguments.no_prefilter,
    };
    let meta = arguments.meta.as_deref();
    let index = Index::build_from(&vectors, meta, &spec, &options, &mut Bar::new(common.quiet))?;
    let bytes = index.save(output, arguments.force)?;
    let path = output.to_string_lossy();
    if common.json {
        return output::json(&json!({
            "path": path,
            "format": "anx",
            "kind": index.kind(),
            "metric": index.metric().name(),
            "rows": index.len(),
            "dim": index.dim(),
            "dtype": index.element().name(),
            "bytes": bytes,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let (kind, rows, dim) = (index.kind(), index.len(), index.dim());
    let (element, metric) = (index.element(), index.metric());
    output::text(&format!(
        "{path}: index {kind}, {rows} rows of {dim} {element}, metric {metric}, {bytes} bytes"
    ))
}

fn kind(arguments: &args::Index) -> String {
    arguments.kind.clone().unwrap_or_else(|| IndexSpec::default().kind)
}

/// Builds an index as a file of Annoy or FAISS.
fn of_another_library(
    vectors: &Vectors,
    output: &Path,
    arguments: &args::Index,
    common: &Common,
) -> Result<()> {
    let path = output.to_string_lossy();
    let location = Location { path: output.to_owned(), entry: None };
    let request = ConvertRequest {
        kind: Some(kind(arguments)),
        lists: arguments.lists.clone(),
        meta: arguments.meta.clone(),
        ..ConvertRequest::new(
            Location::parse(&arguments.path),
            SaveRequest {
                metric: arguments.metric,
                replace: arguments.force,
                threads: super::threads(common),
                ..SaveRequest::new(location)
            },
        )
    };
    let options = super::open_options(common, &arguments.ids);
    let saved = anear::convert(&request, &options, &mut Bar::new(common.quiet))?;
    let (rows, dim, bytes) = (saved.summary.rows, vectors.schema().dim, saved.summary.bytes);
    let kind = if saved.format == "annoy" { "forest".to_owned() } else { kind(arguments) };
    if common.json {
        return output::json(&json!({
            "path": path,
            "format": saved.format,
            "kind": kind,
            "rows": rows,
            "dim": dim,
            "dtype": saved.element.name(),
            "bytes": bytes,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    output::text(&format!("{path}: index {kind}, {rows} rows of {dim}, {bytes} bytes"))
}
