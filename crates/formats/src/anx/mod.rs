//! anear's own index files: the rows, ids and metadata inside.
//!
//! What only the index needs, beside the rows, is the business of the crate that searches it;
//! here an index is one more file with vectors. [`Table`] and [`ColumnWriter`] are the metadata,
//! for whoever writes an index.

mod container;
mod sink;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use table::Table;
pub use write::ColumnWriter;

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output, SEGMENT_MAGIC, Segment};
use anear_types::{Element, Result, Schema};

/// The format.
#[derive(Debug)]
pub(crate) struct Anx;

/// The name of the format.
pub const NAME: &str = "anx";

/// What a file skips, by this name, when the rows of the index are not in it.
pub const ROWS: &str = "rows";

static INFO: FormatInfo = FormatInfo {
    name: NAME,
    extensions: &["anx"],
    about: "anear's own index: rows mapped without a copy, metadata and ids inside",
    writes: &Element::ALL,
    keeps: Keeps::Metadata,
};

impl Format for Anx {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], _: &Hint) -> Score {
        if head.starts_with(&SEGMENT_MAGIC) { Score::Certain } else { Score::No }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        Ok(Box::new(container::AnxFile::open(Segment::open(input)?, options)?))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        _: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Sink::create(output, schema)?))
    }
}
