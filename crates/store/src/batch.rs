//! Rows to add.

use anear_types::{Column, Error, Ids, MatrixRef, Result};

/// Rows to add.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The vectors.
    pub vectors: MatrixRef<'a>,
    /// Their ids; `None` counts on from the largest integer id.
    pub ids: Option<&'a Ids>,
    /// Their metadata, one value a row; new columns are added to the collection.
    pub metadata: &'a [Column],
    /// Names of columns among them whose texts are JSON documents.
    pub json: &'a [String],
}

/// What to do with ids that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse the batch.
    Refuse,
    /// Replace vector and metadata; columns that are not given become null.
    Replace,
}

/// What was added.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    /// Rows that are new.
    pub added: u64,
    /// Rows that replaced others.
    pub updated: u64,
    /// Rows there are now.
    pub rows: u64,
    /// The ids of a batch, in its order; of an import none.
    pub ids: Option<Ids>,
}

impl Batch<'_> {
    /// Checks that ids and columns go with the vectors.
    pub(crate) fn check(&self) -> Result<()> {
        let rows = self.vectors.rows();
        if let Some(ids) = self.ids.filter(|ids| ids.len() != rows) {
            return Err(Error::usage(format!("{} ids for {rows} vectors", ids.len())));
        }
        if let Some(column) = self.metadata.iter().find(|column| column.values.len() != rows) {
            let (name, found) = (&column.name, column.values.len());
            return Err(Error::usage(format!("{found} values of {name:?} for {rows} vectors")));
        }
        Ok(())
    }
}
