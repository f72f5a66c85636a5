//! Parquet: vectors as a column of lists, metadata as the columns beside it.
//!
//! Pages are decoded by the Apache `parquet` crate (its column readers, without Arrow); what a
//! hostile file could make it allocate is checked before, and what could make it panic is caught.
//! Each vector column is an entry named like the column; the other columns are the metadata of
//! every entry. Written files have a fixed-size list, which Parquet does not know of itself: the
//! key `ARROW:schema` of the footer tells pyarrow, pandas, DuckDB and Polars.

mod arrow_schema;
mod check;
mod columns;
mod container;
mod file;
mod layout;
mod nested;
mod notes;
mod source;
#[cfg(test)]
mod tests;
mod thrift;
mod typed;
mod values;
mod vectors;
mod write;

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Element, Result, Schema};

/// The format.
#[derive(Debug)]
pub(crate) struct Parquet;

static INFO: FormatInfo = FormatInfo {
    name: "parquet",
    extensions: &["parquet", "pq"],
    about: "Apache Parquet tables with a column of vectors",
    writes: &[
        Element::Bool,
        Element::I8,
        Element::U8,
        Element::I16,
        Element::U16,
        Element::I32,
        Element::U32,
        Element::I64,
        Element::U64,
        Element::F16,
        Element::F32,
        Element::F64,
    ],
    keeps: Keeps::Metadata,
};

impl Format for Parquet {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], _: &Hint) -> Score {
        if head.starts_with(b"PAR1") || head.starts_with(check::MAGIC_ENCRYPTED) {
            Score::Certain
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        Ok(Box::new(container::Table::open(input, options)?))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(write::Writer::create(output, schema, options)?))
    }
}
