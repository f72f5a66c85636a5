//! Writing a `.npz`: vectors as they come, then columns and attributes.

use super::zip_writer::ZipWriter;
use crate::columns::to_json;
use crate::npy::header;
use crate::spool::ColumnSpool;
use crate::{Compression, Summary, VectorSink, WriteOptions};
use anear_io::{ByteOrder, Output};
use anear_types::{
    Column, ColumnInfo, ColumnKind, Element, Error, MatrixRef, Result, Schema, Value,
};
use std::collections::HashSet;

/// Text columns wider than this are stored as joined bytes if that is much smaller.
const WIDE_BYTES: u64 = 64 << 20;

/// A file being written.
pub(super) struct Sink {
    zip: ZipWriter,
    schema: Schema,
    /// The header of the vectors as first written.
    header: Vec<u8>,
    rows: u64,
    columns: Vec<ColumnSpool>,
    names: HashSet<String>,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        let level = match options.compression {
            Compression::None => None,
            Compression::Gzip(level) => Some(level.clamp(1, 9)),
            Compression::Zstd(_) => {
                return Err(Error::unsupported("npz files are deflated, not compressed by zstd"));
            }
        };
        let header = header::write(schema.element, &[0, schema.dim as u64])?;
        let name = options.entry.as_deref().unwrap_or("embeddings");
        let mut sink = Sink {
            zip: ZipWriter::new(output, level),
            schema: schema.clone(),
            header,
            rows: 0,
            columns: schema.columns.iter().map(ColumnSpool::new).collect(),
            names: HashSet::new(),
        };
        sink.begin(name, &sink.header.clone())?;
        Ok(sink)
    }

    fn begin(&mut self, name: &str, header: &[u8]) -> Result<()> {
        if name.len() > 60_000 || name.contains('\0') {
            return Err(Error::unsupported("a name is too long, or has a zero in it"));
        }
        if !self.names.insert(name.to_owned()) {
            return Err(Error::unsupported(format!(
                "two arrays of a npz file cannot both be called '{name}'"
            )));
        }
        self.zip.begin(name, header)
    }

    /// A whole small array.
    fn array(&mut self, name: &str, header: &[u8], data: &[u8]) -> Result<()> {
        self.begin(name, header)?;
        self.zip.write(data)?;
        self.zip.end(header)
    }

    fn column(&mut self, spool: &mut ColumnSpool) -> Result<()> {
        let ColumnInfo { name, kind } = spool.info.clone();
        match kind {
            ColumnKind::Bool => self.fixed(spool, &name, "|b1")?,
            ColumnKind::Int => self.fixed(spool, &name, &native("i8"))?,
            ColumnKind::Real => self.fixed(spool, &name, &native("f8"))?,
            ColumnKind::Text if fits_fixed_width(spool) => {
                let width = native(&format!("U{}", spool.longest_chars.max(1)));
                self.fixed(spool, &name, &width)?;
            }
            ColumnKind::Text => self.joined(spool, &name, "utf8")?,
            ColumnKind::Blob => self.joined(spool, &name, "blob")?,
            ColumnKind::Mixed => return self.joined(spool, &name, "json"),
        }
        if spool.has_nulls {
            let header = header::write(Element::Bool, &[spool.rows])?;
            self.begin(&format!("{name}.null"), &header)?;
            spool.for_each(|value| self.zip.write(&[u8::from(value == Value::Null)]))?;
            self.zip.end(&header)?;
        }
        Ok(())
    }

    /// Values of one size; nulls are zeros.
    fn fixed(&mut self, spool: &mut ColumnSpool, name: &str, descr: &str) -> Result<()> {
        let header = header::write_descr(descr, &[spool.rows]);
        let chars = spool.longest_chars.max(1);
        let kind = spool.info.kind;
        self.begin(name, &header)?;
        let mut bytes = Vec::new();
        spool.for_each(|value| {
            bytes.clear();
            match (kind, value) {
                (ColumnKind::Bool, value) => bytes.push(u8::from(value == Value::Bool(true))),
                (_, Value::Int(number)) => bytes.extend_from_slice(&number.to_ne_bytes()),
                (_, Value::Real(number)) => bytes.extend_from_slice(&number.to_ne_bytes()),
                (_, Value::Text(text)) => {
                    bytes.extend(text.chars().flat_map(|c| u32::from(c).to_ne_bytes()));
                    bytes.resize(chars * 4, 0);
                }
                (ColumnKind::Text, _) => bytes.resize(chars * 4, 0),
                _ => bytes.extend_from_slice(&[0; 8]),
            }
            self.zip.write(&bytes)
        })?;
        self.zip.end(&header)
    }

    /// Values as joined bytes, with an array of where each ends.
    fn joined(&mut self, spool: &mut ColumnSpool, name: &str, suffix: &str) -> Result<()> {
        let begin = header::write(Element::U8, &[0])?;
        let mut length = 0u64;
        self.begin(&format!("{name}.{suffix}"), &begin)?;
        spool.for_each(|value| {
            let bytes = joined_bytes(value, suffix);
            length += bytes.len() as u64;
            self.zip.write(&bytes)
        })?;
        self.zip.end(&header::write(Element::U8, &[length])?)?;

        let header = header::write(Element::I64, &[spool.rows])?;
        let mut end = 0;
        self.begin(&format!("{name}.ends"), &header)?;
        spool.for_each(|value| {
            end += joined_bytes(value, suffix).len() as i64;
            self.zip.write(&end.to_ne_bytes())
        })?;
        self.zip.end(&header)
    }

    fn attribute(&mut self, name: &str, value: &Value) -> Result<()> {
        let number = |element| header::write(element, &[]);
        match value {
            Value::Bool(value) => self.array(name, &number(Element::Bool)?, &[u8::from(*value)]),
            Value::Int(value) => self.array(name, &number(Element::I64)?, &value.to_ne_bytes()),
            Value::Real(value) => self.array(name, &number(Element::F64)?, &value.to_ne_bytes()),
            Value::Text(text) if !text.ends_with('\0') => self.text(name, text),
            value => self.text(&format!("{name}.json"), &to_json(value).to_string()),
        }
    }

    fn text(&mut self, name: &str, text: &str) -> Result<()> {
        let chars = text.chars().count().max(1);
        let mut bytes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_ne_bytes()).collect();
        bytes.resize(chars * 4, 0);
        let header = header::write_descr(&native(&format!("U{chars}")), &[]);
        self.array(name, &header, &bytes)
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        self.zip.write(vectors.bytes())?;
        self.rows += vectors.rows() as u64;
        self.columns.iter_mut().zip(metadata).try_for_each(|(spool, column)| spool.append(column))
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let shape = [self.rows, self.schema.dim as u64];
        let header = header::write_in_place(self.schema.element, &shape, &self.header)?;
        self.zip.end(&header.expect("headers have room for any row count"))?;
        for mut spool in std::mem::take(&mut self.columns) {
            self.column(&mut spool)?;
        }
        let schema = self.schema.clone();
        for (name, value) in &schema.attributes {
            self.attribute(name, value)?;
        }
        if let Some(ids) = schema.ids {
            self.text("anear.ids", &schema.columns[ids].name)?;
        }
        if let Some(metric) = schema.metric {
            self.text("anear.metric", metric.name())?;
        }
        Ok(Summary { rows: self.rows, bytes: self.zip.finish()? })
    }
}

/// A dtype string in this machine's byte order.
fn native(kind: &str) -> String {
    match ByteOrder::NATIVE {
        ByteOrder::Little => format!("<{kind}"),
        ByteOrder::Big => format!(">{kind}"),
    }
}

/// Fixed width cannot tell trailing zeros from filling, and one long text makes all wide.
fn fits_fixed_width(spool: &ColumnSpool) -> bool {
    let bytes = spool.rows.saturating_mul(spool.longest_chars as u64 * 4);
    let wasteful = bytes > WIDE_BYTES && bytes / 16 > spool.text_bytes;
    !spool.ends_with_zero && !wasteful
}

fn joined_bytes(value: Value, suffix: &str) -> Vec<u8> {
    match value {
        value if suffix == "json" => to_json(&value).to_string().into_bytes(),
        Value::Text(text) => text.into_string().into_bytes(),
        Value::Blob(bytes) => bytes.into_vec(),
        _ => Vec::new(),
    }
}
