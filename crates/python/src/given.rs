//! The vectors that Python code hands over, as rows the engine reads where they are.
//!
//! A NumPy array in C order is used as it is. Everything else goes through
//! `python/anear/_inputs.py`, which makes such an array of it, without a copy where it can, or
//! says why not.
#![allow(unsafe_code)]

use crate::error::Result;
use crate::file::File;
use anear::{Block, Element, Mapped, MatrixRef};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

/// Vectors that were handed over, and what keeps them alive.
pub(crate) enum Given<'py> {
    /// An array in C order, aligned, in the byte order of this machine.
    Array { array: Bound<'py, PyUntypedArray>, element: Element, rows: usize, dim: usize },
    /// All rows of an open file, in its pages.
    Mapped(Mapped),
    /// All rows of an open file, read.
    Read(Block),
}

impl<'py> Given<'py> {
    /// The rows of a matrix.
    pub(crate) fn matrix_of(rows: &Bound<'py, PyAny>) -> Result<Given<'py>> {
        Given::of(rows, false)
    }

    /// Queries: the rows of a matrix, or a single vector.
    pub(crate) fn queries_of(rows: &Bound<'py, PyAny>) -> Result<Given<'py>> {
        Given::of(rows, true)
    }

    fn of(rows: &Bound<'py, PyAny>, vector: bool) -> Result<Given<'py>> {
        if let Ok(array) = rows.cast_exact::<PyUntypedArray>()
            && let Some(found) = Given::in_place(array, None, vector)
        {
            return Ok(found);
        }
        let py = rows.py();
        let inputs = py.import("anear._inputs")?;
        let made = inputs.call_method1("rows", (rows, vector))?;
        if let Ok(file) = made.cast::<File>() {
            return file.get().all_rows(py);
        }
        let (array, element): (Bound<'py, PyUntypedArray>, Option<String>) = made.extract()?;
        let element = element.and_then(|name| Element::from_name(&name));
        let found = Given::in_place(&array, element, vector);
        Ok(found.expect("the array was made to be used in place"))
    }

    /// The array as it lies, where that is possible; `element` is for types that NumPy has not.
    fn in_place(
        array: &Bound<'py, PyUntypedArray>,
        element: Option<Element>,
        vector: bool,
    ) -> Option<Given<'py>> {
        let element = element.or_else(|| element_of(array))?;
        let (rows, dim) = match *array.shape() {
            [rows, dim] => (rows, dim),
            [dim] if vector => (1, dim),
            _ => return None,
        };
        let usable = array.is_c_contiguous() && array.is_aligned();
        usable.then(|| Given::Array { array: array.clone(), element, rows, dim })
    }

    /// Whether this is a single vector, not a matrix.
    pub(crate) fn is_vector(&self) -> bool {
        matches!(self, Given::Array { array, .. } if array.ndim() == 1)
    }

    /// The rows.
    pub(crate) fn matrix(&self) -> MatrixRef<'_> {
        match self {
            Given::Array { array, element, rows, dim } => {
                MatrixRef::new(bytes(array), *element, *rows, *dim)
            }
            Given::Mapped(mapped) => mapped.matrix(),
            Given::Read(block) => block.matrix(),
        }
    }
}

fn element_of(array: &Bound<'_, PyUntypedArray>) -> Option<Element> {
    let dtype = array.dtype();
    if dtype.is_native_byteorder() == Some(false) {
        return None;
    }
    Some(match (dtype.kind(), dtype.itemsize()) {
        (b'b', 1) => Element::Bool,
        (b'i', 1) => Element::I8,
        (b'i', 2) => Element::I16,
        (b'i', 4) => Element::I32,
        (b'i', 8) => Element::I64,
        (b'u', 1) => Element::U8,
        (b'u', 2) => Element::U16,
        (b'u', 4) => Element::U32,
        (b'u', 8) => Element::U64,
        (b'f', 2) => Element::F16,
        (b'f', 4) => Element::F32,
        (b'f', 8) => Element::F64,
        _ => return None,
    })
}

/// The bytes of an array in C order.
pub(crate) fn bytes<'a>(array: &'a Bound<'_, PyUntypedArray>) -> &'a [u8] {
    assert!(array.is_c_contiguous());
    let length = array.len() * array.dtype().itemsize();
    if length == 0 {
        return &[];
    }
    // SAFETY: an array in C order has `length` initialised bytes from its data pointer on, and
    // keeps them as long as it lives, which `'a` does not outlast: NumPy refuses to resize an
    // array that is referred to, as this one is by `array`. That no other thread writes to it
    // during the call is what every library that releases the interpreter lock asks of its
    // callers; if one does, the call sees some of the old and some of the new numbers.
    unsafe { std::slice::from_raw_parts((*array.as_array_ptr()).fields.data.cast(), length) }
}
