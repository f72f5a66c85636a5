//! What a collection is made of.

use anear_types::{ColumnInfo, ColumnKind, Element, Metric};

/// What a new collection is to hold.
#[derive(Clone, Debug)]
pub struct CollectionSpec {
    /// Components in a vector.
    pub dim: usize,
    /// How nearness is measured.
    pub metric: Metric,
    /// The type of a component: `f32`, `f16`, `i8`, .. Whole numbers only go into whole-number types.
    pub element: Element,
    /// The files that hold vectors.
    pub storage: Storage,
    /// The model that made the vectors.
    pub model: Option<String>,
    /// Metadata columns to search as text.
    pub text: Vec<String>,
}

/// The files that hold vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `.npy`: as they are; searched where they lie.
    Npy,
    /// `.h5`: in compressed chunks.
    Hdf5 {
        /// The level of gzip, 1 to 9; 0 for none.
        gzip: u8,
        /// Whether bytes are shuffled first.
        shuffle: bool,
        /// A metadata column: rows with one value go into one group, named after it.
        group_by: Option<String>,
    },
}

/// What a collection is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading; nothing in the folder changes.
    Read,
    /// Reading and writing.
    Write,
}

/// A metadata column.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionColumn {
    /// Name and kind of values.
    pub info: ColumnInfo,
    /// Whether its texts are JSON documents (lists, objects).
    pub json: bool,
    /// Whether it is searched as text.
    pub text: bool,
}

/// The state of a collection.
#[derive(Clone, Debug)]
pub struct CollectionInfo {
    /// Rows there are.
    pub rows: u64,
    /// Rows that were deleted and whose vectors are still in the files.
    pub deleted: u64,
    /// Whether ids are integers or text; `None` before the first row.
    pub ids: Option<ColumnKind>,
    /// Names and bytes of its files.
    pub files: Vec<(String, u64)>,
    /// The kind of index that is kept, `none` so far if there is none.
    pub index: String,
}
