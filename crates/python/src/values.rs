//! Metadata, as Python values.

use crate::error::Result;
use anear::{Column, ColumnKind, Error, Ids, Value};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString};

/// A column: a NumPy array if all values are numbers or all are truth values, else a list with
/// `None` where there is no value.
pub(crate) fn column_to_python<'py>(
    py: Python<'py>,
    column: &Column,
) -> PyResult<Bound<'py, PyAny>> {
    let values = column.values.iter();
    let array = match column.kind {
        ColumnKind::Bool => {
            all(values.map(as_bool)).map(|all| PyArray1::from_vec(py, all).into_any())
        }
        ColumnKind::Int => {
            all(values.map(as_int)).map(|all| PyArray1::from_vec(py, all).into_any())
        }
        ColumnKind::Real => {
            all(values.map(as_real)).map(|all| PyArray1::from_vec(py, all).into_any())
        }
        ColumnKind::Text | ColumnKind::Blob | ColumnKind::Mixed => None,
    };
    match array {
        Some(array) => Ok(array),
        None => {
            let values = column.values.iter().map(|value| value_to_python(py, value));
            Ok(PyList::new(py, values.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
    }
}

fn all<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    values.collect()
}

fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(value) = value { Some(*value) } else { None }
}

fn as_int(value: &Value) -> Option<i64> {
    if let Value::Int(value) = value { Some(*value) } else { None }
}

fn as_real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        _ => None,
    }
}

/// One value.
pub(crate) fn value_to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Real(value) => PyFloat::new(py, *value).into_any(),
        Value::Text(value) => PyString::new(py, value).into_any(),
        Value::Blob(value) => PyBytes::new(py, value).into_any(),
    })
}

/// Ids: an array of integers, or a list of strings.
pub(crate) fn ids_to_python(py: Python<'_>, ids: Ids) -> PyResult<Bound<'_, PyAny>> {
    match ids {
        Ids::Ints(ids) => Ok(PyArray1::from_vec(py, ids).into_any()),
        Ids::Texts(ids) => Ok(PyList::new(py, ids.iter().map(|id| &**id))?.into_any()),
    }
}

/// A column of a list of Python values.
pub(crate) fn column_from_python(name: String, values: &Bound<'_, PyList>) -> Result<Column> {
    let value = |(row, value): (usize, Bound<'_, PyAny>)| {
        value_from_python(&value)?.ok_or_else(|| {
            let kind = value.get_type().name().map_or_else(|_| "?".into(), |n| n.to_string());
            let what = format!("the column {name:?} holds a value of type {kind}");
            Error::bad_data(what)
                .at_row(row as u64)
                .help("metadata are None, bool, int of 64 bits, float, str or bytes")
                .into()
        })
    };
    let values = values.iter().enumerate().map(value).collect::<Result<Vec<Value>>>()?;
    let kind = ColumnKind::of(&values);
    Ok(Column { name, kind, values })
}

/// `None` for a value that metadata cannot hold.
fn value_from_python(value: &Bound<'_, PyAny>) -> Result<Option<Value>> {
    if value.is_none() {
        return Ok(Some(Value::Null));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Some(Value::Bool(flag.is_true())));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(Value::text(text.to_str()?)));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(value.extract().ok().map(Value::Int));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Some(Value::Real(number.value())));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(Value::Blob(bytes.as_bytes().into())));
    }
    Ok(None)
}
