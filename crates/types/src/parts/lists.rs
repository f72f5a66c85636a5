//! Inverted lists.

use super::{Blocks, Bytes, CodecParts, IndexParts, Integers, ProductParts};

/// Rows in lists, each list with a centroid.
#[derive(Clone, Debug, PartialEq)]
pub struct Inverted {
    /// How many lists there are.
    pub list_count: usize,
    /// How many are searched where nothing else is said.
    pub probes: usize,
    /// How many rows are scored for a query at most, 0 for no bound; files do not say, and mean 0.
    pub most_rows: usize,
    /// The centroids: an index whose rows are numbered as the lists are.
    pub quantizer: IndexParts,
    /// Where the row with an id is.
    pub direct_map: DirectMap,
    /// How rows are written.
    pub codec: CodecParts,
    /// Whether codes stand for differences to the centroid.
    pub residual: bool,
    /// How codes lie in a list if not one behind another.
    pub blocks: Option<Blocks>,
    /// The lists that hold something, by number; `None` where the lists are not in the file.
    pub lists: Option<Vec<List>>,
    /// What else there is.
    pub beside: Beside,
}

/// A list that holds something.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Its number.
    pub number: usize,
    /// The ids of its rows.
    pub ids: Integers,
    /// Their codes.
    pub codes: Bytes,
}

/// Where the row with an id is: list and position in it.
#[derive(Clone, Debug, PartialEq)]
pub enum DirectMap {
    /// Not known.
    None,
    /// For ids from 0 on: the list's number in the upper half of an integer, the position in the lower.
    Array(Integers),
    /// Pairs of an id and such an integer, and an array that is not used.
    Pairs(Integers, Integers),
}

/// What there is beside the codes in the lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Beside {
    /// Nothing.
    Nothing,
    /// Pairs of an id in the lists and the id of a row equal to it that is not in the lists.
    Duplicates(Integers),
    /// A second product quantizer, for what the codes leave out.
    Refinement {
        /// How it is written.
        product: ProductParts,
        /// The codes of rows 0, 1 and so on; ids are rows.
        codes: Bytes,
        /// How many times as many rows are found first.
        factor: f32,
    },
}
