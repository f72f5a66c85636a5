//! What an index is: how it is built, changed, searched and kept.

use crate::flat::{Goal, NonFinite};
use crate::{RowSet, Rows};
use anear_io::{About, Segment, SegmentWriter};
use anear_types::{MatrixRef, Metric, Neighbor, Result, Value};

/// A kind of index: a row of the table [`INDEX_KINDS`](crate::INDEX_KINDS).
pub trait IndexKind: Sync {
    /// Its name and what to say of it.
    fn info(&self) -> &'static KindInfo;

    /// Builds an index over rows that were checked ([`Metric::check_rows`]).
    ///
    /// # Errors
    /// If this kind cannot be built over such rows.
    fn build(&self, rows: Rows, spec: &Spec) -> Result<Box<dyn Index>>;

    /// Opens an index that [`Index::save`] wrote.
    ///
    /// # Errors
    /// If its sections are missing or contradict each other.
    fn load(&self, segment: &Segment, about: &About) -> Result<Box<dyn Index>>;
}

/// How to build an index.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// How nearness is measured.
    pub metric: Metric,
    /// Whether to keep a byte a component beside the rows, which makes searches several times as
    /// fast and changes no answer.
    pub prefilter: bool,
    /// Threads to use; 0 counts as 1. The index does not depend on it.
    pub threads: usize,
}

/// What there is to say about a kind of index.
#[derive(Debug)]
pub struct KindInfo {
    /// The name in `--kind` and in files.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
}

/// Rows that can be searched. A row has a number, counted from 0 in the order of arrival, which it
/// keeps while the index is in memory; numbers of removed rows are not given again.
pub trait Index: std::fmt::Debug + Send + Sync {
    /// The kind of this index.
    fn info(&self) -> &'static KindInfo;

    /// How nearness is measured.
    fn metric(&self) -> Metric;

    /// How it was built, by the names of the settings.
    fn params(&self) -> Vec<(String, Value)>;

    /// All rows, removed ones too.
    fn rows(&self) -> &Rows;

    /// The rows that were removed.
    fn removed(&self) -> &RowSet;

    /// Appends rows that were checked ([`Metric::check_rows`]).
    ///
    /// # Panics
    /// If they have another element or dimension.
    fn add(&mut self, rows: MatrixRef<'_>);

    /// Removes a row: no search finds it any more. Returns whether it was there.
    fn remove(&mut self, row: u64) -> bool;

    /// For each query its neighbours, the nearest first, and the smaller row first where
    /// distances are the same.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the dimension of the queries is not that of the
    /// rows, or the plan makes no sense; [`BadData`](anear_types::ErrorKind::BadData) if a query
    /// holds NaN or infinity; [`Interrupted`](anear_types::ErrorKind::Interrupted).
    fn search(&self, queries: MatrixRef<'_>, plan: &Plan<'_>) -> Result<Vec<Vec<Neighbor>>>;

    /// Writes the sections of this kind. Removed rows are left out, and the others move up.
    ///
    /// # Errors
    /// If writing fails.
    fn save(&self, writer: &mut SegmentWriter) -> Result<()>;
}

/// Asked now and then whether the work should stop: `true` ends it with an
/// [`Interrupted`](anear_types::ErrorKind::Interrupted) error.
pub type Interrupt<'a> = &'a (dyn Fn() -> bool + Sync);

/// How to search.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// What to search for.
    pub goal: Goal,
    /// Which rows may be found.
    pub keep: Keep<'a>,
    /// What to do with rows that are not finite. An index has none, unless its file is damaged.
    pub nonfinite: NonFinite,
    /// Threads to use; 0 counts as 1. The answers do not depend on it.
    pub threads: usize,
    /// What can stop the search.
    pub interrupt: Option<Interrupt<'a>>,
}

/// Which rows a search may find. The cost of a search is that of the rows that pass.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// All.
    All,
    /// Those on a list, ascending; numbers without a row are passed over.
    Listed(&'a [u64]),
    /// Those in a set.
    Set(&'a RowSet),
}
