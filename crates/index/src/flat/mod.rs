//! Exact search: every row is looked at.
//!
//! [`FlatSearch`] takes blocks of rows in whatever element they are stored, so a file larger than
//! memory is searched as it streams by, and a mapped file without a copy.
//!
//! # How
//!
//! What is reported and what decides the order is the distance in f64, computed from the stored
//! components. Almost no row needs it. A *screen* scores tiles of rows in f32 against groups of
//! queries, or their codes in integers where there are codes ([`Beside`]). A score tells between
//! which two distances that of the row lies. Once `k` rows are surely as near as some distance, rows
//! that are surely farther are dropped: vectors of scores are compared with the bound that this is
//! for them, so that almost all rows cost no more than their score. The proof is in `screen`, for codes
//! in `docs/notes/0003-prefilter.md`. What is left in the end is computed in f64.
//!
//! Bits need no screen: their distances are counts, and exact.
//!
//! The answer is the first `k` in the order of (distance, row). That is a property of the rows,
//! not of the way there, so it does not depend on the blocks, the threads or the CPU.

mod bits;
mod candidates;
mod coded;
mod hits;
mod nearest;
mod numbers;
mod piece;
mod screen;
mod screening;
mod settle;
mod threads;
mod which;

use crate::Interrupt;
use anear_kernels::Level;
use anear_quant::sq::{Coded, Sq};
use anear_types::{Element, Error, MatrixRef, Metric, Neighbor, Order, Result};
use bits::BitQueries;
use candidates::{Candidates, Thresholds};
use coded::CodedWorker;
use hits::Hits;
use nearest::Nearest;
use numbers::NumberQueries;
use piece::Piece;
use threads::Worker;

pub(crate) use threads::side_by_side;
pub(crate) use which::{Mask, Which};

/// What to search for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The `k` nearest rows, or all if there are fewer.
    Nearest {
        /// How many.
        k: usize,
    },
    /// All rows up to this distance; for the inner product, from this similarity on.
    Within {
        /// The distance, in the metric's own scale.
        radius: f64,
    },
}

/// What to do with rows that hold NaN or infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// Stop with an error that names the row.
    #[default]
    Refuse,
    /// Leave them out.
    Skip,
}

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct FlatOptions {
    /// How nearness is measured.
    pub metric: Metric,
    /// What to search for.
    pub goal: Goal,
    /// What to do with rows that are not finite.
    pub nonfinite: NonFinite,
    /// Threads to use; 0 counts as 1. The answers do not depend on it.
    pub threads: usize,
}

/// Pairs of codes that take as long as one of numbers.
const CODE_PAIRS_AT_ONCE: usize = 6;
/// With fewer rows than this for each hit, codes leave too many candidates to be of use.
const LEAST_ROWS_FOR_EACH_HIT: usize = 8;

/// An exact search under way: [`new`](FlatSearch::new), then [`scan`](FlatSearch::scan) for each
/// block of rows, then [`finish`](FlatSearch::finish).
///
/// ```
/// use anear_index::flat::{FlatOptions, FlatSearch, Goal, NonFinite};
/// use anear_types::{Element, MatrixRef, Metric};
///
/// let (rows, query) = ([0u8, 0, 3, 4, 6, 8], [3i8, 3]);
/// let options = FlatOptions {
///     metric: Metric::Euclidean,
///     goal: Goal::Nearest { k: 2 },
///     nonfinite: NonFinite::Refuse,
///     threads: 1,
/// };
/// let query: Vec<u8> = query.iter().map(|value| *value as u8).collect();
/// let mut search = FlatSearch::new(MatrixRef::new(&query, Element::I8, 1, 2), options)?;
/// search.scan(0, MatrixRef::new(&rows, Element::U8, 3, 2), None)?;
/// let found = &search.finish()[0];
/// assert_eq!((found[0].row, found[0].distance), (1, 1.0));
/// assert_eq!(found[1].row, 0);
/// # Ok::<(), anear_types::Error>(())
/// ```
pub struct FlatSearch<'a> {
    options: FlatOptions,
    interrupt: Option<Interrupt<'a>>,
    level: Level,
    queries: Queries,
    found: Vec<Nearest>,
    skipped: u64,
}

/// What is known of rows beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The sum of squares of each row, as [`squares`](anear_kernels::ops::squares) computes it.
    pub squares: Option<&'a [f32]>,
    /// The rows in one byte a component, and how they were coded.
    pub codes: Option<(&'a Sq, Coded<'a>)>,
}

