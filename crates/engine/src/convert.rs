//! From any format to any other: rows, metadata, ids and attributes, block by block.

use crate::blocks::each_block;
use crate::{
    Error, Location, Metadata, OpenOptions, Progress, Result, Vectors, rows_where, sidecar_path,
};
use anear_formats::{
    Compression, Format, Summary, VectorSink, WriteOptions, by_name, format_for_output,
};
use anear_io::Output;
use anear_kernels::{Rounding, cast};
use anear_types::{Block, Column, Element, MatrixRef, Schema};
use std::ops::Range;
use std::path::PathBuf;

/// What to convert into what.
#[derive(Clone, Debug)]
pub struct ConvertRequest {
    /// The matrix to read.
    pub input: Location,
    /// The file to write, and the name of the entry in it; `-` is standard output.
    pub output: Location,
    /// The format to write; `None` goes by the suffix of the output.
    pub format: Option<String>,
    /// The element to write; `None` keeps the element, or takes one that holds every value of it.
    pub element: Option<Element>,
    /// What becomes of values that the element asked for does not have.
    pub rounding: Rounding,
    /// Whether and how to compress, where the format can.
    pub compression: Compression,
    /// In a database, write pickled NumPy arrays instead of raw bytes.
    pub pickle: bool,
    /// A condition on the metadata that rows must meet to be written.
    pub condition: Option<String>,
    /// A file with metadata to lay beside the rows.
    pub meta: Option<PathBuf>,
    /// Whether to write metadata; where the format cannot keep it, it goes into a sidecar.
    pub keep_metadata: bool,
    /// Whether an existing output is replaced.
    pub replace: bool,
    /// Bytes of vectors held at a time.
    pub memory_bytes: u64,
}

impl ConvertRequest {
    /// Everything as it is, with the usual settings.
    pub fn new(input: Location, output: Location) -> ConvertRequest {
        ConvertRequest {
            input,
            output,
            format: None,
            element: None,
            rounding: Rounding::Strict,
            compression: Compression::None,
            pickle: false,
            condition: None,
            meta: None,
            keep_metadata: true,
            replace: false,
            memory_bytes: 1 << 30,
        }
    }
}

/// What a conversion wrote.
#[derive(Debug)]
pub struct Converted {
    /// The format written.
    pub format: &'static str,
    /// Rows and bytes of the new file.
    pub summary: Summary,
    /// The element written.
    pub element: Element,
    /// The file beside the output that holds the metadata, where the format cannot.
    pub sidecar: Option<PathBuf>,
    /// Names of columns and attributes that found no place (on standard output).
    pub dropped: Vec<String>,
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
) -> Result<Converted> {
    let format = output_format(request)?;
    let vectors = Vectors::open_at(&request.input, options)?;
    let metadata = Metadata::of(&vectors, request.meta.as_deref(), options)?;
    let rows = vectors.schema().rows;
    let kept = match &request.condition {
        None => None,
        Some(condition) => {
            Some(rows_where(&metadata, rows, condition, &[], &options.limits, progress)?)
        }
    };
    let schema = output_schema(request, format, &vectors, &metadata, kept.as_deref())?;
    let mut sinks = Sinks::create(request, format, &schema, options)?;
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
        let converted = cast_block(block, schema.element, request.rounding).map_err(|error| {
            let at = error.row().unwrap_or(0);
            let row = chosen.map_or(first + at, |chosen| chosen[at as usize]);
            vectors.locate(error.move_to_row(row))
        })?;
        sinks.write(converted.as_ref().map_or(block, Block::matrix), &columns)?;
        progress.advance(range.end - range.start);
        Ok(())
    };
    each_block(&vectors, request.memory_bytes, &mut write)?;
    progress.end();
    sinks.finish(format, schema)
}

fn output_format(request: &ConvertRequest) -> Result<&'static dyn Format> {
    let path = &request.output.path;
    let format = match &request.format {
        Some(name) => by_name(name)
            .ok_or_else(|| Error::usage(format!("there is no format {name:?}")).at_path(path))?,
        None if path.as_os_str() == "-" => {
            return Err(Error::usage("standard output has no suffix").help("name a --format"));
        }
        None => format_for_output(path)?,
    };
    if format.info().writes.is_empty() {
        let name = format.info().name;
        return Err(Error::usage(format!("{name} files are read, not written")).at_path(path));
    }
    Ok(format)
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
    let element = match request.element {
        Some(element) => check_element(element, format)?,
        None => lossless_element(stored.element, format)?,
    };
    let columns = if request.keep_metadata { metadata.columns() } else { Vec::new() };
    let ids = metadata.ids().and_then(|ids| columns.iter().position(|column| column.name == ids));
    let attributes = if request.keep_metadata { metadata.attributes() } else { Vec::new() };
    let shape = match kept.is_none() && element == stored.element {
        true if stored.shape.len() != 2 => stored.shape.clone(),
        _ => vec![rows, stored.dim as u64],
    };
    let plain = Schema::matrix(element, rows, stored.dim);
    Ok(Schema { shape, columns, ids, attributes, metric: stored.metric, ..plain })
}

