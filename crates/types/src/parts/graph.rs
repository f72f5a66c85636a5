//! A graph of levels over rows (HNSW).

use super::{Bytes, IndexParts, Integers};

/// A graph of levels over the rows of another index.
///
/// The neighbours of a row on level `l` are at `offsets[row] + counts[l] .. offsets[row] + counts[l + 1]`
/// of the neighbours; -1 ends them early.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// How likely a row's highest level is 0, 1, and so on.
    pub level_probabilities: Vec<f64>,
    /// How many neighbours a row has room for below level 0, 1, and so on.
    pub counts: Vec<i32>,
    /// On how many levels each row is.
    pub levels: Vec<i32>,
    /// Where each row's neighbours begin, and the end of the last one's.
    pub offsets: Integers,
    /// All neighbours, as little-endian i32.
    pub neighbors: Bytes,
    /// The row that searches begin at, -1 without rows.
    pub entry_point: i32,
    /// The highest level, -1 without rows.
    pub max_level: i32,
    /// How many rows are looked at for a new row's neighbours.
    pub construction_effort: i32,
    /// How many rows are looked at in a search.
    pub search_effort: i32,
    /// The rows.
    pub storage: IndexParts,
}
