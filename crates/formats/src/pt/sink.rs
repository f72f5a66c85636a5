//! Writing a `.pt` of the zip kind, which `torch.load` opens with `weights_only=True`.
//!
//! The vectors are written as they come; columns are set aside meanwhile and follow as storages
//! of their own or as lists in the pickle, which comes last because only then the number of rows
//! is known.

use super::{IDS_KEY, METRIC_KEY};
use crate::pickle::{BATCH, PickleWriter, opcode as op};
use crate::spool::ColumnSpool;
use crate::{Compression, Summary, VectorSink, WriteOptions};
use anear_io::Output;
use anear_types::{Column, ColumnKind, Element, Error, MatrixRef, Result, Schema, Value};
use std::collections::HashSet;
use std::io::{BufWriter, Write};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Storages begin at a multiple of this, so that they can be mapped.
const ALIGNMENT: u16 = 64;

/// A file being written.
pub(super) struct Sink {
    zip: ZipWriter<BufWriter<Output>>,
    schema: Schema,
    entry: Option<String>,
    rows: u64,
    columns: Vec<ColumnSpool>,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        if storage_class(schema.element).is_none() {
            return Err(Error::unsupported(format!(
                "pt files are not written with elements of type {}",
                schema.element
            )));
        }
        if options.compression != Compression::None {
            return Err(Error::unsupported("pt files are not compressed"));
        }
        check_names(schema, options)?;
        let mut sink = Sink {
            zip: ZipWriter::new(BufWriter::with_capacity(1 << 16, output)),
            schema: schema.clone(),
            entry: options.entry.clone(),
            rows: 0,
            columns: schema.columns.iter().map(ColumnSpool::new).collect(),
        };
        sink.member("version", b"3\n")?;
        let order = if cfg!(target_endian = "little") { "little" } else { "big" };
        sink.member("byteorder", order.as_bytes())?;
        sink.begin("data/0")?;
        Ok(sink)
    }

    fn member(&mut self, name: &str, content: &[u8]) -> Result<()> {
        self.begin(name)?;
        self.write(content)
    }

    fn begin(&mut self, name: &str) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .with_alignment(ALIGNMENT)
            .large_file(name.starts_with("data"));
        self.zip.start_file(format!("archive/{name}"), options).map_err(zip_error)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.zip.write_all(bytes).map_err(|source| Error::io("cannot write", source))
    }

    /// Writes the values of a column that fits into a tensor as a storage.
    fn column_storage(&mut self, spool: &mut ColumnSpool, position: usize) -> Result<()> {
        self.begin(&format!("data/{}", position + 1))?;
        let zip = &mut self.zip;
        spool.for_each(|value| {
            let written = match value {
                Value::Bool(value) => zip.write_all(&[u8::from(value)]),
                Value::Int(value) => zip.write_all(&value.to_ne_bytes()),
                Value::Real(value) => zip.write_all(&value.to_ne_bytes()),
                _ => Ok(()),
            };
            written.map_err(|source| Error::io("cannot write", source))
        })
    }

    /// The pickle, piece by piece into the zip.
    fn program(&mut self, columns: &mut [ColumnSpool]) -> Result<()> {
        self.begin("data.pkl")?;
        let mut pickle = PickleWriter::new(2);
        let schema = self.schema.clone();
        let has_more = !columns.is_empty()
            || !schema.attributes.is_empty()
            || schema.metric.is_some()
            || self.entry.as_ref().is_some_and(|name| !name.is_empty());
        let shape = [self.rows as i64, schema.dim as i64];
        if !has_more {
            tensor(&mut pickle, 0, schema.element, &shape)?;
            pickle.op(op::STOP);
            return self.write(pickle.bytes());
        }
        let name = entry_name(&schema, self.entry.as_deref()).to_owned();
        let (folders, key) = split(&name);
        for folder in &folders {
            pickle.op(op::EMPTY_DICT).text(folder)?;
        }
        pickle.op(op::EMPTY_DICT).text(key)?;
        tensor(&mut pickle, 0, schema.element, &shape)?;
        pickle.op(op::SETITEM);
        for (position, spool) in columns.iter_mut().enumerate() {
            pickle.text(&spool.info.name)?;
            match column_element(spool) {
                Some(element) => tensor(&mut pickle, position + 1, element, &[self.rows as i64])?,
                None => self.list(&mut pickle, spool)?,
            }
            pickle.op(op::SETITEM);
        }
        // The attributes of the file stand in its outermost dictionary.
        for _ in folders {
            pickle.op(op::SETITEM);
        }
        for (name, value) in &schema.attributes {
            pickle.text(name)?.value(value)?.op(op::SETITEM);
        }
        if let Some(ids) = schema.ids {
            pickle.text(IDS_KEY)?.text(&schema.columns[ids].name)?.op(op::SETITEM);
        }
        if let Some(metric) = schema.metric {
            pickle.text(METRIC_KEY)?.text(metric.name())?.op(op::SETITEM);
        }
        pickle.op(op::STOP);
        self.write(pickle.bytes())
    }

    /// A column as a list. What was pickled so far is written out on the way.
    fn list(&mut self, pickle: &mut PickleWriter, spool: &mut ColumnSpool) -> Result<()> {
        pickle.op(op::EMPTY_LIST);
        let zip = &mut self.zip;
        let mut count = 0;
        spool.for_each(|value| {
            if count % BATCH == 0 {
                if count > 0 {
                    pickle.op(op::APPENDS);
                }
                zip.write_all(pickle.bytes())
                    .map_err(|source| Error::io("cannot write", source))?;
                pickle.clear();
                pickle.op(op::MARK);
            }
            count += 1;
            pickle.value(&value).map(drop)
        })?;
        if count > 0 {
            pickle.op(op::APPENDS);
        }
        Ok(())
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        assert_eq!((vectors.element(), vectors.dim()), (self.schema.element, self.schema.dim));
        assert_eq!(metadata.len(), self.columns.len());
        for (spool, column) in self.columns.iter_mut().zip(metadata) {
            assert_eq!(column.values.len(), vectors.rows());
            spool.append(column)?;
        }
        self.rows += vectors.rows() as u64;
        self.write(vectors.bytes())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let mut columns = std::mem::take(&mut self.columns);
        for (position, spool) in columns.iter_mut().enumerate() {
            if column_element(spool).is_some() {
                self.column_storage(spool, position)?;
            }
        }
        self.program(&mut columns)?;
        let writer = self.zip.finish().map_err(zip_error)?;
        let output = writer.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows: self.rows, bytes: output.commit()? })
    }
}

