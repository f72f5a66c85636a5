//! The walk over the rows, in stretches between which a search can be interrupted.

use super::passing::passing;
use crate::flat::{FlatOptions, FlatSearch};
use crate::{Plan, RowSet};
use anear_types::{Error, MatrixRef, Metric, Neighbor, Result};

/// Pairs of components compared between two looks at the interrupt: about a tenth of a second.
const PAIRS_PER_STRETCH: usize = 1 << 31;
/// Fewer rows than this in a stretch would cost time, for many queries are compared with each.
const LEAST_ROWS: usize = 4096;

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
    search(&[(0, rows)], &RowSet::default(), queries, metric, plan)
}

/// How many rows to compare with some queries between two looks at whether to stop.
pub fn stretch_rows(queries: MatrixRef<'_>) -> usize {
    let row_pairs = queries.rows().saturating_mul(queries.dim()).max(1);
    (PAIRS_PER_STRETCH / row_pairs).max(LEAST_ROWS)
}

/// The same over rows in several parts, of which some were removed.
pub(super) fn search(
    parts: &[(u64, MatrixRef<'_>)],
    removed: &RowSet,
    queries: MatrixRef<'_>,
    metric: Metric,
    plan: &Plan<'_>,
) -> Result<Vec<Vec<Neighbor>>> {
    let Plan { goal, nonfinite, threads, .. } = *plan;
    let mut search = FlatSearch::new(queries, FlatOptions { metric, goal, nonfinite, threads })?;
    let stretch_rows = stretch_rows(queries);
    let mut buffer = Vec::new();
    for (first, part) in parts {
        search.scan(*first, part.range(0, 0), None)?; // are the dimensions the same?
        for start in (0..part.rows()).step_by(stretch_rows) {
            if plan.interrupt.is_some_and(|interrupt| interrupt()) {
                return Err(Error::interrupted());
            }
            let stretch = part.range(start, part.rows().min(start + stretch_rows));
            let first = first + start as u64;
            let range = first..first + stretch.rows() as u64;
            let listed = passing(range, plan.keep, removed, &mut buffer);
            search.scan(first, stretch, listed)?;
        }
    }
    Ok(search.finish())
}