impl<'a> Beside<'a> {
    /// What is known of rows `start..end`.
    ///
    /// # Panics
    /// If they do not exist.
    pub fn range(&self, start: usize, end: usize) -> Beside<'a> {
        Beside {
            squares: self.squares.map(|squares| &squares[start..end]),
            codes: self.codes.map(|(sq, coded)| (sq, coded.range(start, end))),
        }
    }

    fn check(&self, rows: usize) {
        assert!(self.squares.is_none_or(|squares| squares.len() == rows));
        assert!(self.codes.is_none_or(|(_, coded)| coded.codes.rows() == rows));
    }
}

#[derive(Debug)]
enum Queries {
    Numbers(NumberQueries),
    Bits(BitQueries),
}

/// What a thread finds, for each query.
#[derive(Debug, Default)]
struct Findings {
    /// Rows whose distances are known.
    nearest: Vec<Nearest>,
    /// Rows whose distances are known to lie in intervals.
    candidates: Vec<Candidates>,
    /// Rows left out because they are not finite.
    skipped: u64,
}

impl Goal {
    /// How many rows are wanted at most.
    fn k(self) -> usize {
        match self {
            Goal::Nearest { k } => k,
            Goal::Within { .. } => usize::MAX,
        }
    }
}

impl<'a> FlatSearch<'a> {
    /// Prepares a search for the rows nearest to each row of `queries`, whose element need not be
    /// that of the rows.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if `k` is 0, the radius is no number or the
    /// queries have no components; [`BadData`](anear_types::ErrorKind::BadData) if a query holds
    /// a value that is not finite or that the metric is not for.
    pub fn new(queries: MatrixRef<'_>, options: FlatOptions) -> Result<FlatSearch<'a>> {
        FlatSearch::for_some(0, queries, options)
    }

    /// The same for some of many queries, of which the first has the number `first_query`: errors
    /// name queries by their numbers.
    ///
    /// # Errors
    /// As for [`new`](FlatSearch::new).
    pub fn for_some(
        first_query: usize,
        queries: MatrixRef<'_>,
        options: FlatOptions,
    ) -> Result<FlatSearch<'a>> {
        if queries.dim() == 0 {
            return Err(Error::usage("the queries have no components"));
        }
        let metric = options.metric;
        let empty = match options.goal {
            Goal::Nearest { k: 0 } => {
                return Err(Error::usage("k is 0").help("ask for one neighbour at least"));
            }
            Goal::Nearest { k } => Nearest::new(k, f64::INFINITY),
            Goal::Within { radius } if radius.is_nan() => {
                return Err(Error::usage("the radius is not a number"));
            }
            Goal::Within { radius } => Nearest::new(usize::MAX, key(metric, radius)),
        };
        let level = Level::best();
        let prepared = if metric.is_binary() {
            Queries::Bits(BitQueries::new(level, metric, first_query, queries)?)
        } else {
            Queries::Numbers(NumberQueries::new(level, metric, first_query, queries)?)
        };
        let found = vec![empty; queries.rows()];
        Ok(FlatSearch { options, interrupt: None, level, queries: prepared, found, skipped: 0 })
    }

