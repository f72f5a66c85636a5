//! Whether the parts of an index fit together.
//!
//! What is checked here, code that searches relies on: every array is as long as the numbers beside
//! it say, inner indexes have the rows and the dimension of outer ones, and edges lead to rows. Ids
//! are free, and a direct map is looked at with care whenever it is used.

mod codec;
mod graph;
mod lists;
mod transform;

use super::{IdMap, IndexParts, Refined, Storage, Structure};
use crate::{Error, Measure, Result};

/// The largest dimension: FAISS counts with i32.
const MAX_DIM: usize = i32::MAX as usize;

/// Parts that fit together.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedParts(IndexParts);

impl CheckedParts {
    /// The parts.
    pub fn parts(&self) -> &IndexParts {
        &self.0
    }

    /// The parts, to be changed.
    pub fn into_parts(self) -> IndexParts {
        self.0
    }
}

impl IndexParts {
    /// Checks that the parts fit together, which takes a look at every edge of a graph and at codes
    /// that point to something.
    ///
    /// # Errors
    /// [`Malformed`](crate::ErrorKind::Malformed) with what contradicts what.
    pub fn check(self) -> Result<CheckedParts> {
        check(&self)?;
        Ok(CheckedParts(self))
    }

    /// Checks of the index itself, not of those inside it, that its codec has learned what it needs if it says
    /// so.
    ///
    /// # Errors
    /// As for [`check`](IndexParts::check).
    pub fn check_learned(&self) -> Result<()> {
        match &self.structure {
            Structure::Coded(coded) => codec::check_codec(self, &coded.codec),
            Structure::Inverted(inverted) => codec::check_codec(self, &inverted.codec),
            _ => Ok(()),
        }
    }
}

fn check(index: &IndexParts) -> Result<()> {
    if index.dim == 0 || index.dim > MAX_DIM {
        return Err(Error::malformed(format!("an index of dimension {}", index.dim)));
    }
    match &index.structure {
        Structure::Coded(coded) => codec::check_coded(index, coded),
        Structure::Inverted(inverted) => {
            check(&inverted.quantizer)?;
            lists::check(index, inverted)
        }
        Structure::Graph(graph) => {
            if let Storage::Index(storage) = &graph.storage {
                check(storage)?;
            }
            graph::check(index, graph)
        }
        Structure::IdMap(id_map) => {
            check(&id_map.inner)?;
            check_id_map(index, id_map)
        }
        Structure::Transformed(transformed) => {
            check(&transformed.inner)?;
            transform::check(index, transformed)
        }
        Structure::Refined(refined) => {
            check(&refined.base)?;
            check(&refined.refinement)?;
            check_refined(index, refined)
        }
    }
}

/// Checks that an index inside another has rows of its dimension.
fn check_dim(outer: &IndexParts, inner: &IndexParts) -> Result<()> {
    if inner.dim != outer.dim {
        let (inner, outer) = (inner.dim, outer.dim);
        let what = format!("an index of dimension {inner} inside one of dimension {outer}");
        return Err(Error::malformed(what));
    }
    check_kind(outer, inner)
}

/// Checks that an index inside another is over numbers as it is, or both are over bits.
fn check_kind(outer: &IndexParts, inner: &IndexParts) -> Result<()> {
    if (inner.measure == Measure::Hamming) != (outer.measure == Measure::Hamming) {
        return Err(Error::malformed("an index over numbers and one over bits inside each other"));
    }
    Ok(())
}

/// Checks that an index inside another has its rows and its measure.
fn check_same(outer: &IndexParts, inner: &IndexParts, what: &str) -> Result<()> {
    let of = |index: &IndexParts| (index.rows, index.measure);
    if of(inner) != of(outer) {
        return Err(Error::malformed(format!(
            "{what} of {} rows and metric {} over an index of {} rows and metric {}",
            outer.rows, outer.measure, inner.rows, inner.measure
        )));
    }
    Ok(())
}

fn check_id_map(index: &IndexParts, id_map: &IdMap) -> Result<()> {
    check_dim(index, &id_map.inner)?;
    check_same(index, &id_map.inner, "an id map")?;
    let (ids, rows) = (id_map.ids.len(), index.rows);
    if ids as u64 != rows {
        return Err(Error::malformed(format!("there are {ids} ids for {rows} rows")));
    }
    Ok(())
}

fn check_refined(index: &IndexParts, refined: &Refined) -> Result<()> {
    for inner in [&refined.base, &refined.refinement] {
        check_dim(index, inner)?;
        check_same(index, inner, "a refinement")?;
    }
    check_factor(refined.factor)
}

/// Checks how many times as many rows are found first: as many as FAISS takes.
fn check_factor(factor: f32) -> Result<()> {
    if !(1.0..=1000.0).contains(&factor) {
        let what = format!("a refinement of {factor} times as many rows; 1 to 1000 are possible");
        return Err(Error::malformed(what));
    }
    Ok(())
}
