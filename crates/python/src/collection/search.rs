//! Searching a collection.

use super::shown::Shown;
use crate::error::Result;
use crate::given::Given;
use crate::values::value_to_python;
use anear::{CollectionHit, Error, Ids, Sought, Value};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Ids, distances, rows, metadata: the fields of `Hits` in Python.
pub(super) type Found<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyDict>);

/// What is sought.
pub(super) fn sought<'a>(
    query: Option<&'a Given<'_>>,
    ids: Option<&'a Ids>,
    text: Option<&'a str>,
) -> Result<Sought<'a>> {
    Ok(match (query.map(Given::matrix), ids, text) {
        (Some(vector), None, Some(text)) => Sought::Hybrid { vector, text },
        (Some(vectors), None, None) => Sought::Vectors(vectors),
        (None, Some(ids), None) => Sought::Ids(ids),
        (None, None, Some(text)) => Sought::Text(text),
        _ => {
            let what = "a search is for a query, for an id, for a text, or for a query and a text";
            return Err(Error::usage(what).help("give one of query=, id=, text=").into());
        }
    })
}

/// The hits for one query.
pub(super) fn to_python<'py>(
    py: Python<'py>,
    hits: &[CollectionHit],
    shown: &Shown<'_>,
) -> PyResult<Found<'py>> {
    let distances = hits.iter().map(|hit| hit.distance).collect();
    let rows = hits.iter().map(|hit| hit.row as i64).collect();
    let metadata =
        shown.to_python(py, |position| hits.iter().map(move |hit| &hit.metadata[position]))?;
    Ok((
        ids_of_hits(py, hits)?,
        PyArray1::from_vec(py, distances),
        PyArray1::from_vec(py, rows),
        metadata,
    ))
}

fn ids_of_hits<'py>(py: Python<'py>, hits: &[CollectionHit]) -> PyResult<Bound<'py, PyAny>> {
    let int = |hit: &CollectionHit| if let Value::Int(id) = hit.id { Some(id) } else { None };
    if let Some(ids) = hits.iter().map(int).collect::<Option<Vec<i64>>>() {
        return Ok(PyArray1::from_vec(py, ids).into_any());
    }
    let ids = hits.iter().map(|hit| value_to_python(py, &hit.id));
    Ok(PyList::new(py, ids.collect::<PyResult<Vec<_>>>()?)?.into_any())
}
