//! The walk over the rows, part by part.

use super::passing::passing;
use crate::flat::{Beside, FlatOptions, FlatSearch};
use crate::{Plan, RowSet};
use anear_types::{MatrixRef, Metric, Neighbor, Result};

/// Queries take about this much as f32 at a time ..
const QUERY_BYTES: usize = 6 << 20;
/// .. but are not so few that reading rows is the limit.
const LEAST_QUERIES: usize = 256;

/// For each query its neighbours among rows that are numbered from 0, the nearest first, and the
/// smaller row first where distances are the same.
///
/// ```
/// use anear_index::flat::{Goal, NonFinite};
/// use anear_index::{Keep, Plan, search_rows};
/// use anear_types::{Element, MatrixRef, Metric};
///
/// let rows = MatrixRef::new(&[0, 0, 3, 4, 6, 8], Element::U8, 3, 2);
/// let query = MatrixRef::new(&[3, 3], Element::U8, 1, 2);
/// let plan = Plan {
///     goal: Goal::Nearest { k: 1 },
///     keep: Keep::Listed(&[0, 2]),
///     nonfinite: NonFinite::Refuse,
///     exact: true,
///     threads: 1,
///     interrupt: None,
/// };
/// let found = search_rows(rows, query, Metric::L2, &plan)?;
/// assert_eq!((found[0][0].row, found[0][0].distance), (0, 18.0));
/// # Ok::<(), anear_types::Error>(())
/// ```
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the dimensions differ, `k` is 0, the radius is no
/// number or the queries have no components; [`BadData`](anear_types::ErrorKind::BadData) if a
/// query or, unless such rows are skipped, a row holds NaN or infinity, or what the metric is not
/// for; [`Interrupted`](anear_types::ErrorKind::Interrupted).
pub fn search_rows(
    rows: MatrixRef<'_>,
    queries: MatrixRef<'_>,
    metric: Metric,
    plan: &Plan<'_>,
) -> Result<Vec<Vec<Neighbor>>> {
    let stretch = Stretch { first: 0, rows, beside: Beside::default() };
    search(&[stretch], &RowSet::default(), queries, metric, plan)
}

/// Rows that lie side by side, with what is known of them.
pub(crate) struct Stretch<'a> {
    /// The number of the first row.
    pub(crate) first: u64,
    pub(crate) rows: MatrixRef<'a>,
    pub(crate) beside: Beside<'a>,
}

/// The same over rows in several stretches, of which some were removed. With no rows, queries are
/// checked against an empty stretch.
pub(crate) fn search(
    stretches: &[Stretch<'_>],
    removed: &RowSet,
    queries: MatrixRef<'_>,
    metric: Metric,
    plan: &Plan<'_>,
) -> Result<Vec<Vec<Neighbor>>> {
    let mut all = Vec::with_capacity(queries.rows());
    // Even no queries are checked.
    let step = queries_at_a_time(queries.dim());
    for start in (0..queries.rows().max(1)).step_by(step) {
        let some = queries.range(start, queries.rows().min(start + step));
        all.extend(search_some(stretches, removed, (start, some), metric, plan)?);
    }
    Ok(all)
}

/// As many queries as stay in the last cache while rows stream by.
fn queries_at_a_time(dim: usize) -> usize {
    (QUERY_BYTES / (size_of::<f32>() * dim.max(1))).max(LEAST_QUERIES)
}

/// The same for some of the queries, with the number of the first of them.
fn search_some(
    stretches: &[Stretch<'_>],
    removed: &RowSet,
    (first_query, queries): (usize, MatrixRef<'_>),
    metric: Metric,
    plan: &Plan<'_>,
) -> Result<Vec<Vec<Neighbor>>> {
    let Plan { goal, nonfinite, threads, interrupt, .. } = *plan;
    let options = FlatOptions { metric, goal, nonfinite, threads };
    let mut search = FlatSearch::for_some(first_query, queries, options)?;
    if let Some(interrupt) = interrupt {
        search = search.interrupted_by(interrupt);
    }
    let mut buffer = Vec::new();
    for Stretch { first, rows, beside } in stretches {
        let range = *first..first + rows.rows() as u64;
        let which = passing(queries.rows(), range, plan.keep, removed, &mut buffer);
        search.scan_which(*first, *rows, beside, which)?;
    }
    Ok(search.finish())
}
