//! Many vectors at once: an array in, arrays out.

use crate::error::Result;
use crate::given::Given;
use anear::forest::Hit;
use anear::{Block, Element, Error, Metric, Rounding, cast_rows};
use numpy::PyArray2;
use numpy::ndarray::Array2;
use pyo3::prelude::*;

/// Vectors as floats, where they lie if they are floats.
pub(super) enum Vectors<'py> {
    Given(Given<'py>),
    Converted(Block),
}

impl<'py> Vectors<'py> {
    pub(super) fn of(vectors: &Bound<'py, PyAny>, dim: usize) -> Result<Vectors<'py>> {
        let given = Given::matrix_of(vectors)?;
        let found = given.matrix().dim();
        if found != dim {
            let what = format!("Vectors have wrong length (expected {dim}, got {found})");
            return Err(Error::usage(what).into());
        }
        let converted = cast_rows(given.matrix(), Element::F32, Rounding::Strict)?;
        Ok(converted.map_or(Vectors::Given(given), Vectors::Converted))
    }

    /// All components, one vector behind the other.
    pub(super) fn floats(&self) -> &[f32] {
        let matrix = match self {
            Vectors::Given(given) => given.matrix(),
            Vectors::Converted(block) => block.matrix(),
        };
        match matrix.rows() {
            0 => &[],
            _ => matrix.typed().expect("floats lie as floats must"),
        }
    }
}

/// Answers, one row a question.
pub(super) struct Table {
    items: Array2<i64>,
    distances: Array2<f32>,
}

impl Table {
    /// Rows of so many answers: -1 at an infinite distance where fewer were found.
    ///
    /// # Errors
    /// [`Limit`](anear::ErrorKind::Limit) if they do not fit in memory.
    pub(super) fn new(found: &[Vec<Hit>], columns: usize, metric: Metric) -> anear::Result<Table> {
        let nowhere = match metric {
            Metric::InnerProduct => f32::NEG_INFINITY,
            _ => f32::INFINITY,
        };
        let (mut items, mut distances) = (Vec::new(), Vec::new());
        let room = found.len().checked_mul(columns);
        if !room.is_some_and(|room| {
            items.try_reserve_exact(room).is_ok() && distances.try_reserve_exact(room).is_ok()
        }) {
            let what = format!("{} answers of {columns} do not fit in memory", found.len());
            return Err(Error::limit(what).help("ask for fewer items"));
        }
        for (row, hits) in found.iter().enumerate() {
            items.extend(hits.iter().map(|hit| i64::from(hit.item)));
            distances.extend(hits.iter().map(|hit| hit.distance));
            items.resize((row + 1) * columns, -1);
            distances.resize((row + 1) * columns, nowhere);
        }
        let shape = (found.len(), columns);
        let full = "each row was filled up";
        Ok(Table {
            items: Array2::from_shape_vec(shape, items).expect(full),
            distances: Array2::from_shape_vec(shape, distances).expect(full),
        })
    }

    /// The items, or `(items, distances)`.
    pub(super) fn into_python(
        self,
        py: Python<'_>,
        with_distances: bool,
    ) -> PyResult<Bound<'_, PyAny>> {
        let items = PyArray2::from_owned_array(py, self.items);
        if !with_distances {
            return Ok(items.into_any());
        }
        let distances = PyArray2::from_owned_array(py, self.distances);
        Ok((items, distances).into_pyobject(py)?.into_any())
    }
}
