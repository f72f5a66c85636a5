//! What a search found, as NumPy arrays.

use anear::{Error, Goal, Metric, Neighbor, Order};
use numpy::ndarray::Array2;
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;

/// The hits of all queries, in memory that NumPy takes over.
pub(crate) struct Found {
    queries: usize,
    distances: Vec<f32>,
    ids: Vec<i64>,
    shape: Shape,
}

enum Shape {
    /// As many hits for each query: -1 at an infinite distance where there are no more.
    Padded { k: usize },
    /// How many hits there are up to the end of each query.
    Ragged { ends: Vec<u64> },
}

/// What rows are called in the answer.
#[derive(Clone, Copy)]
pub(crate) enum Ids<'a> {
    /// By their numbers.
    Numbers,
    /// By these, in the order of the rows.
    Given(&'a [i64]),
}

impl Found {
    /// # Errors
    /// If the hits do not fit in memory.
    pub(crate) fn new(
        found: &[Vec<Neighbor>],
        goal: Goal,
        metric: Metric,
        ids: Ids<'_>,
    ) -> anear::Result<Found> {
        let (hits, shape) = match goal {
            Goal::Nearest { k } => (found.len().checked_mul(k), Shape::Padded { k }),
            Goal::Within { .. } => {
                let ends = Vec::with_capacity(found.len());
                (Some(found.iter().map(Vec::len).sum()), Shape::Ragged { ends })
            }
        };
        let (distances, all_ids) = (Vec::new(), Vec::new());
        let mut all = Found { queries: found.len(), distances, ids: all_ids, shape };
        if !hits.is_some_and(|hits| all.reserve(hits)) {
            let what = format!("the answers to {} queries do not fit in memory", found.len());
            return Err(Error::limit(what).help("ask for fewer hits"));
        }
        let nowhere = match metric.order() {
            Order::SmallerIsNearer => f32::INFINITY,
            Order::LargerIsNearer => f32::NEG_INFINITY,
        };
        for (query, hits) in found.iter().enumerate() {
            all.push(hits, ids);
            match &mut all.shape {
                Shape::Padded { k } => {
                    all.distances.resize((query + 1) * *k, nowhere);
                    all.ids.resize((query + 1) * *k, -1);
                }
                Shape::Ragged { ends } => ends.push(all.ids.len() as u64),
            }
        }
        Ok(all)
    }

    fn reserve(&mut self, hits: usize) -> bool {
        self.distances.try_reserve_exact(hits).is_ok() && self.ids.try_reserve_exact(hits).is_ok()
    }

    fn push(&mut self, hits: &[Neighbor], ids: Ids<'_>) {
        self.distances.extend(hits.iter().map(|hit| hit.distance as f32));
        match ids {
            Ids::Numbers => self.ids.extend(hits.iter().map(|hit| hit.row as i64)),
            Ids::Given(ids) => self.ids.extend(hits.iter().map(|hit| ids[hit.row as usize])),
        }
    }

    /// `(distances, ids)` with one row a query, or `(limits, distances, ids)`.
    pub(crate) fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let Found { queries, distances, ids, shape } = self;
        match shape {
            Shape::Padded { k } => {
                let full = "every query has k hits";
                let distances = Array2::from_shape_vec((queries, k), distances).expect(full);
                let ids = Array2::from_shape_vec((queries, k), ids).expect(full);
                let distances = PyArray2::from_owned_array(py, distances);
                let ids = PyArray2::from_owned_array(py, ids);
                Ok((distances, ids).into_pyobject(py)?.into_any())
            }
            Shape::Ragged { ends } => {
                let limits: Vec<u64> = std::iter::once(0).chain(ends).collect();
                let limits = PyArray1::from_vec(py, limits);
                let distances = PyArray1::from_vec(py, distances);
                let ids = PyArray1::from_vec(py, ids);
                Ok((limits, distances, ids).into_pyobject(py)?.into_any())
            }
        }
    }
}
