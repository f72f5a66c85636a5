//! Exact search over what Python code hands over.

use crate::error::Result;
use crate::file::File;
use crate::filter::Filter;
use crate::given::Given;
use crate::options;
use crate::results::{Found, Ids};
use crate::signals::watched;
use anear::{Goal, IndexSearch, NonFinite, search_rows, search_vectors};
use pyo3::prelude::*;

/// Memory for the rows of a file that must be decoded.
const MEMORY_BYTES: u64 = 1 << 30;

/// The `k` rows nearest to each query, or all within a radius.
#[pyfunction]
#[pyo3(signature = (rows, queries, k, metric, radius, filter, threads, skip))]
#[expect(clippy::too_many_arguments, reason = "they are those of the Python function")]
pub(crate) fn search<'py>(
    rows: &Bound<'py, PyAny>,
    queries: &Bound<'py, PyAny>,
    k: usize,
    metric: Option<&str>,
    radius: Option<f64>,
    filter: Option<&Bound<'py, PyAny>>,
    threads: Option<isize>,
    skip: bool,
) -> Result<Bound<'py, PyAny>> {
    let py = rows.py();
    let file = rows.cast::<File>().ok().map(Bound::get);
    let queries = Given::queries_of(queries)?;
    let filter = Filter::of(filter, file)?;
    let named = file.and_then(|file| file.schema().metric);
    let metric = metric.map(options::metric).transpose()?.or(named).unwrap_or_default();
    let goal = radius.map_or(Goal::Nearest { k }, |radius| Goal::Within { radius });
    let nonfinite = if skip { NonFinite::Skip } else { NonFinite::Refuse };
    let threads = options::threads(threads)?;

    let rows = match file {
        Some(file) => file.rows_in_place(py)?,
        None => Some(Given::matrix_of(rows)?),
    };
    let (matrix, queries) = (rows.as_ref().map(Given::matrix), queries.matrix());
    let found = watched(py, |interrupt| {
        let search =
            IndexSearch { goal, filter: filter.rows(), threads, interrupt: Some(interrupt) };
        let found = match (matrix, file) {
            (Some(matrix), _) => search_rows(matrix, queries, metric, nonfinite, &search)?,
            (None, Some(file)) => file.locked(|vectors| {
                search_vectors(vectors, queries, metric, nonfinite, &search, MEMORY_BYTES)
            })?,
            (None, None) => unreachable!("rows that are not in a file are in memory"),
        };
        Found::new(&found, goal, metric, Ids::Numbers)
    })?;
    Ok(found.into_python(py)?)
}
