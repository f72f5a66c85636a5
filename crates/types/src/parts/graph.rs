//! A graph of levels over rows (HNSW).

use super::{Bytes, CodecParts, IndexParts, Integers, Structure};
use crate::{Error, Result};

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
    pub storage: Storage,
}

/// The rows of a graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    /// They are in this index.
    Index(Box<IndexParts>),
    /// They are not in the file, which tells how they were kept.
    Left(StorageKind),
}

/// How the rows of a graph are kept, by which FAISS tells kinds of graphs over numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// As they are.
    Raw,
    /// By a scalar quantizer.
    Scalar,
    /// By a product quantizer.
    Product,
    /// By a coarse quantizer and a product quantizer.
    TwoLevel,
    /// In another way.
    Other,
}

impl Storage {
    /// The index that holds the rows.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) if they are not in the file.
    pub fn index(&self) -> Result<&IndexParts> {
        match self {
            Storage::Index(index) => Ok(index),
            Storage::Left(_) => Err(no_rows()),
        }
    }

    /// The index that holds the rows, to be changed.
    ///
    /// # Errors
    /// As for [`index`](Storage::index).
    pub fn index_mut(&mut self) -> Result<&mut IndexParts> {
        match self {
            Storage::Index(index) => Ok(index),
            Storage::Left(_) => Err(no_rows()),
        }
    }

    /// How the rows are kept.
    pub fn kind(&self) -> StorageKind {
        let index = match self {
            Storage::Index(index) => index,
            Storage::Left(kind) => return *kind,
        };
        let Structure::Coded(coded) = &index.structure else { return StorageKind::Other };
        match coded.codec {
            CodecParts::Raw => StorageKind::Raw,
            CodecParts::Scalar(_) => StorageKind::Scalar,
            CodecParts::Product(_) => StorageKind::Product,
            CodecParts::TwoLevel(_) => StorageKind::TwoLevel,
            CodecParts::Bits | CodecParts::Lsh(_) | CodecParts::Rabitq(_) => StorageKind::Other,
        }
    }
}

impl From<IndexParts> for Storage {
    fn from(index: IndexParts) -> Storage {
        Storage::Index(Box::new(index))
    }
}

fn no_rows() -> Error {
    Error::unsupported("the graph has no rows, it was written without them")
        .help("set its storage to an index that holds these rows")
}
