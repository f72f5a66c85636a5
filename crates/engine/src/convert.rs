//! From any format to any other: rows, metadata, ids and attributes, block by block.

use crate::blocks::each_block;
use crate::faiss;
#[cfg(feature = "sqlite")]
use crate::into_collection;
use crate::sinks::{Sinks, element_for, format_for};
use crate::trees;
use crate::{
    Error, Index, IndexSpec, Location, Metadata, OpenOptions, Progress, Result, SaveRequest, Saved,
    Vectors, cast_rows, rows_where,
};
use anear_formats::{Format, Summary, anx};
use anear_types::{Block, Column, MatrixRef, Schema, Value};
use std::ops::Range;
use std::path::PathBuf;

/// What to convert into what.
#[derive(Clone, Debug)]
pub struct ConvertRequest {
    /// The matrix to read.
    pub input: Location,
    /// The file to write, and how.
    pub output: SaveRequest,
    /// A condition on the metadata that rows must meet to be written.
    pub condition: Option<String>,
    /// Values for the `?` in the condition.
    pub params: Vec<Value>,
    /// A file with metadata to lay beside the rows.
    pub meta: Option<PathBuf>,
    /// The kind of index to build, for an output that is one.
    pub kind: Option<String>,
    /// The file for the inverted lists of that index, if they are not to be in the output: one of FAISS's, which
    /// calls it so.
    pub lists: Option<PathBuf>,
    /// Whether to write metadata; where the format cannot keep it, it goes into a sidecar.
    pub keep_metadata: bool,
    /// Bytes of vectors held at a time.
    pub memory_bytes: u64,
}

impl ConvertRequest {
    /// All rows with all metadata.
    pub fn new(input: Location, output: SaveRequest) -> ConvertRequest {
        ConvertRequest {
            input,
            output,
            condition: None,
            params: Vec::new(),
            meta: None,
            kind: None,
            lists: None,
            keep_metadata: true,
            memory_bytes: 1 << 30,
        }
    }
}

/// Converts one matrix.
///
/// # Errors
/// If the input cannot be read, the output exists or its format cannot hold such rows, or a value
/// does not fit the element asked for. The output appears whole or not at all.
pub fn convert(
    request: &ConvertRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    convert_vectors(&Vectors::open_at(&request.input, options)?, request, options, progress)
}

/// Converts a matrix that is open.
pub(crate) fn convert_vectors(
    vectors: &Vectors,
    request: &ConvertRequest,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    check_lists(request)?;
    #[cfg(feature = "sqlite")]
    if into_collection::is_meant(&request.output) {
        return into_collection::convert(vectors, request, options, progress);
    }
    if trees::is_meant(&request.output) {
        return to_trees(request, vectors, options, progress);
    }
    let format = format_for(&request.output)?;
    if let Some(kind) = &request.kind {
        return to_index(request, kind, format, vectors, options, progress);
    }
    let metadata = Metadata::of(vectors, request.meta.as_deref(), options)?;
    let rows = vectors.schema().rows;
    let kept = match &request.condition {
        None => None,
        Some(condition) => Some(rows_where(
            &metadata,
            rows,
            condition,
            &request.params,
            &options.limits,
            progress,
        )?),
    };
    let schema = output_schema(request, format, vectors, &metadata, kept.as_deref())?;
    let mut sinks = Sinks::create(&request.output, format, &schema)?;
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();

    progress.begin("converting", rows);
    let mut write = |first: u64, block: MatrixRef<'_>| -> Result<()> {
        if progress.interrupted() {
            return Err(Error::interrupted());
        }
        let range = first..first + block.rows() as u64;
        let mut columns = metadata.read(&names, range.clone())?;
        let chosen = kept.as_ref().map(|kept| within(kept, &range));
        let picked = chosen.map(|chosen| pick(&mut columns, block, chosen, first));
        let block = picked.as_ref().map_or(block, Block::matrix);
        let converted =
            cast_rows(block, schema.element, request.output.rounding).map_err(|error| {
                let at = error.row().unwrap_or(0);
                let row = chosen.map_or(first + at, |chosen| chosen[at as usize]);
                vectors.locate(error.move_to_row(row))
            })?;
        let written = sinks.write(converted.as_ref().map_or(block, Block::matrix), &columns);
        written.map_err(|error| match error.row() {
            // Formats know rows as they are numbered in the output.
            Some(row) => {
                let listed = kept.as_ref().and_then(|kept| kept.get(row as usize));
                let row = listed.copied().unwrap_or(row);
                vectors.locate(error.move_to_row(row))
            }
            None => error,
        })?;
        progress.advance(range.end - range.start);
        Ok(())
    };
    each_block(vectors, request.memory_bytes, &mut write)?;
    progress.end();
    Ok(Saved { lossy: vectors.is_lossy(), ..sinks.finish(format, &schema)? })
}

