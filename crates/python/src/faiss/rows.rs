//! Rows that were handed over, as indexes take them.

use crate::given::Given;
use anear::Element;
use anear::faiss_index::Rows;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// The rows of a matrix of floats or of packed bits, where they lie.
pub(super) fn rows<'a>(given: &'a Given<'_>) -> PyResult<Rows<'a>> {
    let matrix = given.matrix();
    match matrix.element() {
        Element::F32 if matrix.rows() == 0 => Ok(Rows::Floats(&[])),
        Element::F32 => Ok(Rows::Floats(matrix.typed().expect("floats lie as floats must"))),
        Element::U8 => Ok(Rows::Bits(matrix.bytes())),
        other => {
            Err(PyTypeError::new_err(format!("rows of {other}; float32 or uint8 are possible")))
        }
    }
}

/// The floats of a matrix.
pub(super) fn floats<'a>(given: &'a Given<'_>) -> PyResult<&'a [f32]> {
    match rows(given)? {
        Rows::Floats(floats) => Ok(floats),
        Rows::Bits(_) => Err(PyTypeError::new_err("rows of uint8, not of float32")),
    }
}
