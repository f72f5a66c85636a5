//! Ids, and which rows a search may find.

use crate::error::Result;
use crate::file::File;
use anear::{Ids, RowFilter, RowSet};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

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
        let is_plain = filter.is_exact_instance_of::<PyArray1<bool>>() || is_ids(filter);
        let filter = match is_plain {
            true => filter.clone(),
            false => helper(filter, "selection")?,
        };
        match filter.cast::<PyArray1<bool>>() {
            Ok(flags) => {
                let flags = flags.try_readonly().map_err(PyErr::from)?;
                Ok(Filter::Mask(flags.as_array().iter().copied().collect()))
            }
            Err(_) => Ok(Filter::Ids(plain_ids(&filter)?)),
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
    match is_ids(ids) {
        true => plain_ids(ids),
        false => plain_ids(&helper(ids, "ids")?),
    }
}

fn is_ids(given: &Bound<'_, PyAny>) -> bool {
    given.is_exact_instance_of::<PyArray1<i64>>()
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
