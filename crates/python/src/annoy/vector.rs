//! One vector that Python code hands over: anything with a length that gives numbers by position.

use crate::given::bytes;
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

/// Reads a vector of `dim` numbers.
///
/// # Errors
/// `IndexError` if it has another length, `TypeError` if it has none or holds something else, and
/// whatever it raises itself.
pub(super) fn read(given: &Bound<'_, PyAny>, dim: usize, into: &mut Vec<f32>) -> PyResult<()> {
    if let Ok(list) = given.cast_exact::<PyList>() {
        return read_list(list, dim, into);
    }
    if let Ok(array) = given.cast::<PyUntypedArray>()
        && array.ndim() == 1
        && matches!(array.dtype().kind(), b'f' | b'i' | b'u' | b'b')
    {
        return read_array(array, dim, into);
    }
    if let Ok(tuple) = given.cast_exact::<PyTuple>() {
        return read_tuple(tuple, dim, into);
    }
    check_length(given.len()?, dim)?;
    into.clear();
    for position in 0..dim {
        into.push(given.get_item(position)?.extract()?);
    }
    Ok(())
}

/// By way of a tuple, whose numbers nobody takes away meanwhile: they need no counted references.
fn read_list(list: &Bound<'_, PyList>, dim: usize, into: &mut Vec<f32>) -> PyResult<()> {
    check_length(list.len(), dim)?;
    read_tuple(&list.to_tuple(), dim, into)
}

fn read_tuple(tuple: &Bound<'_, PyTuple>, dim: usize, into: &mut Vec<f32>) -> PyResult<()> {
    check_length(tuple.len(), dim)?;
    into.resize(dim, 0.0);
    for (place, value) in into.iter_mut().zip(tuple.iter_borrowed()) {
        *place = value.extract()?;
    }
    Ok(())
}

fn read_array(array: &Bound<'_, PyUntypedArray>, dim: usize, into: &mut Vec<f32>) -> PyResult<()> {
    check_length(array.len(), dim)?;
    let dtype = array.dtype();
    let is_plain = array.is_c_contiguous() && dtype.is_native_byteorder() == Some(true);
    match (dtype.kind(), dtype.itemsize()) {
        (b'f', 4) if is_plain => {
            into.clear();
            let (floats, _) = bytes(array).as_chunks();
            into.extend(floats.iter().map(|float| f32::from_ne_bytes(*float)));
            Ok(())
        }
        (b'f', 8) if is_plain => {
            into.clear();
            let (floats, _) = bytes(array).as_chunks();
            into.extend(floats.iter().map(|float| f64::from_ne_bytes(*float) as f32));
            Ok(())
        }
        _ => read_list(array.call_method0("tolist")?.cast()?, dim, into),
    }
}

fn check_length(found: usize, dim: usize) -> PyResult<()> {
    match found == dim {
        true => Ok(()),
        false => {
            let what = format!("Vector has wrong length (expected {dim}, got {found})");
            Err(PyIndexError::new_err(what))
        }
    }
}
