//! NumPy's `.npy`: one array, a small header before the plain numbers.
//!
//! Opening maps the file and reads the header; arrays in C order and this machine's byte order are
//! used where they lie. Bytes behind the array are ignored, as NumPy does.

mod append;
pub(crate) mod header;
mod literal;
mod sink;

pub use append::Appender;

use crate::{
    ArraySource, Container, Entry, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink,
    VectorSource, WriteOptions,
};
use anear_io::{ByteOrder, Input, Output};
use anear_types::{Element, Error, Limits, Result, Schema};
use header::Header;

/// The format.
#[derive(Debug)]
pub struct Npy;

/// The elements NumPy has types for.
pub(crate) const ELEMENTS: &[Element] = &[
    Element::F32,
    Element::F64,
    Element::F16,
    Element::I8,
    Element::U8,
    Element::I16,
    Element::U16,
    Element::I32,
    Element::U32,
    Element::I64,
    Element::U64,
    Element::Bool,
];

static INFO: FormatInfo = FormatInfo {
    name: "npy",
    extensions: &["npy"],
    about: "NumPy array: one matrix, mapped without a copy",
    writes: ELEMENTS,
    keeps: Keeps::Rows,
};

impl Format for Npy {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], _: &Hint) -> Score {
        if head.starts_with(header::MAGIC) { Score::Certain } else { Score::No }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let header = header::parse(input.bytes(), &options.limits)?;
        let entries = [Entry { name: String::new(), schema: header.schema.clone() }];
        let file = NpyFile { input, header, entries };
        file.source()?; // are the data complete?
        Ok(Box::new(file))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        _: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Sink::new(output, schema)?))
    }
}

struct NpyFile {
    input: Input,
    header: Header,
    entries: [Entry; 1],
}

impl NpyFile {
    fn source(&self) -> Result<ArraySource<'_>> {
        array_source(self.input.bytes(), &self.header)
    }
}

impl Container for NpyFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        Ok(Box::new(self.source()?))
    }
}

/// The array in a whole `.npy` file.
///
/// # Errors
/// If the data are shorter than the header says.
pub(crate) fn array_source<'a>(file: &'a [u8], header: &Header) -> Result<ArraySource<'a>> {
    let data = file.get(header.data_offset..).unwrap_or_default();
    let schema = header.schema.clone();
    if header.fortran {
        ArraySource::fortran(data, schema, header.order)
    } else {
        ArraySource::contiguous(data, schema, header.order)
    }
}

/// Whether a file is one that rows can be appended to: a matrix of rows in C order and this
/// machine's byte order.
fn appendable(bytes: &[u8]) -> Result<Header> {
    let header = header::parse(bytes, &Limits::none())?;
    let native = header.order == ByteOrder::NATIVE || header.schema.element.bytes() == 1;
    if header.fortran || !native || header.schema.shape.len() != 2 {
        return Err(Error::unsupported(
            "rows can be appended only to a matrix in C order and this machine's byte order",
        )
        .help("convert it to a new .npy file first"));
    }
    Ok(header)
}

#[cfg(test)]
mod tests;
