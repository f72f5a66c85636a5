//! Metadata that Python code hands over, as columns.
//!
//! `python/anear/_columns.py` makes a list or an array of numbers of each column, whatever it was
//! before; here their values become the engine's, in one pass.

use crate::error::Result;
use crate::given::bytes;
use anear::{Column, ColumnKind, Error, Value};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Columns, and the names of those among them whose texts are JSON documents.
pub(crate) struct Columns {
    pub(crate) columns: Vec<Column>,
    pub(crate) json: Vec<String>,
}

impl Columns {
    /// Of a mapping, a DataFrame, an Arrow table or a list of mappings.
    pub(crate) fn of(metadata: Option<&Bound<'_, PyAny>>) -> Result<Columns> {
        let mut all = Columns { columns: Vec::new(), json: Vec::new() };
        let Some(metadata) = metadata else { return Ok(all) };
        let given = helpers(metadata.py())?.call_method1("columns", (metadata,))?;
        for (name, values) in given.extract::<Vec<(String, Bound<'_, PyAny>)>>()? {
            let (values, is_json) = values_of(&name, &values)?;
            if is_json {
                all.json.push(name.clone());
            }
            all.columns.push(Column { kind: ColumnKind::of(&values), name, values });
        }
        Ok(all)
    }
}

/// Values for the `?` of a condition.
pub(crate) fn params(given: &Bound<'_, PyAny>) -> Result<Vec<Value>> {
    if given.cast::<PyString>().is_ok() {
        let error = Error::usage("params is a text, and must be a sequence of values");
        return Err(error.help("params=[value]").into());
    }
    let mut params = Vec::new();
    for value in given.try_iter()? {
        let value = value?;
        let (param, _) = value_of(&value, false)?.ok_or_else(|| unfit("params", &value))?;
        params.push(param);
    }
    Ok(params)
}

fn values_of(name: &str, given: &Bound<'_, PyAny>) -> Result<(Vec<Value>, bool)> {
    if let Some(values) = numbers(given)? {
        return Ok((values, false));
    }
    let given = given.cast::<PyList>().map_err(PyErr::from)?;
    // Where one value is a document, all are: texts are JSON strings.
    match list(name, given, false)? {
        Some(values) => Ok((values, false)),
        None => Ok((list(name, given, true)?.expect("documents are welcome"), true)),
    }
}

/// The values of an array of numbers or truth values; NaN is no value.
fn numbers(given: &Bound<'_, PyAny>) -> Result<Option<Vec<Value>>> {
    if let Ok(array) = given.cast::<PyArray1<i64>>() {
        let array = array.try_readonly().map_err(PyErr::from)?;
        return Ok(Some(array.as_array().iter().map(|value| Value::Int(*value)).collect()));
    }
    if let Ok(array) = given.cast::<PyArray1<f64>>() {
        let array = array.try_readonly().map_err(PyErr::from)?;
        return Ok(Some(array.as_array().iter().map(|value| real(*value)).collect()));
    }
    if let Ok(array) = given.cast::<PyArray1<bool>>() {
        // As bytes: NumPy lets an array of bool hold others than 0 and 1.
        let flags = bytes(array.as_untyped()).iter();
        return Ok(Some(flags.map(|flag| Value::Bool(*flag != 0)).collect()));
    }
    Ok(None)
}

/// The values of a list; `None` if one is a document and these are not asked for with `json`.
fn list(name: &str, given: &Bound<'_, PyList>, json: bool) -> Result<Option<Vec<Value>>> {
    let mut values = Vec::with_capacity(given.len());
    for (row, value) in given.iter().enumerate() {
        let Some((value, is_document)) = value_of(&value, json)? else {
            let place = format!("the column {name:?}");
            return Err(unfit(&place, &value).at_row(row as u64).into());
        };
        if is_document && !json {
            return Ok(None);
        }
        values.push(value);
    }
    Ok(Some(values))
}

/// One value, and whether it is a document; with `json` it becomes one. `None` for a value that
/// metadata cannot hold.
fn value_of(value: &Bound<'_, PyAny>, json: bool) -> Result<Option<(Value, bool)>> {
    let plain = if let Ok(text) = value.cast::<PyString>() {
        Value::text(text.to_str()?)
    } else if value.is_none() {
        Value::Null
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Value::Bool(flag.is_true())
    } else if value.is_instance_of::<PyInt>() {
        let Ok(number) = value.extract() else { return Ok(None) };
        Value::Int(number)
    } else if let Ok(number) = value.cast::<PyFloat>() {
        real(number.value())
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        Value::Blob(bytes.as_bytes().into())
    } else if value.is_instance_of::<PyDict>()
        || value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
    {
        return Ok(Some((document(value)?, true)));
    } else {
        // What it stands for, such as the number in a scalar of NumPy.
        let stands_for = helpers(value.py())?.call_method1("plain", (value,))?;
        return if stands_for.is(value) { Ok(None) } else { value_of(&stands_for, json) };
    };
    match json && plain != Value::Null {
        true => Ok(Some((document(value)?, true))),
        false => Ok(Some((plain, false))),
    }
}

/// NaN is how many libraries say that there is no value, and SQLite has no other way to keep it.
fn real(number: f64) -> Value {
    if number.is_nan() { Value::Null } else { Value::Real(number) }
}

/// A value as a JSON document.
fn document(value: &Bound<'_, PyAny>) -> Result<Value> {
    let text = helpers(value.py())?.call_method1("document", (value,))?;
    Ok(Value::text(text.cast::<PyString>().map_err(PyErr::from)?.to_str()?))
}

fn unfit(place: &str, value: &Bound<'_, PyAny>) -> Error {
    let kind = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    Error::bad_data(format!("{place} holds a value of type {kind}")).help(
        "metadata are None, bool, int of 64 bits, float, str, bytes, and dicts and lists of them; \
         x.isoformat() makes a str of a date",
    )
}

fn helpers(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("anear._columns")
}
