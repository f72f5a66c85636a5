//! CSV: a table of text, vectors and metadata side by side.
//!
//! The vectors are in one column, as text such as `[0.1, 0.2]`, `0.1 0.2` or `0.1,0.2` in quotes;
//! or in one column a component, named `0, 1, 2, ..`, `dim_0, dim_1, ..`, `e1, e2, ..`; or they
//! are all there is, without a header. All other columns are metadata. A field in quotes is text.
//! One without quotes is null if empty, else a boolean, an integer, a number or bytes (`\x`
//! and hexadecimal) if it looks like one; but if any field of its column without quotes is text,
//! all are. The delimiter is a comma, semicolon, tab or bar, whichever the first line has most of;
//! in a `.tsv` file, a tab.
//!
//! Written files follow the same rules, with the vector in one column and every text in quotes.
//! There is no place for attributes in them.

mod layout;
mod record;
mod sink;

use crate::text;
use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Element, Result, Schema};
use layout::Layout;

/// The format.
#[derive(Debug)]
pub(crate) struct Csv;

static INFO: FormatInfo = FormatInfo {
    name: "csv",
    extensions: &["csv", "tsv"],
    about: "CSV: vectors and metadata as a table of text",
    writes: &[Element::F32, Element::F64],
    keeps: Keeps::Metadata,
};

impl Format for Csv {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        if !INFO.extensions.contains(&hint.extension.as_str()) {
            Score::No
        } else if head.is_empty() || head.contains(&0) {
            Score::Suffix
        } else {
            Score::Likely
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let mark = "\u{feff}".as_bytes();
        let start = if input.bytes().starts_with(mark) { mark.len() } else { 0 };
        let layout =
            Layout::find(input.bytes(), start, input.extension() == "tsv", options.tables)?;
        let (start, name) = (layout.start, layout.entry_name());
        text::open(input, layout, start, name, options, |_| {})
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

#[cfg(test)]
mod tests;
