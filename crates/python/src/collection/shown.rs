//! The metadata columns of an answer.

use crate::values::value_to_python;
use anear::{CollectionColumn, Column, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// The metadata columns of an answer, in its order.
pub(super) struct Shown<'a>(pub(super) &'a [CollectionColumn]);

impl Shown<'_> {
    /// Name and kind of each.
    pub(super) fn kinds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for column in self.0 {
            let kind = if column.json { "json" } else { column.info.kind.name() };
            dict.set_item(&column.info.name, kind)?;
        }
        Ok(dict)
    }

    /// Lists of values by name; `values` gives those of the column at a position.
    pub(super) fn to_python<'a, 'py, I: Iterator<Item = &'a Value>>(
        &self,
        py: Python<'py>,
        values: impl Fn(usize) -> I,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (position, column) in self.0.iter().enumerate() {
            let values = values(position);
            let values: Vec<Bound<'py, PyAny>> = match column.json {
                true => {
                    let loads = py.import("json")?.getattr("loads")?;
                    values.map(|value| document(value, &loads)).collect::<PyResult<_>>()?
                }
                false => values.map(|value| value_to_python(py, value)).collect::<PyResult<_>>()?,
            };
            dict.set_item(&column.info.name, PyList::new(py, values)?)?;
        }
        Ok(dict)
    }

    /// The same, of columns in the order of these.
    pub(super) fn columns_to_python<'py>(
        &self,
        py: Python<'py>,
        columns: &[Column],
    ) -> PyResult<Bound<'py, PyDict>> {
        self.to_python(py, |position| columns[position].values.iter())
    }
}

/// A value of a column of documents: what the document says.
fn document<'py>(value: &Value, loads: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Text(text) => loads.call1((&**text,)),
        other => value_to_python(loads.py(), other),
    }
}