/// The name of the entry: as asked for, else one that no column has.
fn entry_name<'a>(schema: &Schema, asked: Option<&'a str>) -> &'a str {
    let usual = if schema.column("embeddings").is_some() { "vectors" } else { "embeddings" };
    asked.unwrap_or(usual)
}

/// The dictionaries on the way to an entry, and its key in the last.
fn split(name: &str) -> (Vec<&str>, &str) {
    let mut folders: Vec<&str> = name.split('.').collect();
    let key = folders.pop().unwrap_or_default();
    (folders, key)
}

/// The keys of one dictionary must differ.
fn check_names(schema: &Schema, options: &WriteOptions) -> Result<()> {
    let (folders, key) = split(entry_name(schema, options.entry.as_deref()));
    let columns = schema.columns.iter().map(|column| column.name.as_str());
    let attributes = schema.attributes.iter().map(|(name, _)| name.as_str());
    let own = [IDS_KEY, METRIC_KEY].into_iter();
    let inner = std::iter::once(key).chain(columns);
    match folders.first() {
        None => all_differ(inner.chain(attributes).chain(own)),
        Some(folder) => {
            all_differ(inner)?;
            all_differ(std::iter::once(*folder).chain(attributes).chain(own))
        }
    }
}

fn all_differ<'n>(mut names: impl Iterator<Item = &'n str>) -> Result<()> {
    let mut seen = HashSet::new();
    match names.find(|name| !seen.insert(*name)) {
        None => Ok(()),
        Some(name) => Err(Error::unsupported(format!(
            "a pt file cannot have two things called '{name}' side by side"
        ))
        .help("name the entry differently, or rename the column")),
    }
}

/// The element of a tensor that can hold the column: numbers and booleans without nulls.
fn column_element(spool: &ColumnSpool) -> Option<Element> {
    match spool.info.kind {
        _ if spool.has_nulls => None,
        ColumnKind::Bool => Some(Element::Bool),
        ColumnKind::Int => Some(Element::I64),
        ColumnKind::Real => Some(Element::F64),
        _ => None,
    }
}

fn storage_class(element: Element) -> Option<&'static str> {
    Some(match element {
        Element::Bool => "BoolStorage",
        Element::I8 => "CharStorage",
        Element::U8 => "ByteStorage",
        Element::I16 => "ShortStorage",
        Element::I32 => "IntStorage",
        Element::I64 => "LongStorage",
        Element::F16 => "HalfStorage",
        Element::Bf16 => "BFloat16Storage",
        Element::F32 => "FloatStorage",
        Element::F64 => "DoubleStorage",
        _ => return None,
    })
}

/// `_rebuild_tensor_v2` of a whole storage in C order.
fn tensor(pickle: &mut PickleWriter, key: usize, element: Element, shape: &[i64]) -> Result<()> {
    let class = storage_class(element).ok_or_else(|| Error::unsupported("no such storage"))?;
    let count: i64 = shape.iter().product();
    pickle.global("torch._utils", "_rebuild_tensor_v2").op(op::MARK);
    pickle.op(op::MARK).text("storage")?.global("torch", class);
    pickle.text(&key.to_string())?.text("cpu")?.int(count).op(op::TUPLE).op(op::BINPERSID);
    pickle.int(0).op(op::MARK);
    for size in shape {
        pickle.int(*size);
    }
    pickle.op(op::TUPLE).op(op::MARK);
    for axis in 1..=shape.len() {
        pickle.int(shape[axis..].iter().product());
    }
    pickle.op(op::TUPLE).bool(false).global("collections", "OrderedDict");
    pickle.op(op::EMPTY_TUPLE).op(op::REDUCE).op(op::TUPLE).op(op::REDUCE);
    Ok(())
}

fn zip_error(error: ZipError) -> Error {
    match error {
        ZipError::Io(source) => Error::io("cannot write", source),
        error => Error::unsupported(format!("the zip cannot be written: {error}")),
    }
}
