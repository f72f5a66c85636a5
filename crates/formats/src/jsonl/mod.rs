//! JSON lines: one JSON object a line, or one array of numbers; or one JSON array of those.
//!
//! In an object, the field that holds an array of numbers is the vector; with several, one called
//! `embedding`, `vector`, `emb` or `values`. All other fields are metadata columns: a field that
//! is missing is null, nested arrays and objects stay JSON text. Words such as `NaN` are no JSON
//! numbers and are refused.
//!
//! Written files have one object a line. Bytes, and numbers that JSON lacks, become
//! `{"$blob": "hex"}` and `{"$real": "NaN"}`. Attributes, the metric and the name of the id column
//! go into a field `anear` of the first object, if there are any.

mod dialect;
mod sink;

use crate::text;
use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Element, Result, Schema};
use dialect::{Json, Layout};

/// The format.
#[derive(Debug)]
pub(crate) struct Jsonl;

static INFO: FormatInfo = FormatInfo {
    name: "jsonl",
    extensions: &["jsonl", "ndjson", "json"],
    about: "JSON lines: vectors and metadata as text",
    writes: &[Element::F32, Element::F64],
    keeps: Keeps::Metadata,
};

impl Format for Jsonl {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let head = head.strip_prefix(text_mark()).unwrap_or(head);
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            Some(b'{' | b'[') if hint.extension.is_empty() => Score::Suffix, // standard input
            _ if !INFO.extensions.contains(&hint.extension.as_str()) => Score::No,
            Some(b'{' | b'[') => Score::Likely,
            _ => Score::Suffix,
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let bytes = input.bytes();
        let start = if bytes.starts_with(text_mark()) { text_mark().len() } else { 0 };
        let (layout, start) = Layout::of(bytes, start);
        let json = Json::new(bytes, start, layout, options.tables)?;
        let own = json.own_field(bytes, start)?;
        let name = json.vector_field().unwrap_or_default().to_owned();
        text::open(input, json, start, name, options, |schema| {
            if let Some(own) = own {
                own.complete(schema);
            }
        })
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Sink::new(output, schema, options)?))
    }
}

/// The byte order mark some programs put before UTF-8 text.
fn text_mark() -> &'static [u8] {
    "\u{feff}".as_bytes()
}

#[cfg(test)]
mod tests;
