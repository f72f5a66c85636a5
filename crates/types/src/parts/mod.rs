//! What an index of another library is made of, in plain data: what a reader of its files gives and
//! what a search structure is made from. Both depend on this and not on each other.
//!
//! Small things are owned, large ones (codes, ids, edges) stay where they are in the file. Readers
//! build [`IndexParts`] as the file has them; [`IndexParts::check`] makes them [`CheckedParts`],
//! whose lengths agree with each other and whose numbers point to something.

mod bytes;
mod check;
mod codec;
mod graph;
mod lists;
mod transform;

pub use bytes::{Bytes, Integers, SharedBytes};
pub use check::CheckedParts;
pub use codec::{
    Blocks, CodecParts, Coded, LshParts, ProductParts, ProductSearch, RabitqParts, ScalarKind,
    ScalarParts, TwoLevelParts,
};
pub use graph::{Graph, Storage, StorageKind};
pub use lists::{Beside, DirectMap, Inverted, List};
pub use transform::{LinearOrigin, PrincipalParts, TransformKind, TransformParts};

use crate::Measure;

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexParts {
    /// Components in a row.
    pub dim: usize,
    /// Rows.
    pub rows: u64,
    /// Whether it has learned what it needs to take rows.
    pub trained: bool,
    /// How nearness is measured.
    pub measure: Measure,
    /// The measure's argument: the exponent of [`Lp`](Measure::Lp).
    pub argument: f32,
    /// How rows are kept and found.
    pub structure: Structure,
}

/// How rows are kept and found.
#[derive(Clone, Debug, PartialEq)]
pub enum Structure {
    /// One behind another, all of them looked at.
    Coded(Coded),
    /// In lists, some of them looked at.
    Inverted(Box<Inverted>),
    /// In another index, found by way of a graph.
    Graph(Box<Graph>),
    /// In another index, and their ids.
    IdMap(Box<IdMap>),
    /// In another index, transformed.
    Transformed(Box<Transformed>),
    /// In two indexes: what the first finds is ordered by the second.
    Refined(Box<Refined>),
}

/// Ids for the rows of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct IdMap {
    /// The rows.
    pub inner: IndexParts,
    /// The id of each row.
    pub ids: Integers,
    /// Whether rows are found by their ids as well.
    pub both_ways: bool,
}

/// An index over transformed rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Transformed {
    /// The transforms in order.
    pub transforms: Vec<TransformParts>,
    /// The index over what they give.
    pub inner: IndexParts,
}

/// Two indexes over the same rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// What finds rows.
    pub base: IndexParts,
    /// What orders them.
    pub refinement: IndexParts,
    /// How many times as many rows as wanted the first finds.
    pub factor: f32,
}
