//! Where JSON records begin and what is in one.

use crate::columns::from_json;
use crate::text::{Dialect, Field, vector_name_rank};
use anear_types::{Error, Metric, Result, Schema, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;

/// How many records are searched for a vector.
const SEARCHED: usize = 1_000;
/// The field of the first record that anear keeps its own facts in.
pub(super) const OWN_FIELD: &str = "anear";

/// How records follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One a line.
    Lines,
    /// All in one array.
    Array,
}

impl Layout {
    /// The layout of a file, and where its first record may be.
    pub(super) fn of(bytes: &[u8], start: usize) -> (Layout, usize) {
        let open = skip_space(bytes, start);
        let inner = skip_space(bytes, open + 1);
        let nested = matches!(bytes.get(inner), Some(b'{' | b'['));
        if bytes.get(open) == Some(&b'[') && nested {
            (Layout::Array, open + 1)
        } else {
            (Layout::Lines, start)
        }
    }
}

/// How records are read.
pub(super) struct Json {
    layout: Layout,
    vector: Place,
}

/// Where the vector of a record is.
enum Place {
    /// The record is the vector.
    Bare,
    /// In this field.
    Field(String),
    /// Nowhere: the file is a table of metadata.
    Nowhere,
}

impl Json {
    /// Finds out which field holds the vectors, by the first records. A file without any is read
    /// only if `tables` are welcome.
    pub(super) fn new(bytes: &[u8], start: usize, layout: Layout, tables: bool) -> Result<Json> {
        let json = Json { layout, vector: Place::Bare };
        let mut offset = start;
        for _ in 0..SEARCHED {
            let Some((record, next)) = json.record(bytes, offset)? else { break };
            let record = &bytes[record];
            if record.first() == Some(&b'[') {
                return Ok(json);
            }
            if let Some(vector) = vector_field(record).map_err(|e| e.at_offset(offset as u64))? {
                return Ok(Json { layout, vector: Place::Field(vector) });
            }
            offset = next;
        }
        match json.record(bytes, start)? {
            None => Err(Error::malformed("the file has no records")),
            Some(_) if tables => Ok(Json { layout, vector: Place::Nowhere }),
            Some(_) => Err(Error::bad_data("no field of the records holds an array of numbers")),
        }
    }

    /// The name of the field with the vectors.
    pub(super) fn vector_field(&self) -> Option<&str> {
        match &self.vector {
            Place::Field(name) => Some(name),
            Place::Bare | Place::Nowhere => None,
        }
    }

    /// What anear itself noted in the first record.
    pub(super) fn own_field(&self, bytes: &[u8], start: usize) -> Result<Option<Own>> {
        let Some((record, _)) = self.record(bytes, start)? else { return Ok(None) };
        if matches!(self.vector, Place::Bare) {
            return Ok(None);
        }
        let fields = parse_fields(&bytes[record])?;
        let own = fields.0.iter().find(|(name, _)| name == OWN_FIELD);
        Ok(own.and_then(|(_, raw)| serde_json::from_str(raw.get()).ok()).map(Own))
    }
}

/// The content of the field `anear`.
pub(super) struct Own(serde_json::Map<String, serde_json::Value>);

impl Own {
    /// Adds it to the schema.
    pub(super) fn complete(&self, schema: &mut Schema) {
        if let Some(attributes) = self.0.get("attributes").and_then(|json| json.as_object()) {
            schema.attributes =
                attributes.iter().map(|(name, json)| (name.clone(), from_json(json))).collect();
        }
        let text = |key: &str| self.0.get(key).and_then(|json| json.as_str());
        schema.metric = text("metric").and_then(Metric::from_name);
        schema.ids = text("ids").and_then(|name| schema.column(name));
    }
}

impl Dialect for Json {
    fn record(&self, bytes: &[u8], offset: usize) -> Result<Option<(Range<usize>, usize)>> {
        match self.layout {
            Layout::Lines => Ok(line(bytes, offset)),
            Layout::Array => element(bytes, offset),
        }
    }

    fn has_vectors(&self) -> bool {
        !matches!(self.vector, Place::Nowhere)
    }

