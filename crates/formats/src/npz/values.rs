//! Values of small arrays: metadata columns and attributes.

use super::archive::{Archive, Array};
use crate::columns::{number_kind, number_value};
use crate::npy::header::Kind;
use anear_io::ByteOrder;
use anear_types::{ColumnKind, Error, Result, Value};
use std::ops::Range;

/// The column kind of an array's values.
pub(super) fn column_kind(kind: Kind) -> ColumnKind {
    match kind {
        Kind::Number(element) => number_kind(element),
        Kind::Unicode(_) | Kind::Bytes(_) => ColumnKind::Text,
    }
}

/// Some values of an array, counted in storage order.
///
/// # Errors
/// If the array is damaged, or an integer or character is out of range.
///
/// # Panics
/// If there are fewer values.
pub(super) fn values(archive: &Archive, array: &Array, rows: Range<u64>) -> Result<Vec<Value>> {
    let bytes = archive.bytes(array)?;
    let size = array.value_bytes();
    let data = &bytes[array.description.data_offset..];
    let Range { start, end } = rows;
    let order = array.description.order;
    let value = |row: u64| {
        let place = row as usize * size;
        value(array.description.kind, order, &data[place..place + size])
            .map_err(|error| error.at_row(row).at_entry(&array.name))
    };
    (start..end).map(value).collect()
}

fn value(kind: Kind, order: ByteOrder, stored: &[u8]) -> Result<Value> {
    match kind {
        Kind::Number(element) => {
            let mut bytes = [0; 8];
            let bytes = &mut bytes[..stored.len()];
            bytes.copy_from_slice(stored);
            if order != ByteOrder::NATIVE {
                bytes.reverse();
            }
            number_value(element, bytes)
        }
        Kind::Unicode(_) => unicode(order, stored),
        Kind::Bytes(_) => {
            let length = stored.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            Ok(Value::text(String::from_utf8_lossy(&stored[..length])))
        }
    }
}

/// Four-byte code points, filled up with zeros.
fn unicode(order: ByteOrder, stored: &[u8]) -> Result<Value> {
    let mut text = String::with_capacity(stored.len() / 4);
    let mut zeros = 0;
    for point in stored.as_chunks::<4>().0 {
        let point = match order {
            ByteOrder::Little => u32::from_le_bytes(*point),
            ByteOrder::Big => u32::from_be_bytes(*point),
        };
        if point == 0 {
            zeros += 1;
            continue;
        }
        text.extend(std::iter::repeat_n('\0', zeros));
        zeros = 0;
        text.push(
            char::from_u32(point)
                .ok_or_else(|| Error::malformed(format!("{point:#x} is no character")))?,
        );
    }
    Ok(Value::text(text))
}
