//! Searching an index, or rows at hand.

use super::Index;
use crate::blocks::each_block;
use crate::{Error, Hit, Result, Vectors};
use anear_index::flat::{FlatOptions, FlatSearch, Goal, NonFinite};
use anear_index::{Interrupt, Keep, Plan, RowSet};
use anear_types::{Ids, MatrixRef, Metric, Neighbor, Value};

/// What to search for, and how.
#[derive(Clone, Copy)]
pub struct IndexSearch<'a> {
    /// How many hits, or how near.
    pub goal: Goal,
    /// Which rows may be found; the cost is that of the rows that may.
    pub filter: RowFilter<'a>,
    /// Threads to use; 0 counts as 1. The answers do not depend on it.
    pub threads: usize,
    /// Asked now and then whether to stop, with an
    /// [`Interrupted`](crate::ErrorKind::Interrupted) error.
    pub interrupt: Option<Interrupt<'a>>,
}

/// Which rows a search may find.
#[derive(Clone, Copy, Debug)]
pub enum RowFilter<'a> {
    /// All.
    All,
    /// Those with these numbers, in any order.
    Rows(&'a [u64]),
    /// Those in a set over all rows, removed ones too.
    Mask(&'a RowSet),
    /// Those with these ids, in any order; ids that no row has are passed over. Where there are
    /// no ids, numbers of rows.
    Ids(&'a Ids),
}

impl IndexSearch<'_> {
    /// The `k` nearest of all rows, on one thread.
    pub fn nearest(k: usize) -> IndexSearch<'static> {
        let goal = Goal::Nearest { k };
        IndexSearch { goal, filter: RowFilter::All, threads: 1, interrupt: None }
    }

    fn plan<'b>(&self, keep: Keep<'b>, nonfinite: NonFinite) -> Plan<'b>
    where
        Self: 'b,
    {
        let IndexSearch { goal, threads, interrupt, .. } = *self;
        Plan { goal, keep, nonfinite, exact: false, threads, interrupt }
    }
}

impl Index {
    /// For each query its hits, the nearest first, and the smaller row first where distances are
    /// the same. Hits carry no metadata.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if `k` is 0, the dimension of the queries is not that of
    /// the rows, or the filter is over other rows; [`BadData`](crate::ErrorKind::BadData) if a
    /// query holds NaN or infinity; [`Interrupted`](crate::ErrorKind::Interrupted).
    pub fn search(
        &self,
        queries: MatrixRef<'_>,
        search: &IndexSearch<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let found = self.neighbors(queries, search)?;
        let ids = self.ids()?;
        let hit = |Neighbor { row, distance }: Neighbor| {
            let id = ids.map_or(Value::Int(row as i64), |ids| ids.get(row as usize));
            Hit { row, id, distance, metadata: Vec::new() }
        };
        Ok(found.into_iter().map(|hits| hits.into_iter().map(hit).collect()).collect())
    }

    /// The same by the numbers of rows alone.
    ///
    /// # Errors
    /// As for [`search`](Index::search).
    pub fn neighbors(
        &self,
        queries: MatrixRef<'_>,
        search: &IndexSearch<'_>,
    ) -> Result<Vec<Vec<Neighbor>>> {
        let listed = match search.filter {
            RowFilter::Ids(ids) => self.names.rows_of(ids, &self.kept, self.rows())?,
            _ => Vec::new(),
        };
        let sorted = sorted_rows(search.filter, listed, self.rows())?;
        let plan = search.plan(keep(search.filter, &sorted, self.rows())?, NonFinite::Refuse);
        self.structure.search(queries, &plan)
    }
}

