//! What an index is: how it is built, changed, searched and kept.

use crate::flat::{Goal, NonFinite};
use crate::{RowSet, Rows};
use anear_io::{About, Segment, SegmentWriter};
use anear_types::{MatrixRef, Metric, Neighbor, Result, Value};
use std::any::Any;
use std::ops::Range;

/// A kind of index: a row of the table [`INDEX_KINDS`](crate::INDEX_KINDS).
pub trait IndexKind: Sync {
    /// Its name and what to say of it.
    fn info(&self) -> &'static KindInfo;

    /// An index over rows that were checked ([`Metric::check_rows`]). It is there at once, and can
    /// be searched: what makes searches fast is left to [lessons](Index::lesson).
    ///
    /// # Errors
    /// If this kind cannot be built over such rows.
    fn build(&self, rows: Rows, spec: &Spec) -> Result<Box<dyn Index>>;

    /// Opens an index that [`Index::save`] or [`Index::save_learned`] wrote, over its rows: those
    /// in the file ([`Rows::in_file`]) or elsewhere. If there are more than the file tells of,
    /// the others are new.
    ///
    /// # Errors
    /// If its sections are missing or contradict each other.
    ///
    /// # Panics
    /// If the rows have another element or dimension than the file says, or are fewer.
    fn load(&self, segment: &Segment, about: &About, rows: Rows) -> Result<Box<dyn Index>>;
}

/// How to build an index.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// How nearness is measured.
    pub metric: Metric,
    /// Whether to keep a byte a component beside the rows, which makes searches several times as
    /// fast and changes no answer.
    pub prefilter: bool,
}

/// What there is to say about a kind of index.
#[derive(Debug)]
pub struct KindInfo {
    /// The name in `--kind` and in files.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether each hit is surely among the nearest.
    pub is_exact: bool,
}

/// Rows that can be searched. A row has a number, counted from 0 in the order of arrival, which it
/// keeps while the index is in memory; numbers of removed rows are not given again.
///
/// # Learning
///
/// Rows can be searched from the moment they are there. An index learns about them to be faster:
/// sums and codes, or a graph over them. What it has not learned yet concerns the rows at the end,
/// those it is [`lacking`](Index::lacking): a search looks at each of them, and takes the best of
/// both. So no answer ever misses a row, and where a kind is exact, answers are the same before
/// and after.
///
/// Learning takes a while and is done beside the index, which can be searched and changed meanwhile:
///
/// 1. [`lesson`](Index::lesson) says what there is to learn. It holds on to the rows, not to the
///    index.
/// 2. [`Lesson::learn`] does the work, on whatever thread.
/// 3. [`accept`](Index::accept) puts the result in its place.
///
/// A few rows that are added to others of which all is known are learned at once.
/// [`catch_up`](Index::catch_up) does it all for those who can wait.
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

    /// Takes other places for the rows: the first [`len`](Rows::len) of `rows` are those there were,
    /// now somewhere else, such as in a file they were written to. More of them are new, as in
    /// [`add`](Index::add).
    ///
    /// # Panics
    /// If they have another element or dimension, or are fewer.
    fn rebase(&mut self, rows: Rows);

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

    /// The rows of which not all is known that could be, from some number to the end. There is a
    /// [`lesson`](Index::lesson) then; there may also be one that learns anew about other rows.
    fn lacking(&self) -> Range<u64>;

    /// What there is to learn now; `None` if nothing.
    fn lesson(&self) -> Option<Box<dyn Lesson>>;

    /// Takes what a lesson brought. That is a matter of moments. What is of no use any more, since
    /// another lesson was faster, is dropped, and so is what was learned for another index.
    fn accept(&mut self, learned: Learned);

    /// Learns all there is to learn.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted); what was learned before stays.
    fn catch_up(&mut self, threads: usize, interrupt: Option<Interrupt<'_>>) -> Result<()> {
        while let Some(lesson) = self.lesson() {
            let learned = lesson.learn(threads, interrupt)?;
            self.accept(learned);
        }
        Ok(())
    }

    /// Writes the sections of this kind. Removed rows are left out, and the others move up.
    ///
    /// # Errors
    /// If writing fails.
    fn save(&self, writer: &mut SegmentWriter) -> Result<()>;

    /// Writes the sections with what was learned, without the rows, and returns how many rows they
    /// tell of: the first ones, which keep their numbers, removed or not.
    ///
    /// # Errors
    /// If writing fails.
    fn save_learned(&self, writer: &mut SegmentWriter) -> Result<u64>;
}

/// Something to learn about rows of an index, see [`Index`].
pub trait Lesson: std::fmt::Debug + Send {
    /// The rows it is about.
    fn rows(&self) -> Range<u64>;

    /// Does the work, on some threads; 0 counts as 1. What is learned does not depend on it.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    fn learn(self: Box<Self>, threads: usize, interrupt: Option<Interrupt<'_>>) -> Result<Learned>;
}

/// What a lesson brought, for the [index](Index::accept) it came from.
pub struct Learned(Box<dyn Any + Send>);

impl Learned {
    /// Wraps what a kind of index learned.
    pub(crate) fn new(learned: impl Any + Send) -> Learned {
        Learned(Box::new(learned))
    }

    /// What was wrapped, if it is of this type.
    pub(crate) fn take<T: Any>(self) -> Option<T> {
        self.0.downcast().ok().map(|learned| *learned)
    }
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Learned(..)")
    }
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
    /// Whether each row that may be found is looked at, also by a kind that finds most of the
    /// nearest.
    pub exact: bool,
    /// Threads to use; 0 counts as 1. The answers do not depend on it.
    pub threads: usize,
    /// What can stop the search.
    pub interrupt: Option<Interrupt<'a>>,
}

/// Which rows a search may find. The cost of a search is that of the rows that pass, or a little
/// more than that of all where most of a set pass.
#[derive(Clone, Copy, Debug)]
pub enum Keep<'a> {
    /// All.
    All,
    /// Those on a list, ascending; numbers without a row are passed over.
    Listed(&'a [u64]),
    /// Those in a set.
    Set(&'a RowSet),
}
