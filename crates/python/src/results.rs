//! What a search found, as NumPy arrays.

use crate::error::Result;
use anear::{Error, Metric, Neighbor, Order};
use numpy::ndarray::Array2;
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;

/// Distances and ids of the `k` nearest rows to each query.
pub(crate) type Nearest<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<i64>>);

/// Where the hits of each query begin, and the distances and ids of all hits.
pub(crate) type Within<'py> =
    (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<i64>>);

/// Hits of several queries in the memory that NumPy takes over.
pub(crate) struct Found {
    queries: usize,
    ends: Vec<u64>,
    distances: Vec<f32>,
    ids: Vec<i64>,
}

impl Found {
    /// All hits; `id` gives what to call a row.
    pub(crate) fn all(found: &[Vec<Neighbor>], id: impl Fn(u64) -> i64) -> Result<Found, Error> {
        let mut all = Found::with_room(found.len(), found.iter().map(Vec::len).sum())?;
        for hits in found {
            all.push(hits, &id);
        }
        Ok(all)
    }

    /// `k` hits a query; where there are fewer, the id is -1 and the distance infinite.
    pub(crate) fn padded(
        found: &[Vec<Neighbor>],
        k: usize,
        metric: Metric,
        id: impl Fn(u64) -> i64,
    ) -> Result<Found, Error> {
        let too_many = || Error::limit(format!("{k} hits a query do not fit in memory"));
        let hits = found.len().checked_mul(k).ok_or_else(too_many)?;
        let mut all = Found::with_room(found.len(), hits).map_err(|_| too_many())?;
        let nowhere = match metric.order() {
            Order::SmallerIsNearer => f32::INFINITY,
            Order::LargerIsNearer => f32::NEG_INFINITY,
        };
        for (query, hits) in found.iter().enumerate() {
            all.push(hits, &id);
            all.distances.resize((query + 1) * k, nowhere);
            all.ids.resize((query + 1) * k, -1);
        }
        Ok(all)
    }

    fn with_room(queries: usize, hits: usize) -> Result<Found, Error> {
        let mut found =
            Found { queries, ends: Vec::new(), distances: Vec::new(), ids: Vec::new() };
        let reserved = found.distances.try_reserve_exact(hits).is_ok()
            && found.ids.try_reserve_exact(hits).is_ok();
        if !reserved {
            return Err(Error::limit(format!("{hits} hits do not fit in memory")));
        }
        Ok(found)
    }

    fn push(&mut self, hits: &[Neighbor], id: impl Fn(u64) -> i64) {
        self.distances.extend(hits.iter().map(|hit| hit.distance as f32));
        self.ids.extend(hits.iter().map(|hit| id(hit.row)));
        self.ends.push(self.ids.len() as u64);
    }

    /// As matrices of one row a query, once padded.
    pub(crate) fn into_nearest(self, py: Python<'_>, k: usize) -> Nearest<'_> {
        let shape = (self.queries, k);
        let distances = Array2::from_shape_vec(shape, self.distances).expect("it was padded");
        let ids = Array2::from_shape_vec(shape, self.ids).expect("it was padded");
        (PyArray2::from_owned_array(py, distances), PyArray2::from_owned_array(py, ids))
    }

    /// As the hits of all queries one after the other.
    pub(crate) fn into_within(self, py: Python<'_>) -> Within<'_> {
        let limits = std::iter::once(0).chain(self.ends).collect();
        (
            PyArray1::from_vec(py, limits),
            PyArray1::from_vec(py, self.distances),
            PyArray1::from_vec(py, self.ids),
        )
    }
}
