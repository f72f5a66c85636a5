//! From any format into a new collection, which appears whole or not at all.

use crate::{
    Access, Collection, CollectionSpec, Condition, ConvertRequest, Error, Existing, OpenOptions,
    Progress, Result, SaveRequest, Saved, Vectors,
};
use anear_formats::{Compression, Summary};
use anear_io::sync_folder;
use anear_kernels::Rounding;
use anear_types::Element;
use std::path::Path;

/// The suffix of a collection's folder.
const SUFFIX: &str = "anear";

/// Whether the output is to be a collection.
pub(crate) fn is_meant(output: &SaveRequest) -> bool {
    output.format.is_none() && output.output.path.extension().is_some_and(|end| end == SUFFIX)
}

/// Makes a collection of all rows of a matrix, or of those that meet a condition.
pub(crate) fn convert(
    vectors: &Vectors,
    request: &ConvertRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let target = &request.output.output.path;
    check(request).map_err(|error| error.at_path(target))?;
    let spec = spec(vectors, request)?;
    let failed = |source| Error::io("cannot create a folder here", source).at_path(target);
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    let temporary = tempfile::Builder::new()
        .prefix(".anear-")
        .suffix(".part")
        .tempdir_in(parent.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    let folder = temporary.path().join("new.anear");
    let collection = Collection::create(&folder, &spec)?;
    fill(&collection, vectors, request, options, progress)?;
    collection.close()?;
    drop(collection);
    std::fs::rename(&folder, target).and_then(|()| sync_folder(target)).map_err(failed)?;
    let made = Collection::open(target, Access::Read)?.info()?;
    Ok(Saved {
        format: "collection",
        summary: Summary {
            rows: made.rows,
            bytes: made.files.iter().map(|(_, bytes)| bytes).sum(),
        },
        element: spec.element,
        sidecar: None,
        lossy: vectors.is_lossy(),
        dropped: Vec::new(),
    })
}

/// Refuses what a collection cannot be made with.
fn check(request: &ConvertRequest) -> Result<()> {
    let SaveRequest { output, rounding, compression, pickle, .. } = &request.output;
    if output.path.symlink_metadata().is_ok() {
        let what = "there is something of this name already, and a collection is not replaced";
        return Err(Error::usage(what).help("anear add adds rows to a collection"));
    }
    let flags = [
        ("an entry", output.entry.is_some()),
        ("a kind of index", request.kind.is_some()),
        ("no metadata", !request.keep_metadata),
        ("compression", *compression != Compression::None),
        ("pickle", *pickle),
        ("lossy conversion", *rounding == Rounding::Lossy),
    ];
    match flags.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((what, _)) => {
            let error = Error::usage(format!("a collection is not converted to with {what}"));
            Err(error.help("convert to a file first, or use anear create and anear add"))
        }
    }
}

/// A collection like the matrix, and like the collection that the matrix is of, if it is.
fn spec(vectors: &Vectors, request: &ConvertRequest) -> Result<CollectionSpec> {
    let (schema, output) = (vectors.schema(), &request.output);
    let element = output.element.unwrap_or(match schema.element {
        Element::Bf16 | Element::F8E4M3 | Element::F8E5M2 => Element::F32,
        other => other,
    });
    let metric = output.metric.or(schema.metric).unwrap_or_default();
    let plain = CollectionSpec { element, ..CollectionSpec::new(schema.dim, metric) };
    if !Collection::is_at(&request.input.path) {
        return Ok(plain);
    }
    let source = Collection::open(&request.input.path, Access::Read)?;
    let text = source.columns()?.into_iter().filter(|column| column.text);
    let text = text.map(|column| column.info.name).collect();
    Ok(CollectionSpec { model: source.model().map(str::to_owned), text, ..plain })
}

fn fill(
    collection: &Collection,
    vectors: &Vectors,
    request: &ConvertRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<()> {
    let meta = request.meta.as_deref();
    collection.import(vectors, meta, Existing::Refuse, options, progress)?;
    if let Some(condition) = &request.condition {
        let others = format!("NOT COALESCE(({condition}\n), 0)");
        collection.delete_where(&Condition { sql: &others, params: &request.params })?;
        collection.compact(progress)?;
    }
    Ok(())
}
