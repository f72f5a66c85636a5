//! Metadata columns: one-dimensional data sets with a value for every row of a matrix beside them.
//!
//! What HDF5 has no type for is written in a way that any reader makes sense of and this one reads
//! back, said by attributes on the column:
//!
//! * nulls: the column holds a zero or an empty text there, and a data set of bools beside it,
//!   named `NAME.isnull` with the attribute `anear_null_mask_for` = `NAME`, is true;
//! * bytes and values of mixed kinds: text, with the attribute `anear_kind` = `blob` (hexadecimal)
//!   or `mixed` (JSON).

use super::chunks::{Bands, Plain, fill};
use super::dataset::Dataset;
use super::datatype::Kind;
use super::file::File;
use super::heap::Heaps;
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
        (Kind::Number(Element::Bool, _), _) => ColumnKind::Bool,
        (Kind::Number(element, _), _) if element.is_float() => ColumnKind::Real,
        (Kind::Number(..), _) => ColumnKind::Int,
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
    Ok(match element {
        Element::Bool => Value::Bool(native[0] != 0),
        Element::I64 => Value::Int(i64::from_ne_bytes(native)),
        Element::U64 => {
            let number = u64::from_ne_bytes(native);
            Value::Int(i64::try_from(number).map_err(|_| {
                Error::bad_data(format!("{number} does not fit a signed 64-bit integer"))
            })?)
        }
        _ if element.is_float() => Value::Real(element.read_f64(&native[..size])),
        _ => Value::Int(element.read_f64(&native[..size]) as i64), // 32 bits at most: exact
    })
}

/// Text of fixed size without its padding.
pub(super) fn fixed_text(bytes: &[u8], space_padded: bool) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    if space_padded { text.trim_end_matches(' ').to_owned() } else { text.into_owned() }
}

/// Undoes [`as_text`]; text that is nothing of the kind stays text.
fn restore(value: Value, kind: ColumnKind) -> Result<Value> {
    let Value::Text(text) = &value else { return Ok(value) };
    let restored = match kind {
        ColumnKind::Blob => from_hexadecimal(text).map(Value::Blob),
        _ => serde_json::from_str(text).ok().and_then(|json| from_json(&json)),
    };
    restored.ok_or_else(|| {
        Error::malformed(format!("a value of a column of kind '{}' cannot be read", kind.name()))
    })
}

/// How a value of a `blob` or `mixed` column is written.
pub(super) fn as_text(value: &Value, kind: ColumnKind) -> String {
    match (value, kind) {
        (Value::Null, ColumnKind::Blob) => String::new(),
        (Value::Blob(bytes), ColumnKind::Blob) => hexadecimal(bytes),
        (Value::Blob(bytes), _) => serde_json::json!({ "blob": hexadecimal(bytes) }).to_string(),
        (Value::Real(real), _) if !real.is_finite() => {
            serde_json::json!({ "real": real.to_string() }).to_string()
        }
        (Value::Real(real), _) => serde_json::Value::from(*real).to_string(),
        (Value::Text(text), _) => serde_json::Value::from(&**text).to_string(),
        (Value::Int(number), _) => number.to_string(),
        (Value::Bool(value), _) => value.to_string(),
        (Value::Null, _) => "null".to_owned(),
    }
}

fn from_json(json: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::text(text.as_str()),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Real(number.as_f64()?),
        },
        Json::Object(object) => match (object.get("blob"), object.get("real")) {
            (Some(Json::String(text)), None) => Value::Blob(from_hexadecimal(text)?),
            (None, Some(Json::String(text))) => Value::Real(text.parse().ok()?),
            _ => return None,
        },
        Json::Array(_) => return None,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hexadecimal(text: &str) -> Option<Box<[u8]>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let byte = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_values_come_back_from_text() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(-7),
            Value::Real(0.1),
            Value::Real(3.0),
            Value::Real(f64::NEG_INFINITY),
            Value::text("a \"quoted\" null"),
            Value::Blob([0, 255, 16].into()),
        ];
        for value in values {
            let text = as_text(&value, ColumnKind::Mixed);
            assert_eq!(restore(Value::text(text), ColumnKind::Mixed).unwrap(), value);
        }
        let blob = Value::Blob([1, 171].into());
        assert_eq!(as_text(&blob, ColumnKind::Blob), "01ab");
        assert_eq!(restore(Value::text("01ab"), ColumnKind::Blob).unwrap(), blob);
        assert!(restore(Value::text("01a"), ColumnKind::Blob).is_err());
    }
}
