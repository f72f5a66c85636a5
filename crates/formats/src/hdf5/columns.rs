//! Metadata columns: one-dimensional data sets with a value for every row of a matrix beside them.
//!
//! What HDF5 has no type for is written in a way that any reader makes sense of and this one reads
//! back, said by attributes on the column:
//!
//! * nulls: the column holds a zero or an empty text there, and a data set of bools beside it,
//!   named `NAME.isnull` with the attribute `anear_null_mask_for` = `NAME`, is true;
//! * bytes and values of mixed kinds: JSON text, with the attribute `anear_kind` = `blob` or
//!   `mixed`.

use super::chunks::{Bands, Plain, fill};
use super::dataset::Dataset;
use super::datatype::Kind;
use super::file::File;
use super::heap::Heaps;
use crate::columns::{from_json, number_kind, number_value};
use anear_io::{ByteOrder, swap_bytes};
use anear_types::{ColumnKind, Element, Error, Result, Value};
use std::ops::Range;

/// Names the column whose nulls a data set marks.
pub(super) const NULL_MASK_FOR: &str = "anear_null_mask_for";
/// Says what the text of a column stands for.
pub(super) const KIND: &str = "anear_kind";
/// Names the column that holds the ids, on the matrix.
pub(super) const IDS: &str = "anear_ids";
/// Names the metric, on the matrix.
pub(super) const METRIC: &str = "anear_metric";
/// What the data set that marks the nulls of a column is called, behind the column's name.
pub(super) const NULL_MASK_SUFFIX: &str = ".isnull";

/// The data sets that hold a column.
#[derive(Clone, Debug)]
pub(super) struct ColumnPlace {
    /// The values, as a position among the container's data sets.
    pub(super) values: usize,
    /// Where they are null.
    pub(super) nulls: Option<usize>,
    pub(super) kind: ColumnKind,
}

/// What the values of a data set are as a column; `None` if they cannot be one.
pub(super) fn column_kind(dataset: &Dataset, written_as: Option<&str>) -> Option<ColumnKind> {
    if dataset.obstacle().is_some() {
        return None;
    }
    Some(match (&dataset.kind, written_as) {
        (Kind::Number(element, _), _) => number_kind(*element),
        (Kind::FixedText { .. } | Kind::HeapText, Some("blob")) => ColumnKind::Blob,
        (Kind::FixedText { .. } | Kind::HeapText, Some("mixed")) => ColumnKind::Mixed,
        (Kind::FixedText { .. } | Kind::HeapText, _) => ColumnKind::Text,
        (Kind::HeapBytes, _) => ColumnKind::Blob,
        (Kind::Opaque { .. } | Kind::Other(_), _) => return None,
    })
}

/// The values `rows` of a one-dimensional data set.
pub(super) fn read(
    file: &File,
    heaps: &Heaps,
    dataset: &Dataset,
    kind: ColumnKind,
    rows: Range<u64>,
) -> Result<Vec<Value>> {
    let bytes = raw(file, dataset, rows)?;
    if dataset.value_bytes == 0 {
        return Err(Error::malformed("a column has values of no bytes"));
    }
    let mut decoder = Decoder { file, heaps, dataset, text_bytes: 0 };
    bytes
        .chunks_exact(dataset.value_bytes)
        .map(|value| match kind {
            ColumnKind::Blob | ColumnKind::Mixed if dataset.kind != Kind::HeapBytes => {
                restore(decoder.value(value)?, kind)
            }
            _ => decoder.value(value),
        })
        .collect()
}

/// The bytes of the values `rows`, as stored.
fn raw(file: &File, dataset: &Dataset, rows: Range<u64>) -> Result<Vec<u8>> {
    let plain = Plain::of(file, dataset)?;
    let size = dataset.value_bytes as u64;
    let start = rows.start * size;
    let length = usize::try_from((rows.end - rows.start) * size)
        .map_err(|_| Error::limit("a column is larger than memory"))?;
    let mut bytes = vec![0; length];
    match &plain {
        Plain::Bytes(all) => {
            bytes.copy_from_slice(&all[start as usize..start as usize + length]);
        }
        Plain::Fill => fill(&mut bytes, &dataset.fill),
        Plain::Chunks(layout) => Bands::default().read(layout, start, &mut bytes)?,
    }
    Ok(bytes)
}

/// Turns stored values into ours.
pub(super) struct Decoder<'a> {
    file: &'a File,
    heaps: &'a Heaps,
    dataset: &'a Dataset,
    /// Bytes of text given out, since many values can refer to one long text.
    text_bytes: u64,
}

impl Decoder<'_> {
    fn value(&mut self, bytes: &[u8]) -> Result<Value> {
        match &self.dataset.kind {
            Kind::Number(element, order) => number(*element, *order, bytes),
            Kind::FixedText { space_padded, .. } => {
                Ok(Value::text(fixed_text(bytes, *space_padded)))
            }
            Kind::HeapText => {
                let text = String::from_utf8_lossy(self.heap(bytes)?);
                Ok(Value::text(text.into_owned()))
            }
            Kind::HeapBytes => Ok(Value::Blob(self.heap(bytes)?.into())),
            Kind::Opaque { .. } | Kind::Other(_) => Ok(Value::Null),
        }
    }

    fn heap(&mut self, reference: &[u8]) -> Result<&[u8]> {
        let bytes = self.heaps.get(self.file, reference)?;
        self.text_bytes += bytes.len() as u64;
        self.file.limits.check_expansion("the text", self.text_bytes, self.file.len())?;
        Ok(bytes)
    }
}

/// A stored number.
pub(super) fn number(element: Element, order: ByteOrder, bytes: &[u8]) -> Result<Value> {
    let mut native = [0; 8];
    let size = element.bytes();
    native[..size].copy_from_slice(&bytes[..size]);
    if order != ByteOrder::NATIVE {
        swap_bytes(&mut native[..size], size);
    }
    number_value(element, &native[..size])
}

/// Text of fixed size without its padding.
pub(super) fn fixed_text(bytes: &[u8], space_padded: bool) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    if space_padded { text.trim_end_matches(' ').to_owned() } else { text.into_owned() }
}

/// Reads the JSON text of a column of bytes or mixed values.
fn restore(value: Value, kind: ColumnKind) -> Result<Value> {
    let Value::Text(text) = &value else { return Ok(value) };
    let json = serde_json::from_str(text).map_err(|_| {
        Error::malformed(format!("a value of a column of kind '{}' is no JSON", kind.name()))
    })?;
    Ok(from_json(&json))
}
