//! Exact search over what Python code hands over.

use crate::error::{Failure, Result};
use crate::file::File;
use crate::filter::Filter;
use crate::given::Given;
use crate::options;
use crate::results::Found;
use crate::signals::Signals;
use anear::{
    Error, Goal, IndexSearch, Interrupt, Metric, Neighbor, NonFinite, RowFilter, search_rows,
};
use pyo3::prelude::*;

/// What `search` was asked for.
struct Request<'py> {
    queries: Given<'py>,
    metric: Option<Metric>,
    goal: Goal,
    nonfinite: NonFinite,
    threads: usize,
}

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
    threads: Option<usize>,
    skip: bool,
) -> Result<Bound<'py, PyAny>> {
    let py = rows.py();
    let request = Request {
        queries: Given::queries_of(queries)?,
        metric: metric.map(options::metric).transpose()?,
        goal: radius.map_or(Goal::Nearest { k }, |radius| Goal::Within { radius }),
        nonfinite: if skip { NonFinite::Skip } else { NonFinite::Refuse },
        threads: options::threads(threads)?,
    };
    let (metric, found) = match rows.cast::<File>() {
        Ok(file) => in_file(py, file.get(), &request, filter)?,
        Err(_) => in_memory(py, &Given::matrix_of(rows)?, &request, filter)?,
    };
    answer(py, found, metric, request.goal, |row| row as i64)
}

/// The arrays for what was found, made without the interpreter lock.
pub(crate) fn answer<'py>(
    py: Python<'py>,
    found: Vec<Vec<Neighbor>>,
    metric: Metric,
    goal: Goal,
    id: impl Fn(u64) -> i64 + Send,
) -> Result<Bound<'py, PyAny>> {
    match goal {
        Goal::Nearest { k } => {
            let found = py.detach(|| Found::padded(&found, k, metric, id))?;
            Ok(found.into_nearest(py, k).into_pyobject(py)?.into_any())
        }
        Goal::Within { .. } => {
            let found = py.detach(|| Found::all(&found, id))?;
            Ok(found.into_within(py).into_pyobject(py)?.into_any())
        }
    }
}
