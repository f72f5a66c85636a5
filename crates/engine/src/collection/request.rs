//! What one asks of a collection, and what it answers.

use crate::{CollectionColumn, Goal, Ids, Interrupt, SaveRequest};
use anear_types::{Block, Column, Limits, MatrixRef, Metric, Value};

/// An SQL expression over the columns and `id`, with values for its `?`.
#[derive(Clone, Copy, Debug)]
pub struct Condition<'a> {
    /// The expression.
    pub sql: &'a str,
    /// Values for the `?`.
    pub params: &'a [Value],
}

/// How long a condition may take.
pub(super) fn condition_ms() -> u64 {
    Limits::default().query_ms
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
    /// What the metadata columns are.
    pub columns: Vec<CollectionColumn>,
    /// Their metadata, a value a row.
    pub metadata: Vec<Column>,
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
    /// What holds any word of a text, or phrase in double quotes, the best first by BM25. The
    /// distance is SQLite's score, which is negative: smaller is better.
    Text(&'a str),
    /// Both: what is near to a vector, and what matches a text, fused by reciprocal rank. The
    /// distance is minus the fused score.
    Hybrid {
        /// One query vector.
        vector: MatrixRef<'a>,
        /// The text.
        text: &'a str,
    },
}

/// How to search a collection.
#[derive(Clone, Copy)]
pub struct CollectionSearch<'a> {
    /// How many hits, or how near.
    pub goal: Goal,
    /// What hits must meet.
    pub condition: Option<Condition<'a>>,
    /// Metadata columns to return; `None` for all.
    pub show: Option<&'a [String]>,
    /// Whether to look at each row that meets the condition, also where the index finds most of the
    /// nearest.
    pub exact: bool,
    /// Threads to use; 0 counts as 1.
    pub threads: usize,
    /// What can stop the search.
    pub interrupt: Option<Interrupt<'a>>,
}

impl CollectionSearch<'_> {
    /// The `k` nearest of all rows, with all metadata.
    pub fn nearest(k: usize) -> CollectionSearch<'static> {
        CollectionSearch {
            goal: Goal::Nearest { k },
            condition: None,
            show: None,
            exact: false,
            threads: 1,
            interrupt: None,
        }
    }
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct CollectionReply {
    /// Whether the hits are surely the nearest, which they are but for an index that finds most of
    /// them.
    pub exact: bool,
    /// The metadata columns that each hit has values of.
    pub columns: Vec<CollectionColumn>,
    /// Hits for each query, the nearest first.
    pub results: Vec<Vec<CollectionHit>>,
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

/// Where to write rows, and which.
#[derive(Clone, Copy, Debug)]
pub struct ExportRequest<'a> {
    /// File, format, element, compression.
    pub output: &'a SaveRequest,
    /// Which rows; `None` for all.
    pub condition: Option<Condition<'a>>,
    /// The kind of index to build, for an output that is one.
    pub kind: Option<&'a str>,
    /// Whether to write metadata; where the format cannot keep it, it goes into a sidecar.
    pub keep_metadata: bool,
}