/// Checks that lists are written to a file of their own only where there are some.
fn check_lists(request: &ConvertRequest) -> Result<()> {
    let writes_lists = || {
        let format = format_for(&request.output);
        request.kind.is_some() && format.is_ok_and(faiss::is_meant)
    };
    if request.lists.is_none() || writes_lists() {
        return Ok(());
    }
    let what = "only an index of FAISS with inverted lists has a file for them";
    let help = "name the output .faiss and the kind of the index, such as IVF1024,Flat";
    Err(Error::usage(what).help(help).at_path(&request.output.output.path))
}

/// Builds an index over all rows and writes it.
fn to_index(
    request: &ConvertRequest,
    kind: &str,
    format: &dyn Format,
    vectors: &Vectors,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let SaveRequest { output, element, metric, replace, .. } = &request.output;
    let name = format.info().name;
    if faiss::is_meant(format) {
        return to_faiss(request, kind, vectors, options, progress);
    }
    if name != anx::NAME {
        let what = format!("an index of a kind is written as .anx or .faiss, not as a {name} file");
        let help = "name the output .anx or .faiss, or leave the kind out to write the rows";
        return Err(Error::usage(what).help(help).at_path(&output.path));
    }
    if request.condition.is_some() || element.is_some() || !request.keep_metadata {
        let what = "an index of a kind is built over all rows as they are, with their metadata";
        return Err(Error::usage(what).help("convert to another .anx or vector file first"));
    }
    let spec = IndexSpec { kind: kind.to_owned(), metric: *metric, ..IndexSpec::default() };
    let index = Index::build_from(vectors, request.meta.as_deref(), &spec, options, progress)?;
    let bytes = index.save(&output.path, *replace)?;
    Ok(Saved {
        format: name,
        summary: Summary { rows: index.len(), bytes },
        element: index.element(),
        sidecar: None,
        lossy: vectors.is_lossy(),
        dropped: Vec::new(),
    })
}

/// Makes an index of FAISS over all rows and writes it.
fn to_faiss(
    request: &ConvertRequest,
    kind: &str,
    vectors: &Vectors,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let SaveRequest { output, element, .. } = &request.output;
    if request.condition.is_some() || element.is_some() || request.meta.is_some() {
        let what = "an index of FAISS is made over all rows as they are";
        let help = "convert to another vector file first";
        return Err(Error::usage(what).help(help).at_path(&output.path));
    }
    faiss::build(vectors, kind, request, options, progress)
}

/// Builds trees over all rows and writes them.
fn to_trees(
    request: &ConvertRequest,
    vectors: &Vectors,
    options: &OpenOptions,
    progress: &mut dyn Progress,
) -> Result<Saved> {
    let SaveRequest { output, element, .. } = &request.output;
    if request.kind.as_deref().is_some_and(|kind| kind != "forest" && kind != "auto") {
        let what = "an Annoy file is an index of the kind forest";
        return Err(Error::usage(what).at_path(&output.path));
    }
    if request.condition.is_some() || element.is_some() || request.meta.is_some() {
        let what = "an Annoy file is built over all rows as they are";
        let help = "convert to another vector file first";
        return Err(Error::usage(what).help(help).at_path(&output.path));
    }
    trees::build(vectors, &request.output, options, progress)
}

fn output_schema(
    request: &ConvertRequest,
    format: &dyn Format,
    vectors: &Vectors,
    metadata: &Metadata<'_>,
    kept: Option<&[u64]>,
) -> Result<Schema> {
    let stored = vectors.schema();
    let rows = kept.map_or(stored.rows, |kept| kept.len() as u64);
    let element = element_for(&request.output, stored.element, format)?;
    let columns = if request.keep_metadata { metadata.columns() } else { Vec::new() };
    let ids = metadata.ids().and_then(|ids| columns.iter().position(|column| column.name == ids));
    let attributes = if request.keep_metadata { metadata.attributes() } else { Vec::new() };
    let shape = match kept.is_none() && element == stored.element {
        true if stored.shape.len() != 2 => stored.shape.clone(),
        _ => vec![rows, stored.dim as u64],
    };
    let plain = Schema::matrix(element, rows, stored.dim);
    let metric = request.output.metric.or(stored.metric);
    Ok(Schema { shape, columns, ids, attributes, metric, ..plain })
}

/// The part of an ascending list that lies in a range.
fn within<'a>(rows: &'a [u64], range: &Range<u64>) -> &'a [u64] {
    let start = rows.partition_point(|row| *row < range.start);
    let end = rows.partition_point(|row| *row < range.end);
    &rows[start..end]
}

/// Keeps only some rows of a block and its columns.
fn pick(columns: &mut [Column], block: MatrixRef<'_>, rows: &[u64], first: u64) -> Block {
    let mut picked = Block::new(block.element(), block.dim(), rows.len());
    for row in rows {
        picked.push_row(block.row((row - first) as usize));
    }
    for column in columns {
        let values = &column.values;
        column.values = rows.iter().map(|row| values[(row - first) as usize].clone()).collect();
    }
    picked
}
