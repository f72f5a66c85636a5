//! Answers to single queries: plain lists.

use anear::forest::Hit;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The items, or `(items, distances)`.
pub(super) fn answer<'py>(
    py: Python<'py>,
    hits: &[Hit],
    with_distances: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let items = PyList::new(py, hits.iter().map(|hit| hit.item))?;
    if !with_distances {
        return Ok(items.into_any());
    }
    let distances = PyList::new(py, hits.iter().map(|hit| f64::from(hit.distance)))?;
    Ok((items, distances).into_pyobject(py)?.into_any())
}
