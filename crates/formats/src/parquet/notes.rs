//! What anear keeps in the key-value metadata of a file beside what Parquet has a place for.
//!
//! Text attributes are plain keys, as other tools write them. Everything else is one JSON object
//! under the key `anear`:
//!
//! ```json
//! {"dim": 384, "metric": "cosine", "ids": "doc", "mixed": ["tag"], "attributes": {"n": {"int": 3}}}
//! ```
//!
//! `dim` serves files without rows; `mixed` names the columns whose texts are values as below; an
//! attribute that is no text says its type: `null`, `bool`, `int`, `real` (as text, for NaN),
//! `text` or `blob` (hexadecimal).

use anear_types::{Error, Metric, Result, Schema, Value};
use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value as Json, json};

/// The key of our own notes.
const KEY: &str = "anear";
/// Keys by which other libraries describe the schema; they mean nothing without it.
const FOREIGN: [&str; 5] =
    ["ARROW:schema", "pandas", "huggingface", "org.apache.spark.sql.parquet.row.metadata", "geo"];

/// What a file says about itself.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Facts about the whole file.
    pub(super) attributes: Vec<(String, Value)>,
    /// The metric.
    pub(super) metric: Option<Metric>,
    /// Components in a row.
    pub(super) dim: Option<usize>,
    /// The name of the column with the ids.
    pub(super) ids: Option<String>,
    /// Names of columns whose texts are values of several kinds.
    pub(super) mixed: Vec<String>,
}

impl Notes {
    /// Reads the key-value metadata. What makes no sense is passed over: other tools may write
    /// there too.
    pub(super) fn read(pairs: &[KeyValue]) -> Notes {
        let mut notes = Notes::default();
        for pair in pairs {
            let Some(text) = &pair.value else { continue };
            if pair.key == KEY {
                notes.read_own(text);
            } else if !FOREIGN.contains(&pair.key.as_str()) {
                notes.attributes.push((pair.key.clone(), Value::text(text.as_str())));
            }
        }
        notes
    }

    fn read_own(&mut self, text: &str) {
        let Ok(own) = serde_json::from_str::<Json>(text) else { return };
        self.dim = own["dim"].as_u64().and_then(|dim| usize::try_from(dim).ok());
        self.metric = own["metric"].as_str().and_then(Metric::from_name);
        self.ids = own["ids"].as_str().map(str::to_owned);
        let mixed = own["mixed"].as_array().into_iter().flatten();
        self.mixed = mixed.filter_map(Json::as_str).map(str::to_owned).collect();
        for (name, value) in own["attributes"].as_object().into_iter().flatten() {
            if let Some(value) = from_json(value) {
                self.attributes.push((name.clone(), value));
            }
        }
    }
}

/// The key-value metadata of a file with this schema.
pub(super) fn pairs(schema: &Schema, mixed: &[&str]) -> Vec<KeyValue> {
    let mut pairs = Vec::new();
    let mut typed = Map::new();
    for (name, value) in &schema.attributes {
        match value {
            Value::Text(text) if name != KEY && !FOREIGN.contains(&name.as_str()) => {
                pairs.push(KeyValue::new(name.clone(), text.to_string()));
            }
            value => drop(typed.insert(name.clone(), to_json(value))),
        }
    }
    let mut own = Map::new();
    own.insert("dim".into(), json!(schema.dim));
    if let Some(metric) = schema.metric {
        own.insert("metric".into(), json!(metric.name()));
    }
    if let Some(ids) = schema.ids {
        own.insert("ids".into(), json!(schema.columns[ids].name));
    }
    if !mixed.is_empty() {
        own.insert("mixed".into(), json!(mixed));
    }
    if !typed.is_empty() {
        own.insert("attributes".into(), Json::Object(typed));
    }
    pairs.push(KeyValue::new(KEY.to_owned(), Json::Object(own).to_string()));
    pairs
}

/// A value as JSON that says its type.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => json!({"null": null}),
        Value::Bool(value) => json!({"bool": value}),
        Value::Int(value) => json!({"int": value}),
        Value::Real(value) => json!({"real": real_text(*value)}),
        Value::Text(value) => json!({"text": value}),
        Value::Blob(value) => {
            let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"blob": hex})
        }
    }
}

/// NaNs differ in their bits, so theirs are written out.
fn real_text(value: f64) -> String {
    if value.is_nan() { format!("bits {:x}", value.to_bits()) } else { value.to_string() }
}

fn real_value(text: &str) -> Option<f64> {
    match text.strip_prefix("bits ") {
        Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        None => text.parse().ok(),
    }
}

fn from_json(json: &Json) -> Option<Value> {
    let (kind, value) = json.as_object()?.iter().next()?;
    match kind.as_str() {
        "null" => Some(Value::Null),
        "bool" => value.as_bool().map(Value::Bool),
        "int" => value.as_i64().map(Value::Int),
        "real" => real_value(value.as_str()?).map(Value::Real),
        "text" => value.as_str().map(Value::text),
        "blob" => {
            let (pairs, []) = value.as_str()?.as_bytes().as_chunks::<2>() else { return None };
            let byte =
                |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
            Some(Value::Blob(bytes?.into()))
        }
        _ => None,
    }
}

/// The value in a text of a mixed column.
pub(super) fn mixed_value(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
        .ok()
        .and_then(|json| from_json(&json))
        .ok_or_else(|| Error::malformed("a value of a mixed column is not what anear writes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_json() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Real(0.1),
            Value::Real(f64::NEG_INFINITY),
            Value::text("a\"\n"),
            Value::Blob(Box::new([0, 255])),
        ];
        for value in values {
            let text = to_json(&value).to_string();
            assert_eq!(mixed_value(text.as_bytes()).unwrap(), value);
        }
        let nan = to_json(&Value::Real(f64::NAN)).to_string();
        assert!(matches!(mixed_value(nan.as_bytes()), Ok(Value::Real(nan)) if nan.is_nan()));
        assert!(mixed_value(b"7").is_err());
    }
}