    /// Asks `interrupt` now and then whether to stop, about ten times a second.
    pub fn interrupted_by(self, interrupt: Interrupt<'a>) -> FlatSearch<'a> {
        FlatSearch { interrupt: Some(interrupt), ..self }
    }

    /// Searches a block of rows, of which the first has the number `first_row`. With `keep`, only
    /// the rows with these numbers, in ascending order; it may list rows of other blocks too, and
    /// the cost is that of the rows it lists.
    ///
    /// After an error the search is of no further use.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the dimension is not that of the queries;
    /// [`BadData`](anear_types::ErrorKind::BadData) with the first row that holds a value which is
    /// not finite, unless such rows are skipped, or one that the metric is not for;
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    pub fn scan(
        &mut self,
        first_row: u64,
        rows: MatrixRef<'_>,
        keep: Option<&[u64]>,
    ) -> Result<()> {
        self.scan_beside(first_row, rows, &Beside::default(), keep)
    }

    /// The same for rows of which something is known beforehand. If there are codes, the rows must
    /// hold finite numbers only.
    ///
    /// # Errors
    /// As for [`scan`](FlatSearch::scan).
    ///
    /// # Panics
    /// If what is known is not of as many rows.
    pub fn scan_beside(
        &mut self,
        first_row: u64,
        rows: MatrixRef<'_>,
        beside: &Beside<'_>,
        keep: Option<&[u64]>,
    ) -> Result<()> {
        self.scan_which(first_row, rows, beside, keep.map_or(Which::All, Which::Listed))
    }

    /// The same for those rows that pass.
    pub(crate) fn scan_which(
        &mut self,
        first_row: u64,
        rows: MatrixRef<'_>,
        beside: &Beside<'_>,
        which: Which<'_>,
    ) -> Result<()> {
        beside.check(rows.rows());
        self.prepare_for(rows.element(), rows.dim())?;
        let piece = Piece::new(first_row, rows, which);
        if piece.rows() == 0 || self.found.is_empty() {
            return Ok(());
        }
        let findings = self.find(piece, beside)?;
        let block = Piece::new(first_row, rows, Which::All);
        self.settle(findings, block);
        Ok(())
    }

    fn find(&self, piece: Piece<'_>, beside: &Beside<'_>) -> Result<Vec<Findings>> {
        let (level, nonfinite, k) = (self.level, self.options.nonfinite, self.options.goal.k());
        let thresholds = Thresholds::new(self.found.iter().map(Nearest::threshold));
        let hits = || Hits::new(k, &thresholds, self.found.len());
        match (&self.queries, beside.codes.filter(|_| self.is_selective(piece))) {
            (Queries::Numbers(queries), Some((sq, coded))) if queries.is_for(sq) => {
                let prepared = queries.coded(sq);
                self.scan_in_threads(piece, CODE_PAIRS_AT_ONCE, || {
                    Box::new(CodedWorker::new(level, &prepared, coded, hits()))
                })
            }
            (Queries::Numbers(queries), _) => {
                self.scan_in_threads(piece, 1, || queries.worker(nonfinite, hits(), beside.squares))
            }
            (Queries::Bits(queries), _) => self
                .scan_in_threads(piece, 1, || queries.worker(level, nonfinite, hits().nearest())),
        }
    }

    fn scan_in_threads<'b>(
        &self,
        piece: Piece<'_>,
        pairs_at_once: usize,
        worker: impl Fn() -> Box<dyn Worker<Findings = Findings> + 'b> + Sync,
    ) -> Result<Vec<Findings>> {
        let pairs = piece.dim().saturating_mul(self.found.len());
        let row_pairs = pairs.div_ceil(pairs_at_once);
        threads::scan(piece, row_pairs, self.options.threads, self.interrupt, worker)
    }

    /// Computes the distances of candidates, and takes what was found.
    fn settle(&mut self, findings: Vec<Findings>, block: Piece<'_>) {
        let k = self.options.goal.k();
        let mut all: Vec<Candidates> =
            self.found.iter().map(|found| Candidates::new(k, found.threshold())).collect();
        for Findings { nearest, candidates, skipped } in findings {
            self.skipped += skipped;
            self.found.iter_mut().zip(nearest).for_each(|(found, more)| found.merge(more));
            all.iter_mut().zip(candidates).for_each(|(all, more)| all.merge(more));
        }
        if let Queries::Numbers(queries) = &self.queries {
            settle::settle(queries, &mut self.found, all, block, self.options.threads);
        }
    }

    /// Whether few enough of the rows are wanted for codes to be of use.
    fn is_selective(&self, piece: Piece<'_>) -> bool {
        match self.options.goal {
            Goal::Nearest { k } => k <= piece.rows() / LEAST_ROWS_FOR_EACH_HIT,
            Goal::Within { .. } => true,
        }
    }

    /// Rows left out so far because they are not finite.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// For each query its neighbours, the nearest first, and the smaller row first where
    /// distances are the same.
    pub fn finish(self) -> Vec<Vec<Neighbor>> {
        let metric = self.options.metric;
        let neighbors = |nearest: Nearest| {
            let sorted = nearest.into_sorted().into_iter();
            sorted.map(|(key, row)| Neighbor { row, distance: distance(metric, key) }).collect()
        };
        self.found.into_iter().map(neighbors).collect()
    }

    fn prepare_for(&mut self, element: Element, dim: usize) -> Result<()> {
        match &mut self.queries {
            Queries::Numbers(queries) => queries.prepare_for(element, dim),
            Queries::Bits(queries) => queries.check(element, dim),
        }
    }
}

impl std::fmt::Debug for FlatSearch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let FlatSearch { options, level, found, skipped, .. } = self;
        let queries = found.len();
        write!(f, "FlatSearch({queries} queries, {options:?}, {level:?}, {skipped} skipped)")
    }
}

/// What hits are ordered by, smaller being nearer. There is one zero only, and what f64 cannot
/// tell is farthest.
fn key(metric: Metric, distance: f64) -> f64 {
    let key = match metric.order() {
        Order::SmallerIsNearer => distance + 0.0,
        Order::LargerIsNearer => 0.0 - distance,
    };
    if key.is_nan() { f64::INFINITY } else { key }
}

/// The distance that has this key.
fn distance(metric: Metric, key: f64) -> f64 {
    match metric.order() {
        Order::SmallerIsNearer => key,
        Order::LargerIsNearer => 0.0 - key,
    }
}
