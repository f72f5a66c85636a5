//! One answer of a search.

/// A row and how near it is, in the metric's own scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// Position in the file, counted from 0.
    pub row: u64,
    /// The distance (or, for inner product, the similarity).
    pub distance: f64,
}
