//! Ids, and which rows a search may find.

use crate::error::Result;
use crate::file::File;
use crate::given::bytes;
use anear::{Ids, RowFilter, RowSet};
use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString};

/// What Python code says of the rows that may be found.
pub(crate) enum Filter {
    All,
    Mask(RowSet),
    Rows(Vec<u64>),
    Ids(Ids),
}

impl Filter {
    /// `None` for all rows, one truth value a row, or the ids of some; for the rows of a file,
    /// also a condition on their metadata.
    pub(crate) fn of(filter: Option<&Bound<'_, PyAny>>, file: Option<&File>) -> Result<Filter> {
        let Some(filter) = filter else { return Ok(Filter::All) };
        if let (Some(file), Ok(condition)) = (file, filter.extract::<&str>()) {
            return Ok(Filter::Rows(file.rows_where(filter.py(), condition)?));
        }
        let filter = match flags(filter).is_some() || is_ids(filter) {
            true => filter.clone(),
            false => helper(filter, "selection")?,
        };
        match flags(&filter) {
            Some(flags) => {
                // As bytes: NumPy lets an array of bool hold others than 0 and 1.
                Ok(Filter::Mask(bytes(flags.as_untyped()).iter().map(|flag| *flag != 0).collect()))
            }
            None => Ok(Filter::Ids(plain_ids(&filter)?)),
        }
    }

    pub(crate) fn rows(&self) -> RowFilter<'_> {
        match self {
            Filter::All => RowFilter::All,
            Filter::Mask(mask) => RowFilter::Mask(mask),
            Filter::Rows(rows) => RowFilter::Rows(rows),
            Filter::Ids(ids) => RowFilter::Ids(ids),
        }
    }
}

/// Ids: integers or strings.
pub(crate) fn ids_of(ids: &Bound<'_, PyAny>) -> Result<Ids> {
    if let Ok(list) = ids.cast::<PyList>()
        && let Some(ids) = listed_ids(list)
    {
        return Ok(ids);
    }
    match is_ids(ids) {
        true => plain_ids(ids),
        false => plain_ids(&helper(ids, "ids")?),
    }
}

/// Truth values in C order.
fn flags<'a, 'py>(given: &'a Bound<'py, PyAny>) -> Option<&'a Bound<'py, PyArray1<bool>>> {
    given.cast::<PyArray1<bool>>().ok().filter(|flags| flags.is_c_contiguous())
}

/// Whether these are ids that can be read where they are.
fn is_ids(given: &Bound<'_, PyAny>) -> bool {
    given.cast::<PyArray1<i64>>().is_ok_and(|ids| ids.is_aligned())
}

/// The ids in a list, where all are integers or all are strings.
fn listed_ids(list: &Bound<'_, PyList>) -> Option<Ids> {
    if list.get_item(0).is_ok_and(|first| first.is_instance_of::<PyString>()) {
        let text = |id: Bound<'_, PyAny>| Some(id.cast::<PyString>().ok()?.to_str().ok()?.into());
        return list.iter().map(text).collect::<Option<Vec<Box<str>>>>().map(Ids::Texts);
    }
    let int = |id: Bound<'_, PyAny>| {
        let is_int = id.is_instance_of::<PyInt>() && !id.is_instance_of::<PyBool>();
        if is_int { id.extract().ok() } else { None }
    };
    list.iter().map(int).collect::<Option<Vec<i64>>>().map(Ids::Ints)
}

fn plain_ids(ids: &Bound<'_, PyAny>) -> Result<Ids> {
    match ids.cast::<PyArray1<i64>>() {
        Ok(ids) => {
            let ids = ids.try_readonly().map_err(PyErr::from)?;
            Ok(Ids::Ints(ids.as_array().to_vec()))
        }
        Err(_) => Ok(Ids::from(ids.extract::<Vec<String>>()?)),
    }
}

fn helper<'py>(given: &Bound<'py, PyAny>, function: &str) -> PyResult<Bound<'py, PyAny>> {
    given.py().import("anear._inputs")?.call_method1(function, (given,))
}
