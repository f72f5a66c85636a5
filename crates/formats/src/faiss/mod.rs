//! FAISS index files, read and written without FAISS.
//!
//! A file is an index: four letters that say its kind, a header, and what the kind needs, possibly
//! with further indexes inside. Most kinds are read to their parts ([`IndexParts`]), from which an
//! index is made that can be searched; the others are named and described. The vectors of flat
//! indexes are read where they lie, under the ids of an id map around them. They never lie at a multiple of
//! four bytes (the headers are odd), so floats are copied block by block. Rows are written as
//! such an index: a flat one, with integer ids as an id map over it. Parts of any kind are written as
//! they are.
//!
//! [`IndexParts`]: anear_types::parts::IndexParts
//!
//! Source: FAISS 1.15, `faiss/impl/index_write.cpp` and `faiss/impl/index_read.cpp`.

mod container;
mod describe;
mod header;
mod kinds;
mod metric;
mod read;
mod sink;
#[cfg(test)]
mod tests;
mod write;

pub use metric::{number as measure_number, numbered as measure_numbered};
pub use read::{ListFiles, read_index, read_transform};
pub use write::{index_bytes, transform_bytes, write_index, write_index_and_lists};

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Cursor, Input, Output};
use anear_types::{Element, Result, Schema};
use header::Header;
use kinds::NO_INDEX;

/// The format.
#[derive(Debug)]
pub(crate) struct Faiss;

static INFO: FormatInfo = FormatInfo {
    name: "faiss",
    extensions: &["faiss", "index"],
    about: "FAISS indexes: most kinds read, flat ones and id maps over them written",
    writes: &[Element::F32],
    keeps: Keeps::IntegerIds,
};

impl Format for Faiss {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let Some((fourcc, _)) = head.split_first_chunk::<4>() else { return Score::No };
        let suffix_agrees = INFO.extensions.contains(&hint.extension.as_str());
        let looks_like_one = fourcc[0] == b'I' && fourcc.iter().all(u8::is_ascii_alphanumeric);
        if Header::read(&mut Cursor::new(head)).is_ok() {
            Score::Certain
        } else if suffix_agrees && (looks_like_one || fourcc == NO_INDEX) {
            Score::Likely // to say what is wrong with it
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        Ok(Box::new(container::FaissFile::open(&input, options)?))
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
