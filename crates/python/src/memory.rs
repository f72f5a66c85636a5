//! Rows that NumPy uses where they are.

use anear::{Block, Element, Mapped, MatrixRef, PrivateRows, Rounding, cast_rows};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Rows in memory that the engine owns or a file backs, for `numpy.asarray`: the array refers to
/// this object, which keeps the memory alive.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Memory {
    _owner: Box<dyn Send + Sync>,
    /// Where the rows begin. They never move, and the engine does not look at them any more.
    address: usize,
    shape: (usize, usize),
    element: Element,
    read_only: bool,
}

impl Memory {
    /// Rows that were read.
    pub(crate) fn block(mut block: Block) -> Memory {
        let like = block.matrix();
        let (rows, dim, element) = (like.rows(), like.dim(), like.element());
        block.clear(); // so that all of its memory is spare
        let address = block.spare_mut().as_mut_ptr().expose_provenance();
        Memory { _owner: Box::new(block), address, shape: (rows, dim), element, read_only: false }
    }

    /// Rows in the pages of a file, read-only.
    pub(crate) fn mapped(mapped: Mapped) -> Memory {
        let rows = mapped.matrix();
        let address = rows.bytes().as_ptr().expose_provenance();
        let (shape, element) = ((rows.rows(), rows.dim()), rows.element());
        Memory { _owner: Box::new(mapped), address, shape, element, read_only: true }
    }

    /// Private pages that began as those of `like`.
    pub(crate) fn private(mut rows: PrivateRows, like: MatrixRef<'_>) -> Memory {
        let address = rows.bytes_mut().as_mut_ptr().expose_provenance();
        let (shape, element) = ((like.rows(), like.dim()), like.element());
        Memory { _owner: Box::new(rows), address, shape, element, read_only: false }
    }
}

#[pymethods]
impl Memory {
    /// The element's short name.
    #[getter]
    fn element(&self) -> &'static str {
        self.element.name()
    }

    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("shape", self.shape)?;
        interface.set_item("typestr", type_string(self.element))?;
        interface.set_item("data", (self.address, self.read_only))?;
        Ok(interface)
    }
}

/// NumPy's name for the element; unsigned integers for those it does not have.
fn type_string(element: Element) -> String {
    let kind = match element {
        Element::Bool => 'b',
        Element::I8 | Element::I16 | Element::I32 | Element::I64 => 'i',
        Element::F16 | Element::F32 | Element::F64 => 'f',
        Element::U8 | Element::U16 | Element::U32 | Element::U64 => 'u',
        Element::Bf16 | Element::F8E4M3 | Element::F8E5M2 => 'u',
    };
    let order = if cfg!(target_endian = "little") { '<' } else { '>' };
    format!("{order}{kind}{}", element.bytes())
}

/// The rows as 32-bit floats, for elements that NumPy does not have.
pub(crate) fn widened(rows: MatrixRef<'_>) -> anear::Result<Option<Block>> {
    let known = !matches!(rows.element(), Element::Bf16 | Element::F8E4M3 | Element::F8E5M2);
    match known {
        true => Ok(None),
        false => cast_rows(rows, Element::F32, Rounding::Strict),
    }
}
