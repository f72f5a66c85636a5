//! Indexes of other libraries, searched as those do: the same rows looked at, the same scores.
//!
//! Such an index is a composition: a structure (`coded`, `ivf`,
//! `graph`) over codes of some codec, wrapped by others
//! (`composed`). All are an [`AnnIndex`], and know each other only as that.
//! [`adopt`] makes one of the parts that a file was read to.

mod adopt;
mod answers;
mod budget;
mod collector;
mod threads;
mod together;

pub use crate::composed::{applied, undone};
pub use adopt::adopt;
pub use answers::Answers;
pub use budget::Budget;
pub use threads::{search_in_threads, search_lists_in_threads};

pub(crate) use adopt::{adopt_inner, centroids_of, codec_of, laid_out_codec};
pub(crate) use budget::{Spent, Stops};
pub(crate) use collector::Collector;
pub(crate) use together::{FEWEST, Takers, Together};

use crate::flat::Goal;
pub use anear_quant::{How, Rounding};

use anear_quant::Query;
use anear_types::{Error, Order, Result};
use std::ops::Range;

/// An index of another library.
///
/// Scores are lower for nearer rows: a distance, or minus a similarity.
pub trait AnnIndex: Send + Sync {
    /// Components in a row; bits for rows of bits.
    fn dim(&self) -> usize;

    /// How many rows there are.
    fn rows(&self) -> u64;

    /// How nearness is measured.
    fn how(&self) -> How;

    /// The ids of what is found for each query, the nearest first and the smaller id first where
    /// scores are the same. Fewer than wanted are found where an index has not looked at more.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) where the other library has no answer
    /// either.
    ///
    /// # Panics
    /// If queries are not as rows are ([`Queries::check`]).
    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>>;

    /// Searches, of each query, the lists with these numbers only; -1 stands for none.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the index has no lists;
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no list of such a number; or as for
    /// [`search`](AnnIndex::search).
    ///
    /// # Panics
    /// If queries are not as rows are, or there are not numbers for each of them.
    fn search_lists(
        &self,
        queries: Queries<'_>,
        lists: &[Vec<i64>],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let _ = (queries, lists, goal, settings);
        Err(Error::unsupported("the index has no lists to be searched"))
    }

    /// Prepares a query, to score rows by their ids.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the index does not number its rows
    /// from 0.
    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        let _ = query;
        Err(Error::unsupported("rows of this index are not scored one by one"))
    }

    /// The same for a search that scores many rows [up to a bound](RowScorer::score_up_to).
    ///
    /// # Errors
    /// As for [`row_scorer`](AnnIndex::row_scorer).
    fn bounded_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.row_scorer(query)
    }

    /// Writes the row with an id, as near as its code tells.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if no row has this id;
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if a transform cannot be undone.
    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()>;

    /// The ids of rows `rows`, counted in the order in which the index keeps them.
    ///
    /// # Errors
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if an index inside has other ids than the
    /// outer one has names for.
    ///
    /// # Panics
    /// If there are no such rows.
    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>>;

    /// Writes rows `rows`, counted as for [`ids`](AnnIndex::ids), as near as their codes tell.
    ///
    /// # Errors
    /// As for [`reconstruct`](AnnIndex::reconstruct).
    ///
    /// # Panics
    /// If there are no such rows, or not room for exactly them.
    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()>;

    /// Whether rows come back as they were put in.
    fn is_lossless(&self) -> bool;
}

/// Scores rows, which are numbered from 0, against a query.
pub trait RowScorer {
    /// Scores some of the rows.
    ///
    /// # Panics
    /// If there is not one number for each of `scores`, or a row is not there.
    fn score(&mut self, rows: &[u32], scores: &mut [f32]);

    /// Scores some of the rows; a score beyond `bound` may be infinite.
    ///
    /// # Panics
    /// As for [`score`](RowScorer::score).
    fn score_up_to(&mut self, bound: f32, rows: &[u32], scores: &mut [f32]) {
        let _ = bound;
        self.score(rows, scores);
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The id of a row.
    pub id: i64,
    /// Its score, the lower the nearer.
    pub score: f32,
}

/// How to search; what is not said is as the index says.
#[derive(Clone, Copy, Default)]
pub struct Settings<'a> {
    /// How many inverted lists are looked at.
    pub probes: Option<usize>,
    /// How many rows are looked at by way of a graph.
    pub effort: Option<usize>,
    /// How many times as many rows as wanted are found, for a second index to order.
    pub factor: Option<f32>,
    /// Which ids are wanted; `None` for all.
    pub keep: Option<&'a (dyn Fn(i64) -> bool + Sync)>,
    /// When a search of lists ends before all of them were looked at.
    pub budget: Budget,
    /// How the lists to look at are found.
    pub coarse: Option<&'a Settings<'a>>,
    /// How queries are rounded, by codecs that do.
    pub rounding: Option<Rounding>,
}

impl Settings<'_> {
    pub(crate) fn keeps(&self, id: i64) -> bool {
        self.keep.is_none_or(|keep| keep(id))
    }
}

/// Queries, one behind another.
#[derive(Clone, Copy, Debug)]
pub enum Queries<'a> {
    /// Components.
    Floats {
        /// All of them.
        values: &'a [f32],
        /// Components in a query.
        dim: usize,
    },
    /// Packed bits.
    Bits {
        /// All of them.
        bytes: &'a [u8],
        /// Bits in a query, a multiple of 8.
        dim: usize,
    },
}

impl<'a> Queries<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Queries::Floats { values, dim } => values.len() / dim,
            Queries::Bits { bytes, dim } => bytes.len() / (dim / 8),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after another.
    pub fn iter(self) -> impl Iterator<Item = Query<'a>> {
        (0..self.len()).map(move |at| match self.range(at, at + 1) {
            Queries::Floats { values, .. } => Query::Floats(values),
            Queries::Bits { bytes, .. } => Query::Bits(bytes),
        })
    }

    /// Queries `start..end`.
    ///
    /// # Panics
    /// If they are not there.
    pub fn range(self, start: usize, end: usize) -> Queries<'a> {
        match self {
            Queries::Floats { values, dim } => {
                Queries::Floats { values: &values[start * dim..end * dim], dim }
            }
            Queries::Bits { bytes, dim } => {
                Queries::Bits { bytes: &bytes[start * (dim / 8)..end * (dim / 8)], dim }
            }
        }
    }

    /// Checks that they are as the rows of an index are, and `k` is not 0.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if they are not.
    pub fn check(self, index: &dyn AnnIndex, goal: Goal) -> Result<()> {
        let (is_bits, dim) = match self {
            Queries::Floats { dim, .. } => (false, dim),
            Queries::Bits { dim, .. } => (true, dim),
        };
        let holds_bits = index.how().measure == anear_types::Measure::Hamming;
        if is_bits != holds_bits {
            let of = |bits| if bits { "bits" } else { "numbers" };
            let (queries, rows) = (of(is_bits), of(holds_bits));
            return Err(Error::usage(format!("the queries are {queries}, the index holds {rows}")));
        }
        if dim != index.dim() {
            let rows = index.dim();
            let what = format!("the queries have dimension {dim}, the index has {rows}");
            return Err(Error::usage(what));
        }
        if matches!(goal, Goal::Nearest { k: 0 }) {
            return Err(Error::usage("k is 0").help("ask for one neighbour at least"));
        }
        Ok(())
    }
}

/// The distance (or similarity) that a score stands for.
pub fn distance(how: How, score: f32) -> f32 {
    match how.measure.order() {
        Order::SmallerIsNearer => score,
        Order::LargerIsNearer => 0.0 - score,
    }
}