/// Searches rows at hand exactly: for each query its neighbours, the nearest first, and the
/// smaller row first where distances are the same. The element of the queries need not be that of
/// the rows.
///
/// ```
/// use anear::{Element, IndexSearch, MatrixRef, Metric, NonFinite, search_rows};
///
/// let rows = MatrixRef::new(&[0, 0, 3, 4, 6, 8], Element::U8, 3, 2);
/// let query = MatrixRef::new(&[5, 8], Element::U8, 1, 2);
/// let nearest = IndexSearch::nearest(2);
/// let found = search_rows(rows, query, Metric::Manhattan, NonFinite::Refuse, &nearest)?;
/// assert_eq!((found[0][0].row, found[0][1].row), (2, 1));
/// # Ok::<(), anear::Error>(())
/// ```
///
/// # Errors
/// As for [`Index::search`]; and [`BadData`](crate::ErrorKind::BadData) with the first row that
/// holds NaN or infinity, unless such rows are skipped, or what the metric is not for.
pub fn search_rows(
    rows: MatrixRef<'_>,
    queries: MatrixRef<'_>,
    metric: Metric,
    nonfinite: NonFinite,
    search: &IndexSearch<'_>,
) -> Result<Vec<Vec<Neighbor>>> {
    let count = rows.rows() as u64;
    let sorted = sorted_rows(search.filter, numbered(search.filter, count)?, count)?;
    let plan = search.plan(keep(search.filter, &sorted, count)?, nonfinite);
    anear_index::search_rows(rows, queries, metric, &plan)
}

/// Searches the rows of an open file exactly, as [`search_rows`] does: where they are mapped, or
/// as they stream by in about `memory_bytes`.
///
/// # Errors
/// As for [`search_rows`], or if the file is damaged.
pub fn search_vectors(
    vectors: &Vectors,
    queries: MatrixRef<'_>,
    metric: Metric,
    nonfinite: NonFinite,
    search: &IndexSearch<'_>,
    memory_bytes: u64,
) -> Result<Vec<Vec<Neighbor>>> {
    let count = vectors.schema().rows;
    let sorted = sorted_rows(search.filter, numbered(search.filter, count)?, count)?;
    let keep = keep(search.filter, &sorted, count)?;
    let IndexSearch { goal, threads, interrupt, .. } = *search;
    let mut scan = FlatSearch::new(queries, FlatOptions { metric, goal, nonfinite, threads })?;
    if let Some(interrupt) = interrupt {
        scan = scan.interrupted_by(interrupt);
    }
    each_block(vectors, memory_bytes, &mut |first, block| {
        if interrupt.is_some_and(|interrupt| interrupt()) {
            return Err(Error::interrupted());
        }
        let members = match keep {
            Keep::Set(set) => Some(set.members(first..first + block.rows() as u64).collect()),
            Keep::All | Keep::Listed(_) => None::<Vec<u64>>,
        };
        let listed = match keep {
            Keep::Listed(listed) => Some(listed),
            Keep::All | Keep::Set(_) => members.as_deref(),
        };
        scan.scan(first, block, listed).map_err(|error| vectors.locate(error))
    })?;
    Ok(scan.finish())
}

/// The rows that a filter lists by their ids, where ids are numbers.
fn numbered(filter: RowFilter<'_>, rows: u64) -> Result<Vec<u64>> {
    match filter {
        RowFilter::Ids(ids) => super::Names::Numbers.rows_of(ids, &super::Kept::default(), rows),
        _ => Ok(Vec::new()),
    }
}

/// The rows a filter lists, ascending and once each; `by_id` are those it lists by their ids.
fn sorted_rows(filter: RowFilter<'_>, by_id: Vec<u64>, rows: u64) -> Result<Vec<u64>> {
    let mut listed = match filter {
        RowFilter::Rows(listed) => listed.to_vec(),
        _ => by_id,
    };
    listed.sort_unstable();
    listed.dedup();
    match listed.last() {
        Some(last) if *last >= rows => {
            Err(Error::usage(format!("the filter lists row {last} of {rows} rows")))
        }
        _ => Ok(listed),
    }
}

fn keep<'a>(filter: RowFilter<'a>, sorted: &'a [u64], rows: u64) -> Result<Keep<'a>> {
    match filter {
        RowFilter::All => Ok(Keep::All),
        RowFilter::Rows(_) | RowFilter::Ids(_) => Ok(Keep::Listed(sorted)),
        RowFilter::Mask(mask) if mask.rows() == rows => Ok(Keep::Set(mask)),
        RowFilter::Mask(mask) => {
            Err(Error::usage(format!("the mask is over {} rows, there are {rows}", mask.rows())))
        }
    }
}
