//! SQLite databases: a column of a table is a matrix, the other columns are its metadata.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `header` | the size of the file against what its first page says |
//! | `connection`, `clock`, `snapshot` | opening a database nobody vouches for; one state seen by all |
//! | `tables`, `detect`, `discover`, `info` | finding the columns that hold vectors |
//! | `rows` | from row numbers to keys and back |
//! | `decode`, `numbers` | from a cell to a vector |
//! | `source`, `container` | reading |
//! | `layout`, `sink` | writing |
//! | [`condition`], `contains` | what users' SQL conditions may do; a function for them |
//! | [`names`], [`values`] | names in SQL, metadata values to and from SQLite's |
//! | [`filter`] | SQL conditions on the metadata of files of any format |
//!
//! Rows are in the order of the rowid (or of the primary key, `WITHOUT ROWID`). Pickles, `.npy`
//! files, JSON, plain lists and raw numbers are told apart by the first rows of a column.

mod clock;
pub mod condition;
mod connection;
mod container;
mod contains;
mod decode;
mod detect;
mod discover;
mod error;
pub mod filter;
mod header;
mod info;
mod layout;
pub mod names;
mod numbers;
mod rows;
mod sink;
mod snapshot;
mod source;
mod tables;
pub mod values;

pub use clock::Clock;
pub use connection::{beside, file_uri};
pub use container::{RowVector, SqliteContainer};

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Element, Result, Schema};

/// The format.
#[derive(Debug)]
pub struct Sqlite;

static INFO: FormatInfo = FormatInfo {
    name: "sqlite",
    extensions: &["db", "sqlite", "sqlite3", "db3"],
    about: "SQLite databases with vectors in BLOBs or text, pickled ones too",
    writes: &[
        Element::F32,
        Element::F64,
        Element::F16,
        Element::Bf16,
        Element::I8,
        Element::U8,
        Element::I16,
        Element::U16,
        Element::I32,
        Element::U32,
        Element::I64,
        Element::U64,
        Element::Bool,
        Element::F8E4M3,
        Element::F8E5M2,
    ],
    keeps: Keeps::Metadata,
};

impl Format for Sqlite {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], _: &Hint) -> Score {
        if head.starts_with(header::MAGIC) { Score::Certain } else { Score::No }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        Ok(Box::new(SqliteContainer::open(input, options)?))
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
