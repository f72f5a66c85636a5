//! The metadata columns of an answer.

use crate::values::value_to_python;
use anear::{Collection, CollectionColumn, Column, Error, Value};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// The kind of the columns whose texts are JSON documents.
const JSON: &str = "json";

/// The metadata columns of an answer, in its order.
pub(super) struct Shown {
    pub(super) names: Vec<String>,
    /// What the values of each are.
    kinds: Vec<&'static str>,
}

impl Shown {
    /// The columns with these names; all of them without.
    pub(super) fn of(collection: &Collection, names: Option<Vec<String>>) -> anear::Result<Shown> {
        let all = collection.columns()?;
        let Some(names) = names else {
            let kinds = all.iter().map(kind).collect();
            let names = all.into_iter().map(|column| column.info.name).collect();
            return Ok(Shown { names, kinds });
        };
        let find = |name: &String| {
            let found = all.iter().find(|column| column.info.name == *name);
            found.map(kind).ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|c| c.info.name.as_str()).collect();
                Error::usage(format!("there is no metadata column {name:?}"))
                    .help(format!("the columns are: {}", known.join(", ")))
                    .at_path(collection.path())
            })
        };
        let kinds = names.iter().map(find).collect::<anear::Result<_>>()?;
        Ok(Shown { names, kinds })
    }

    /// Name and kind of each.
    pub(super) fn kinds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, kind) in self.names.iter().zip(&self.kinds) {
            dict.set_item(name, kind)?;
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
        for (position, (name, kind)) in self.names.iter().zip(&self.kinds).enumerate() {
            let values = values(position);
            let values: Vec<Bound<'py, PyAny>> = match *kind == JSON {
                true => {
                    let loads = py.import("json")?.getattr("loads")?;
                    values.map(|value| document(value, &loads)).collect::<PyResult<_>>()?
                }
                false => values.map(|value| value_to_python(py, value)).collect::<PyResult<_>>()?,
            };
            dict.set_item(name, PyList::new(py, values)?)?;
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

fn kind(column: &CollectionColumn) -> &'static str {
    if column.json { JSON } else { column.info.kind.name() }
}

/// A value of a column of documents: what the document says.
fn document<'py>(value: &Value, loads: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Text(text) => loads.call1((&**text,)),
        other => value_to_python(loads.py(), other),
    }
}
