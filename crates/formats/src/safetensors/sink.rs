//! Writing a safetensors file: vectors as they come, the header last.
//!
//! The header stands first but is known last. Room for a small one is kept; if it turns out
//! longer (text columns live in it), the data are moved towards the end, in place.

use super::header::{LENGTH_BYTES, dtype_name};
use crate::columns::to_json;
use crate::spool::ColumnSpool;
use crate::{Summary, VectorSink, WriteOptions};
use anear_io::{ByteOrder, Output, swap_bytes};
use anear_types::{Column, ColumnKind, Element, Error, MatrixRef, Result, Schema, Value};
use serde_json::{Map, Value as Json, json};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

/// Room for the header when no column needs more, and what all headers are a multiple of.
const ALIGNMENT: usize = 64;
const ROOM: usize = 1024;
/// Headers beyond this are not written: the reference library refuses 100 MB, we 32 MiB.
const MAX_HEADER_BYTES: usize = 30 << 20;

/// A file being written.
pub(super) struct Sink {
    output: Output,
    schema: Schema,
    entry: String,
    rows: u64,
    columns: Vec<ColumnSpool>,
}

/// A tensor to be named in the header.
struct Part {
    name: String,
    element: Element,
    shape: Vec<u64>,
    bytes: u64,
    /// The column it holds; `None` for the vectors.
    column: Option<usize>,
}

impl Sink {
    pub(super) fn new(mut output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        let entry = options.entry.clone().unwrap_or_else(|| "embeddings".to_owned());
        if entry == "__metadata__" || schema.column(&entry).is_some() {
            return Err(Error::unsupported(format!(
                "the vectors cannot be called '{entry}' in a safetensors file with such a column"
            )));
        }
        output.write_all(&[b' '; ROOM]).map_err(|source| output.failed(source))?;
        let columns = schema.columns.iter().map(ColumnSpool::new).collect();
        Ok(Sink { output, schema: schema.clone(), entry, rows: 0, columns })
    }

    fn failed(&self, source: std::io::Error) -> Error {
        self.output.failed(source)
    }

    /// All tensors in file order. Columns whose numbers would not be aligned behind the vectors go
    /// before them.
    fn parts(&self) -> Vec<Part> {
        let vectors = Part {
            name: self.entry.clone(),
            element: self.schema.element,
            shape: vec![self.rows, self.schema.dim as u64],
            bytes: self.vector_bytes(),
            column: None,
        };
        let misaligned = !vectors.bytes.is_multiple_of(8);
        let (mut wide, mut bools) = (Vec::new(), Vec::new());
        for (column, spool) in self.columns.iter().enumerate().filter(|(_, spool)| is_list(spool)) {
            let (element, parts) = match spool.info.kind {
                ColumnKind::Bool => (Element::Bool, &mut bools),
                ColumnKind::Int => (Element::I64, &mut wide),
                _ => (Element::F64, &mut wide),
            };
            parts.push(Part {
                name: spool.info.name.clone(),
                element,
                shape: vec![spool.rows],
                bytes: spool.rows * element.bytes() as u64,
                column: Some(column),
            });
        }
        let (before, behind) = if misaligned { (wide, vec![]) } else { (vec![], wide) };
        before.into_iter().chain([vectors]).chain(behind).chain(bools).collect()
    }

