//! What one asks of a collection, and what it answers.

use crate::{Goal, Ids, Interrupt, SaveRequest};
use anear_types::{Block, Column, MatrixRef, Metric, Value};

/// Rows to add.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The vectors; converted when that loses no more than the rounding of fractions.
    pub vectors: MatrixRef<'a>,
    /// Their ids; `None` counts on from the largest integer id.
    pub ids: Option<&'a Ids>,
    /// Their metadata, one value a row; new columns are added to the collection.
    pub metadata: &'a [Column],
    /// Columns among them whose texts are JSON documents.
    pub json: &'a [String],
}

/// What to do with ids that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse the batch.
    Refuse,
    /// Replace vector and metadata (columns that are not given become null).
    Replace,
}

/// What was added.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// Rows that are new.
    pub added: u64,
    /// Rows that replaced others.
    pub updated: u64,
    /// Rows there are now.
    pub rows: u64,
    /// The ids of a batch, in its order; of an import none.
    pub ids: Option<Ids>,
}

/// An SQL expression over the columns and `id`, with values for its `?`.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The expression.
    pub sql: &'a str,
    /// Values for the `?`.
    pub params: &'a [Value],
}

/// What a caller takes a collection to be; `None` is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// Components in a vector.
    pub dim: Option<usize>,
    /// How nearness is measured.
    pub metric: Option<Metric>,
    /// The model that made the vectors.
    pub model: Option<&'a str>,
}

/// Rows by id.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The ids that were found.
    pub ids: Ids,
    /// Their vectors, as stored.
    pub vectors: Block,
    /// Their metadata.
    pub columns: Vec<Column>,
    /// The ids that are not there.
    pub missing: Vec<Value>,
}

/// What to search for.
#[derive(Clone, Copy, Debug)]
pub enum Sought<'a> {
    /// What is near to each of these vectors.
    Vectors(MatrixRef<'a>),
    /// What is near to each of these rows.
    Ids(&'a Ids),
    /// What matches a text (FTS5 syntax; words otherwise), by BM25: distance is the score, smaller is better.
    Text(&'a str),
    /// Both: a vector and a text, fused by reciprocal rank; distance is minus the score.
    Hybrid {
        /// One query vector.
        vector: MatrixRef<'a>,
        /// The text.
        text: &'a str,
    },
}

/// How to search.
#[derive(Clone, Copy)]
pub struct CollectionSearch<'a> {
    /// How many hits, or how near.
    pub goal: Goal,
    /// What hits must meet.
    pub condition: Option<Condition<'a>>,
    /// Metadata columns to return; `None` for all.
    pub show: Option<&'a [String]>,
    /// Threads to use; 0 counts as 1.
    pub threads: usize,
    /// What can stop the search.
    pub interrupt: Option<Interrupt<'a>>,
}

/// A row that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionHit {
    /// Its position in the collection's files, until the next [`compact`](crate::Collection::compact).
    pub row: u64,
    /// Its id.
    pub id: Value,
    /// The distance, in the metric's scale.
    pub distance: f64,
    /// Values of the columns asked for.
    pub metadata: Vec<Value>,
}

/// What compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Rows there are.
    pub rows: u64,
    /// Deleted rows that are gone for good.
    pub removed: u64,
    /// Bytes of all files before and after.
    pub bytes: (u64, u64),
}

/// What was found by checking.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Rows that were checked.
    pub rows: u64,
    /// What is wrong; empty when all is well.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What, and where.
    pub what: String,
    /// Whether it was set right.
    pub repaired: bool,
}

/// Where to write rows, and which.
#[derive(Clone, Copy, Debug)]
pub struct ExportRequest<'a> {
    /// File, format, element, compression.
    pub output: &'a SaveRequest,
    /// Which rows; `None` for all.
    pub condition: Option<Condition<'a>>,
}
