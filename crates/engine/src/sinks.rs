//! Where rows and metadata go: the file of vectors, and the file beside it.

use crate::{Error, Result, SaveRequest, Saved, sidecar_path};
use anear_formats::{Format, Keeps, VectorSink, WriteOptions, by_name, format_for_output};
use anear_io::Output;
use anear_types::{Column, ColumnKind, Element, MatrixRef, Schema};
use std::ops::Range;
use std::path::PathBuf;

/// The format to write.
pub(crate) fn format_for(request: &SaveRequest) -> Result<&'static dyn Format> {
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

/// The element to write: the one asked for, else `stored` or one that loses nothing of it.
pub(crate) fn element_for(
    request: &SaveRequest,
    stored: Element,
    format: &dyn Format,
) -> Result<Element> {
    match request.element {
        Some(element) => check_element(element, format),
        None => lossless_element(stored, format),
    }
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

/// The file of vectors, and the file beside it for metadata that it cannot keep.
pub(crate) struct Sinks {
    vectors: Box<dyn VectorSink>,
    /// The columns that the file of vectors keeps.
    kept: Range<usize>,
    sidecar: Option<(PathBuf, Box<dyn VectorSink>)>,
}

impl Sinks {
    pub(crate) fn create(
        request: &SaveRequest,
        format: &'static dyn Format,
        schema: &Schema,
    ) -> Result<Sinks> {
        let path = &request.output.path;
        let write_options = WriteOptions {
            entry: request.output.entry.clone(),
            compression: request.compression,
            threads: request.threads.max(1),
            pickle: request.pickle,
            ..WriteOptions::default()
        };
        let kept = kept_columns(format.info().keeps, schema);
        let own = Schema {
            columns: schema.columns[kept.clone()].to_vec(),
            ids: schema.ids.filter(|ids| kept.contains(ids)).map(|ids| ids - kept.start),
            ..schema.clone()
        };
        let output = Output::create(path, request.replace)?;
        let vectors =
            format.create(output, &own, &write_options).map_err(|error| error.at_path(path))?;
        let has_file = path.as_os_str() != "-";
        let beside = sidecar_path(path);
        let has_rows = schema.rows > 0;
        let sidecar = match !lost(format.info().keeps, schema).is_empty() && has_rows && has_file {
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
        Ok(Sinks { vectors, kept, sidecar })
    }

    pub(crate) fn write(&mut self, block: MatrixRef<'_>, columns: &[Column]) -> Result<()> {
        if let Some((_, sidecar)) = &mut self.sidecar {
            sidecar.write_block(MatrixRef::new(&[], Element::F32, block.rows(), 0), columns)?;
        }
        self.vectors.write_block(block, &columns[self.kept.clone()])
    }

    /// The metadata appears first: vectors without it would look complete.
    pub(crate) fn finish(self, format: &'static dyn Format, schema: &Schema) -> Result<Saved> {
        let info = format.info();
        let dropped = match self.sidecar {
            Some(_) => Vec::new(),
            None => lost(info.keeps, schema),
        };
        let sidecar = match self.sidecar {
            None => None,
            Some((path, sink)) => {
                sink.finish()?;
                Some(path)
            }
        };
        let summary = self.vectors.finish()?;
        let element = schema.element;
        Ok(Saved { format: info.name, summary, element, sidecar, lossy: false, dropped })
    }
}

/// The columns that a file keeps by itself.
fn kept_columns(keeps: Keeps, schema: &Schema) -> Range<usize> {
    match (keeps, schema.ids) {
        (Keeps::Metadata, _) => 0..schema.columns.len(),
        (Keeps::IntegerIds, Some(ids)) if schema.columns[ids].kind == ColumnKind::Int => {
            ids..ids + 1
        }
        _ => 0..0,
    }
}

/// Names of the columns and attributes that a file does not keep by itself, or only under another
/// name.
fn lost(keeps: Keeps, schema: &Schema) -> Vec<String> {
    if keeps == Keeps::Metadata {
        return Vec::new();
    }
    let kept = kept_columns(keeps, schema);
    let columns = schema.columns.iter().enumerate();
    let lost = columns.filter(|(at, column)| !kept.contains(at) || column.name != Keeps::IDS);
    let attributes = schema.attributes.iter().map(|(name, _)| name.clone());
    lost.map(|(_, column)| column.name.clone()).chain(attributes).collect()
}