fn check_element(element: Element, format: &dyn Format) -> Result<Element> {
    if format.info().writes.contains(&element) {
        return Ok(element);
    }
    let name = format.info().name;
    Err(Error::usage(format!("{name} files cannot hold {element}"))
        .help(format!("they hold: {}", element_names(format))))
}

/// The element itself, or the smallest the format has that holds every value of it.
fn lossless_element(element: Element, format: &dyn Format) -> Result<Element> {
    use Element::{
        Bf16, Bool, F8E4M3, F8E5M2, F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64,
    };
    let wider: &[Element] = match element {
        Bool => &[U8, I8, I16, I32, F32, F64],
        I8 => &[I16, I32, I64, F16, F32, F64],
        U8 => &[I16, U16, I32, I64, F16, F32, F64],
        I16 => &[I32, I64, F32, F64],
        U16 => &[I32, U32, I64, F32, F64],
        I32 => &[I64, F64],
        U32 => &[I64, U64, F64],
        F8E4M3 | F8E5M2 => &[F16, F32, F64],
        F16 | Bf16 => &[F32, F64],
        F32 => &[F64],
        I64 | U64 | F64 => &[],
    };
    let writes = format.info().writes;
    std::iter::once(&element)
        .chain(wider)
        .find(|element| writes.contains(element))
        .copied()
        .ok_or_else(|| {
            let name = format.info().name;
            Error::usage(format!("{name} files cannot hold {element} without loss"))
                .help(format!("choose with --dtype what to lose: {}", element_names(format)))
        })
}

fn element_names(format: &dyn Format) -> String {
    let names: Vec<&str> = format.info().writes.iter().map(|element| element.name()).collect();
    names.join(", ")
}

/// The block with another element; `None` when it has that element already.
fn cast_block(block: MatrixRef<'_>, element: Element, rounding: Rounding) -> Result<Option<Block>> {
    if block.element() == element {
        return Ok(None);
    }
    let mut converted = Block::new(element, block.dim(), block.rows());
    cast(block, 0, rounding, &mut converted)?;
    Ok(Some(converted))
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

/// The file of vectors, and the file beside it for metadata that it cannot keep.
struct Sinks {
    vectors: Box<dyn VectorSink>,
    sidecar: Option<(PathBuf, Box<dyn VectorSink>)>,
}

impl Sinks {
    fn create(
        request: &ConvertRequest,
        format: &'static dyn Format,
        schema: &Schema,
        options: &OpenOptions,
    ) -> Result<Sinks> {
        let path = &request.output.path;
        let write_options = WriteOptions {
            entry: request.output.entry.clone(),
            compression: request.compression,
            threads: options.threads.max(1),
            pickle: request.pickle,
        };
        let keeps = format.info().keeps_metadata;
        let own = match keeps {
            true => schema.clone(),
            false => Schema { columns: Vec::new(), ids: None, ..schema.clone() },
        };
        let output = Output::create(path, request.replace)?;
        let vectors =
            format.create(output, &own, &write_options).map_err(|error| error.at_path(path))?;
        let has_file = path.as_os_str() != "-";
        let beside = sidecar_path(path);
        let has_metadata = !schema.columns.is_empty() || !schema.attributes.is_empty();
        let has_rows = schema.rows > 0;
        let sidecar = match !keeps && has_metadata && has_rows && has_file {
            false if beside.exists() => {
                let what = "this metadata would be taken for that of the new file";
                return Err(Error::usage(what).at_path(beside).help("move or delete it first"));
            }
            false => None,
            true => {
                let table = Schema {
                    columns: schema.columns.clone(),
                    ids: schema.ids,
                    attributes: schema.attributes.clone(),
                    ..Schema::matrix(Element::F32, schema.rows, 0)
                };
                let output = Output::create(&beside, request.replace)?;
                let jsonl = by_name("jsonl").expect("always there");
                Some((beside, jsonl.create(output, &table, &WriteOptions::default())?))
            }
        };
        Ok(Sinks { vectors, sidecar })
    }

    fn write(&mut self, block: MatrixRef<'_>, columns: &[Column]) -> Result<()> {
        match &mut self.sidecar {
            None => self.vectors.write_block(block, columns),
            Some((_, sidecar)) => {
                sidecar.write_block(MatrixRef::new(&[], Element::F32, block.rows(), 0), columns)?;
                self.vectors.write_block(block, &[])
            }
        }
    }

    /// The metadata appears first: vectors without it would look complete.
    fn finish(self, format: &'static dyn Format, schema: Schema) -> Result<Converted> {
        let info = format.info();
        let columns = schema.columns.into_iter().map(|column| column.name);
        let attributes = schema.attributes.into_iter().map(|(name, _)| name);
        let dropped = match info.keeps_metadata || self.sidecar.is_some() {
            true => Vec::new(),
            false => columns.chain(attributes).collect(),
        };
        let sidecar = match self.sidecar {
            None => None,
            Some((path, sink)) => {
                sink.finish()?;
                Some(path)
            }
        };
        let summary = self.vectors.finish()?;
        Ok(Converted { format: info.name, summary, element: schema.element, sidecar, dropped })
    }
}
