//! What formats share about metadata columns.

use crate::ReadOptions;
use anear_types::{ColumnInfo, ColumnKind, Element, Error, Result, Value};
use serde_json::{Value as Json, json};

/// The column that holds the ids: the one the caller names, else one called `id` or `ids` with
/// integers or text.
pub(crate) fn ids_column(columns: &[ColumnInfo], options: &ReadOptions) -> Option<usize> {
    if let Some(name) = &options.ids {
        return columns.iter().position(|column| column.name == *name);
    }
    columns.iter().position(|column| {
        matches!(column.name.as_str(), "id" | "ids")
            && matches!(column.kind, ColumnKind::Int | ColumnKind::Text)
    })
}

/// A value as JSON that keeps its type: bytes and numbers JSON lacks become small objects.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Real(value) if value.is_finite() => json!(value),
        Value::Real(value) => json!({ "$real": value.to_string() }),
        Value::Text(value) => json!(value),
        Value::Blob(bytes) => json!({ "$blob": hex(bytes) }),
    }
}

/// The value that [`to_json`] made; other objects and arrays stay JSON text.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => number.as_f64().map_or(Value::Null, Value::Real),
        },
        Json::String(value) => Value::text(value.as_str()),
        Json::Object(fields) => tagged(fields).unwrap_or_else(|| Value::text(json.to_string())),
        Json::Array(_) => Value::text(json.to_string()),
    }
}

fn tagged(fields: &serde_json::Map<String, Json>) -> Option<Value> {
    let (tag, content) = fields.iter().next().filter(|_| fields.len() == 1)?;
    match (tag.as_str(), content.as_str()?) {
        ("$real", text) => match text {
            "NaN" => Some(Value::Real(f64::NAN)),
            "inf" => Some(Value::Real(f64::INFINITY)),
            "-inf" => Some(Value::Real(f64::NEG_INFINITY)),
            _ => None,
        },
        ("$blob", text) => unhex(text).map(|bytes| Value::Blob(bytes.into())),
        _ => None,
    }
}

/// Hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that hexadecimal digits stand for, if they are that.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
    rest.is_empty().then(|| bytes.collect()).flatten()
}

/// The column kind of stored numbers.
pub(crate) fn number_kind(element: Element) -> ColumnKind {
    match element {
        Element::Bool => ColumnKind::Bool,
        element if element.is_float() => ColumnKind::Real,
        _ => ColumnKind::Int,
    }
}

/// One stored number, from its native-endian bytes, as a metadata value.
///
/// # Errors
/// If it is an integer beyond 64 bits with sign.
pub(crate) fn number_value(element: Element, bytes: &[u8]) -> Result<Value> {
    Ok(match element {
        Element::Bool => Value::Bool(bytes[0] != 0),
        Element::I64 => Value::Int(i64::from_ne_bytes(bytes.try_into().expect("eight bytes"))),
        Element::U64 => {
            let number = u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
            Value::Int(i64::try_from(number).map_err(|_| {
                Error::bad_data(format!("{number} is more than a 64-bit signed integer holds"))
            })?)
        }
        element if element.is_float() => Value::Real(element.read_f64(bytes)),
        element => Value::Int(element.read_f64(bytes) as i64), // 32 bits at most: exact
    })
}

/// Refuses a value that is not of its column's kind, so that no writer has to.
pub(crate) fn check_kind(column: &str, kind: ColumnKind, value: &Value) -> Result<()> {
    match value.kind() {
        None => Ok(()),
        Some(found) if found == kind || kind == ColumnKind::Mixed => Ok(()),
        Some(ColumnKind::Int) if kind == ColumnKind::Real => Ok(()),
        Some(found) => Err(Error::bad_data(format!(
            "column '{column}' holds {} values, found {}",
            kind.name(),
            found.name()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_json() {
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Int(i64::MAX),
            Value::Real(-0.0),
            Value::Real(f64::from_bits(1)),
            Value::Real(3.0),
            Value::Real(f64::INFINITY),
            Value::text("line\nbreak \"q\" é\0"),
            Value::Blob(vec![0, 255, 16].into()),
        ] {
            let text = to_json(&value).to_string();
            let read = from_json(&serde_json::from_str(&text).unwrap());
            assert_eq!(format!("{read:?}"), format!("{value:?}"), "{text}");
        }
        assert_eq!(from_json(&json!({"$blob": "0"})), Value::text("{\"$blob\":\"0\"}"));
        assert_eq!(from_json(&json!([1, "x"])), Value::text("[1,\"x\"]"));
    }
}