    fn components(&self, record: &[u8], each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let vector = match &self.vector {
            Place::Bare => return numbers(text(record)?, each),
            Place::Nowhere => return Ok(()),
            Place::Field(vector) => vector,
        };
        let fields = parse_fields(record)?;
        let mut found = fields.0.iter().rev().filter(|(name, _)| name == vector);
        match found.next() {
            Some((_, raw)) => numbers(raw.get(), each),
            None => Err(Error::bad_data(format!("the record has no field '{vector}'"))),
        }
    }

    fn fields(&self, record: &[u8], each: &mut dyn FnMut(&str, Field)) -> Result<()> {
        if matches!(self.vector, Place::Bare) {
            return Ok(());
        }
        for (name, raw) in parse_fields(record)?.0 {
            if Some(&*name) != self.vector_field() && name != OWN_FIELD {
                each(&name, Field { value: value(raw.get())?, loose: None });
            }
        }
        Ok(())
    }
}

/// The next line that is not blank.
fn line(bytes: &[u8], offset: usize) -> Option<(Range<usize>, usize)> {
    let start = skip_space(bytes, offset);
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let record = rest[..length].trim_ascii_end();
    Some((start..start + record.len(), start + length))
}

/// The next element of the array that encloses all records.
fn element(bytes: &[u8], offset: usize) -> Result<Option<(Range<usize>, usize)>> {
    let mut start = skip_space(bytes, offset);
    if bytes.get(start) == Some(&b',') {
        start = skip_space(bytes, start + 1);
    }
    let malformed = |what: &str| Err(Error::malformed(what).at_offset(start as u64));
    match bytes.get(start) {
        Some(b'{' | b'[') => {}
        Some(b']') if skip_space(bytes, start + 1) == bytes.len() => return Ok(None),
        Some(b']') => return malformed("more text after the JSON array"),
        Some(_) => return malformed("the JSON array holds more than objects and arrays"),
        None => return malformed("the JSON array is not closed"),
    }
    let mut depth = 0usize;
    let mut in_string = false;
    let mut position = start;
    while let Some(byte) = bytes.get(position) {
        position += 1;
        match byte {
            b'\\' if in_string => position += 1,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some((start..position, position)));
                }
            }
            _ => {}
        }
    }
    malformed("a record of the JSON array is not closed")
}

fn skip_space(bytes: &[u8], offset: usize) -> usize {
    let rest = bytes.get(offset..).unwrap_or_default();
    offset + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
}

/// The fields of an object in order, values as text.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields<'de>, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((Key(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

/// A key, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key<'de>, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

fn parse_fields(record: &[u8]) -> Result<Fields<'_>> {
    serde_json::from_slice(record).map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> Error {
    Error::malformed(format!("a record is no JSON object: {error}"))
}

fn value(json: &str) -> Result<Value> {
    match json.as_bytes().first() {
        Some(b'[') => Ok(Value::text(json)),
        _ => {
            let parsed = serde_json::from_str(json).map_err(|error| not_json(&error))?;
            match (from_json(&parsed), &parsed) {
                (Value::Text(_), serde_json::Value::Object(_)) => Ok(Value::text(json)),
                (value, _) => Ok(value),
            }
        }
    }
}

fn text(record: &[u8]) -> Result<&str> {
    std::str::from_utf8(record).map_err(|_| Error::malformed("a record is not UTF-8"))
}

/// The numbers of a JSON array.
fn numbers(array: &str, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
    let inner = array.strip_prefix('[').and_then(|array| array.strip_suffix(']'));
    let inner = inner.ok_or_else(|| {
        let start: String = array.chars().take(40).collect();
        Error::bad_data(format!("the vector is no array of numbers but {start}"))
    })?;
    if inner.trim_ascii().is_empty() {
        return Ok(());
    }
    inner.split(',').try_for_each(|number| each(number.trim_ascii()))
}

/// The field of an object that most looks like a vector.
fn vector_field(record: &[u8]) -> Result<Option<String>> {
    let fields = parse_fields(record)?;
    let is_vector = |raw: &RawValue| {
        let inner = raw.get().strip_prefix('[').map(str::trim_ascii_start);
        inner.is_some_and(|inner| inner.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    };
    let vectors = fields.0.iter().filter(|(_, raw)| is_vector(raw));
    let best = vectors.min_by_key(|(name, _)| vector_name_rank(name));
    Ok(best.map(|(name, _)| name.clone().into_owned()))
}
