//! Attributes: small facts about a data set, a group or the whole file.

use super::columns::{fixed_text, number};
use super::datatype::{Kind, kind_of};
use super::file::{File, guarded};
use super::heap::Heaps;
use super::links::dense_attributes;
use anear_io::Cursor;
use anear_types::{Metric, Result, Value};
use hdf5_reader::io::Cursor as LibraryCursor;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::attribute::{self, AttributeMessage};
use hdf5_reader::object_header::ObjectHeader;

/// The most values of an attribute that is an array; longer ones are left out.
const MAX_VALUES: u64 = 4096;

/// The attributes of the object with this header. Arrays become the text of a JSON list, those of
/// no values null; what has no counterpart among our values is left out.
pub(super) fn attributes(
    file: &File,
    heaps: &Heaps,
    header: &ObjectHeader,
) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for message in &header.messages {
        match message {
            HdfMessage::Attribute(attribute) => take(file, heaps, attribute, &mut found),
            HdfMessage::AttributeInfo(info) if !file.is_nowhere(info.fractal_heap_address) => {
                let place = (info.fractal_heap_address, info.btree_name_index_address);
                let (offset, length) = (file.offset_size, file.length_size);
                dense_attributes(file, place, |bytes| {
                    let mut cursor = LibraryCursor::new(bytes);
                    let attribute = attribute::parse(&mut cursor, offset, length, bytes.len())?;
                    take(file, heaps, &attribute, &mut found);
                    Ok(())
                })?;
            }
            _ => {}
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn take(file: &File, heaps: &Heaps, message: &AttributeMessage, found: &mut Vec<(String, Value)>) {
    if let Ok(Some(value)) = guarded(|| Ok(value(file, heaps, message))) {
        found.push((message.name.clone(), value));
    }
}

fn value(file: &File, heaps: &Heaps, message: &AttributeMessage) -> Option<Value> {
    let (kind, inner_axes) = kind_of(&message.datatype);
    let repeats = inner_axes.iter().try_fold(1u64, |all, axis| all.checked_mul(*axis))?;
    let count = message.dataspace.num_elements().ok()?.checked_mul(repeats)?;
    let size = match &kind {
        Kind::Number(element, _) => element.bytes(),
        Kind::FixedText { bytes, .. } | Kind::Opaque { bytes } => *bytes,
        Kind::HeapText | Kind::HeapBytes => Heaps::reference_bytes(file),
        Kind::Other(_) => return None,
    };
    if count > MAX_VALUES || size == 0 {
        return None;
    }
    if count == 0 {
        return Some(Value::Null);
    }
    let mut cursor = Cursor::new(&message.raw_data);
    let mut values = Vec::new();
    for _ in 0..count {
        let bytes = cursor.take(size as u64, "an attribute").ok()?;
        values.push(match &kind {
            Kind::Number(element, order) => number(*element, *order, bytes).ok()?,
            Kind::FixedText { space_padded, .. } => Value::text(fixed_text(bytes, *space_padded)),
            Kind::HeapText => {
                let text = String::from_utf8_lossy(heaps.get(file, bytes).ok()?);
                Value::text(text.into_owned())
            }
            Kind::HeapBytes => Value::Blob(heaps.get(file, bytes).ok()?.into()),
            _ => Value::Blob(bytes.into()),
        });
    }
    let is_single = message.dataspace.dims.is_empty() && inner_axes.is_empty();
    if is_single { values.pop() } else { list(&values) }
}

/// The JSON list of these values, as text.
fn list(values: &[Value]) -> Option<Value> {
    let json: Option<Vec<serde_json::Value>> = values.iter().map(json).collect();
    Some(Value::text(serde_json::Value::from(json?).to_string()))
}

fn json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(number) => (*number).into(),
        Value::Real(real) => (*real).into(),
        Value::Text(text) => (&**text).into(),
        Value::Null => serde_json::Value::Null,
        Value::Blob(_) => return None,
    })
}

/// The metric these attributes name: `anear_metric` as we write it, `distance` as in the
/// ann-benchmarks files, or what else people call it.
pub(super) fn metric(attributes: &[(String, Value)]) -> Option<Metric> {
    let names = [super::columns::METRIC, "distance", "metric", "distance_metric"];
    names.iter().find_map(|name| {
        let (_, value) = attributes.iter().find(|(found, _)| found == name)?;
        let Value::Text(value) = value else { return None };
        match value.to_lowercase().as_str() {
            "dot" | "inner_product" | "inner product" => Some(Metric::InnerProduct),
            "cos" => Some(Metric::Cosine),
            "sqeuclidean" | "squared_l2" => Some(Metric::L2),
            name => Metric::from_name(name),
        }
    })
}
