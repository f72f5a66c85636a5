//! An open file: its entries, their rows and metadata.

use crate::VectorSource;
use anear_types::parts::CheckedParts;
use anear_types::{Column, Metric, Result, Schema, Value};
use std::ops::Range;

/// An open file with any number of entries.
pub trait Container: Send {
    /// The matrices inside, in file order. A format with only one unnamed matrix calls it "".
    fn entries(&self) -> &[Entry];

    /// The rows of one entry, from the first.
    ///
    /// # Errors
    /// If the entry is damaged.
    ///
    /// # Panics
    /// If there is no such entry.
    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>>;

    /// Metadata of rows `rows` of one entry: the columns at positions `columns` of its schema, in
    /// the order asked for.
    ///
    /// # Errors
    /// If the metadata is damaged.
    ///
    /// # Panics
    /// If there is no such entry, column or row.
    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let _ = (entry, rows);
        assert!(columns.is_empty(), "this format has no metadata columns");
        Ok(Vec::new())
    }

    /// What else is inside but is no matrix of numbers, and why.
    fn skipped(&self) -> &[Skipped] {
        &[]
    }

    /// The index in the file, if it is an index.
    fn index(&self) -> Option<&IndexInfo> {
        None
    }

    /// What the index in the file is made of, to make one of it that can be searched; `None` if
    /// there is none, or its kind is described only.
    fn parts(&self) -> Option<&CheckedParts> {
        None
    }

    /// Reads the whole file and compares it with the checksums it has, if it has any.
    ///
    /// # Errors
    /// If something is damaged.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

/// A matrix in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name, as in `PATH::NAME`; may be empty.
    pub name: String,
    /// Its shape, metadata columns and attributes.
    pub schema: Schema,
}

/// Something in a file that is no matrix of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// Why it cannot be read as vectors, as a clause: "it holds text".
    pub reason: String,
}

/// What an index file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexInfo {
    /// Library and kind, such as `faiss:IwFl`.
    pub kind: String,
    /// The metric, if known.
    pub metric: Option<Metric>,
    /// Indexed rows, if known.
    pub rows: Option<u64>,
    /// Components in a row, if known.
    pub dim: Option<usize>,
    /// Settings, by name.
    pub params: Vec<(String, Value)>,
}
