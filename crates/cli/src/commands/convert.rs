//! `anear convert`.

use crate::args::{Common, Convert};
use crate::output;
use crate::progress::Bar;
use anear::{Compression, ConvertRequest, Location, Result, Rounding, SaveRequest, Saved};
use serde_json::json;

pub(crate) fn run(arguments: &Convert, common: &Common) -> Result<()> {
    let mut input = Location::parse(&arguments.input);
    if arguments.entry.is_some() {
        input.entry.clone_from(&arguments.entry);
    }
    let options = super::open_options(common);
    let output = SaveRequest {
        format: arguments.format.clone(),
        element: arguments.dtype,
        rounding: if arguments.lossy { Rounding::Lossy } else { Rounding::Strict },
        compression: arguments.compress.unwrap_or(Compression::None),
        pickle: arguments.pickle,
        replace: arguments.force,
        threads: options.threads,
        metric: arguments.metric,
        ..SaveRequest::new(Location::parse(&arguments.output))
    };
    let request = ConvertRequest {
        condition: arguments.condition.clone(),
        meta: arguments.meta.clone(),
        kind: arguments.kind.clone(),
        keep_metadata: !arguments.no_metadata,
        ..ConvertRequest::new(input, output)
    };
    let converted = anear::convert(&request, &options, &mut Bar::new(common.quiet))?;
    report(&request, &converted, common)
}

fn report(request: &ConvertRequest, converted: &Saved, common: &Common) -> Result<()> {
    let path = request.output.output.path.to_string_lossy();
    let summary = &converted.summary;
    if !common.quiet && !converted.dropped.is_empty() {
        let dropped = converted.dropped.join(", ");
        eprintln!("note: {} files have no place for: {dropped}", converted.format);
    }
    if path == "-" {
        return Ok(());
    }
    if common.json {
        return output::json(&json!({
            "path": path,
            "format": converted.format,
            "rows": summary.rows,
            "dtype": converted.element.name(),
            "bytes": summary.bytes,
            "metadata_path": converted.sidecar.as_ref().map(|path| path.to_string_lossy()),
            "dropped": converted.dropped,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    output::text(&format!(
        "{path}: {}, {} rows of {}, {} bytes",
        converted.format, summary.rows, converted.element, summary.bytes
    ))?;
    match &converted.sidecar {
        Some(sidecar) => output::text(&format!("{}: its metadata", sidecar.display())),
        None => Ok(()),
    }
}
