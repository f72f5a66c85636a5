//! `anear convert`.

use crate::args::{Common, Convert};
use crate::output;
use crate::progress::Bar;
use anear::{ConvertRequest, Location, Result, SaveRequest, Saved};
use serde_json::json;

pub(crate) fn run(arguments: &Convert, common: &Common) -> Result<()> {
    let mut input = Location::parse(&arguments.input);
    if arguments.entry.is_some() {
        input.entry.clone_from(&arguments.entry);
    }
    let output = super::save_request(&arguments.output, &arguments.writing, common);
    let request = ConvertRequest {
        condition: arguments.condition.condition.clone(),
        params: arguments.condition.params.clone(),
        meta: arguments.meta.clone(),
        kind: arguments.kind.clone(),
        lists: arguments.lists.clone(),
        keep_metadata: !arguments.no_metadata,
        ..ConvertRequest::new(input, output)
    };
    let options = super::open_options(common, &arguments.ids);
    let converted = anear::convert(&request, &options, &mut Bar::new(common.quiet))?;
    report(&request.output, &converted, common)
}

/// Tells what was written.
pub(super) fn report(output: &SaveRequest, written: &Saved, common: &Common) -> Result<()> {
    let path = output.output.path.to_string_lossy();
    let summary = &written.summary;
    if !common.quiet && !written.dropped.is_empty() {
        let dropped = written.dropped.join(", ");
        eprintln!("note: {} files have no place for: {dropped}", written.format);
    }
    if !common.quiet && written.lossy {
        eprintln!("note: the rows are told from codes, and near to those that were put in");
    }
    if path == "-" {
        return Ok(());
    }
    if common.json {
        return output::json(&json!({
            "path": path,
            "format": written.format,
            "rows": summary.rows,
            "dtype": written.element.name(),
            "bytes": summary.bytes,
            "metadata_path": written.sidecar.as_ref().map(|path| path.to_string_lossy()),
            "dropped": written.dropped,
            "lossy": written.lossy,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    output::text(&format!(
        "{path}: {}, {} rows of {}, {} bytes",
        written.format, summary.rows, written.element, summary.bytes
    ))?;
    match &written.sidecar {
        Some(sidecar) => output::text(&format!("{}: its metadata", sidecar.display())),
        None => Ok(()),
    }
}