    /// Writes the columns among these tensors one behind the other, from `offset` on.
    fn write_columns<'a>(
        &mut self,
        offset: u64,
        parts: impl Iterator<Item = &'a Part>,
    ) -> Result<()> {
        let mut output = BufWriter::new(&mut self.output);
        output.seek(SeekFrom::Start(offset)).map_err(|e| output.get_ref().failed(e))?;
        for column in parts.filter_map(|part| part.column) {
            self.columns[column].for_each(|value| {
                let written = match value {
                    Value::Bool(value) => output.write_all(&[u8::from(value)]),
                    Value::Int(value) => output.write_all(&value.to_le_bytes()),
                    Value::Real(value) => output.write_all(&value.to_le_bytes()),
                    _ => Ok(()),
                };
                written.map_err(|source| output.get_ref().failed(source))
            })?;
        }
        output.flush().map_err(|source| output.get_ref().failed(source))
    }

    fn vector_bytes(&self) -> u64 {
        self.rows * self.schema.row_bytes() as u64
    }

    fn texts(&mut self) -> Result<Map<String, Json>> {
        let mut texts = Map::new();
        let mut others = Map::new();
        for (name, value) in &self.schema.attributes {
            match value {
                Value::Text(text) if !name.starts_with("anear.") => {
                    texts.insert(name.clone(), json!(text));
                }
                value => {
                    others.insert(name.clone(), to_json(value));
                }
            }
        }
        let mut put = |key: &str, text: String| texts.insert(key.to_owned(), Json::String(text));
        if !others.is_empty() {
            put("anear.attributes", Json::Object(others).to_string());
        }
        if let Some(ids) = self.schema.ids {
            put("anear.ids", self.schema.columns[ids].name.clone());
        }
        if let Some(metric) = self.schema.metric {
            put("anear.metric", metric.name().to_owned());
        }
        if !self.columns.is_empty() {
            let infos = self.columns.iter().map(|spool| &spool.info);
            let columns: Json = infos.map(|info| json!([info.name, info.kind.name()])).collect();
            put("anear.entry", self.entry.clone());
            put("anear.columns", columns.to_string());
        }
        let mut length = 0;
        for spool in self.columns.iter_mut().filter(|spool| !is_list(spool)) {
            let mut values = Vec::new();
            spool.for_each(|value| {
                length += 8 + match &value {
                    Value::Text(text) => text.len(),
                    Value::Blob(bytes) => bytes.len() * 2,
                    _ => 0,
                };
                values.push(to_json(&value));
                if length > MAX_HEADER_BYTES { Err(too_much_text()) } else { Ok(()) }
            })?;
            let key = format!("anear.column.{}", spool.info.name);
            put(&key, Json::Array(values).to_string());
        }
        Ok(texts)
    }

    /// The header with its length, padded to a multiple of `ALIGNMENT`.
    fn header(&mut self, parts: &[Part]) -> Result<Vec<u8>> {
        let mut fields = Map::new();
        let texts = self.texts()?;
        if !texts.is_empty() {
            fields.insert("__metadata__".to_owned(), Json::Object(texts));
        }
        let mut start = 0;
        for part in parts {
            let end = start + part.bytes;
            let tensor = json!({
                "dtype": dtype_name(part.element),
                "shape": part.shape,
                "data_offsets": [start, end],
            });
            if fields.insert(part.name.clone(), tensor).is_some() {
                let name = &part.name;
                return Err(Error::unsupported(format!("two tensors cannot be called '{name}'")));
            }
            start = end;
        }
        let mut bytes = vec![0; LENGTH_BYTES];
        serde_json::to_writer(&mut bytes, &fields).expect("a map of texts is JSON");
        if bytes.len() > MAX_HEADER_BYTES {
            return Err(too_much_text());
        }
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT).max(ROOM), b' ');
        let length = (bytes.len() - LENGTH_BYTES) as u64;
        bytes[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        Ok(bytes)
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        let written = if ByteOrder::NATIVE == ByteOrder::Little {
            self.output.write_all(vectors.bytes())
        } else {
            let mut bytes = vectors.bytes().to_vec();
            swap_bytes(&mut bytes, vectors.element().bytes());
            self.output.write_all(&bytes)
        };
        written.map_err(|source| self.failed(source))?;
        self.rows += vectors.rows() as u64;
        self.columns.iter_mut().zip(metadata).try_for_each(|(spool, column)| spool.append(column))
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let parts = self.parts();
        let header = self.header(&parts)?;
        let is_before = |part: &&Part| part.column.is_some();
        let before = || parts.iter().take_while(is_before);
        let start = header.len() as u64 + before().map(|part| part.bytes).sum::<u64>();
        let length = self.vector_bytes();
        move_data(&mut self.output, ROOM as u64, start, length)
            .and_then(|()| self.output.seek(SeekFrom::Start(0)))
            .and_then(|_| self.output.write_all(&header))
            .map_err(|source| self.failed(source))?;
        self.write_columns(header.len() as u64, before())?;
        self.write_columns(start + length, parts.iter().skip_while(is_before))?;
        Ok(Summary { rows: self.rows, bytes: self.output.commit()? })
    }
}

/// Whether a column becomes a tensor.
fn is_list(spool: &ColumnSpool) -> bool {
    let number = matches!(spool.info.kind, ColumnKind::Bool | ColumnKind::Int | ColumnKind::Real);
    number && !spool.has_nulls
}

fn too_much_text() -> Error {
    Error::unsupported("the metadata are longer than the header of a safetensors file may be")
        .help("npz, hdf5, sqlite and parquet files hold any amount of metadata")
}

/// Moves `length` bytes towards the end of a file, the last ones first.
fn move_data(file: &mut Output, from: u64, to: u64, length: u64) -> std::io::Result<()> {
    if from == to {
        return Ok(());
    }
    let mut buffer = vec![0; 1 << 20];
    let mut left = length;
    while left > 0 {
        let count = left.min(buffer.len() as u64);
        left -= count;
        let chunk = &mut buffer[..count as usize];
        file.seek(SeekFrom::Start(from + left))?;
        file.read_exact(chunk)?;
        file.seek(SeekFrom::Start(to + left))?;
        file.write_all(chunk)?;
    }
    Ok(())
}
