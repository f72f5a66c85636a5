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
use std::ops::Range;

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

/// From so many bytes the length of a header is known.
const PREFIX_BYTES: usize = 12;

/// Where the first `rows` rows of a matrix lie in a whole `.npy` file that rows are appended to,
/// whatever count its header has, or if it is torn.
///
/// # Errors
/// If it is another matrix, or too short.
pub fn rows_at(input: &Input, element: Element, dim: usize, rows: u64) -> Result<Range<usize>> {
    let bytes = input.bytes();
    let range = rows_within(bytes, bytes.len() as u64, element, dim, rows)?;
    check_is(&bytes[..range.start], element, dim)?;
    Ok(range)
}

/// Where rows lie in a file that begins with `head`.
fn rows_within(
    head: &[u8],
    file_bytes: u64,
    element: Element,
    dim: usize,
    rows: u64,
) -> Result<Range<usize>> {
    let header_bytes = header::header_bytes(head)?;
    let row_bytes = (dim * element.bytes()) as u64;
    let end = rows.checked_mul(row_bytes).and_then(|length| length.checked_add(header_bytes));
    match end.filter(|end| *end <= file_bytes) {
        Some(end) => Ok(header_bytes as usize..end as usize),
        None => Err(Error::malformed(format!("the file is too short for {rows} rows"))),
    }
}

/// Checks that a header is of such a matrix, if it can be read: one that is torn can not.
fn check_is(header: &[u8], element: Element, dim: usize) -> Result<()> {
    let Ok(header) = appendable(header) else { return Ok(()) };
    let (found_element, found_dim) = (header.schema.element, header.schema.dim);
    if (found_element, found_dim) == (element, dim) {
        return Ok(());
    }
    Err(Error::malformed(format!("rows of {found_dim} {found_element}, expected {dim} {element}")))
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
