//! A collection: a folder that holds embeddings with ids and metadata, so that nothing is lost.

mod request;
mod spec;

pub use request::{
    Added, Batch, CollectionHit, CollectionSearch, Compacted, Condition, Existing, Expected,
    ExportRequest, Fetched, Problem, Sought, Verified,
};
pub use spec::{Access, CollectionColumn, CollectionInfo, CollectionSpec, Storage};

use crate::{Ids, OpenOptions, Progress, Result, Saved, Vectors};
use anear_types::{Column, Element, Metric};
use std::path::Path;

/// An open collection. Threads may share it; other processes may read it at the same time, and
/// write to it in turn. Every call sees the state that was last committed by anyone.
#[derive(Debug)]
pub struct Collection {}

#[allow(unused_variables, missing_docs)]
impl Collection {
    /// Makes a new, empty collection: a folder, whole or not at all.
    pub fn create(path: impl AsRef<Path>, spec: &CollectionSpec) -> Result<Collection> {
        unimplemented!()
    }

    /// Opens a collection. With [`Access::Read`] nothing in the folder is changed, and the folder may be read-only.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<Collection> {
        unimplemented!()
    }

    /// Whether there is a collection at this path.
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        unimplemented!()
    }

    pub fn path(&self) -> &Path {
        unimplemented!()
    }
    pub fn dim(&self) -> usize {
        unimplemented!()
    }
    pub fn metric(&self) -> Metric {
        unimplemented!()
    }
    pub fn element(&self) -> Element {
        unimplemented!()
    }
    pub fn model(&self) -> Option<&str> {
        unimplemented!()
    }

    /// Usage error unless everything that is expected is so.
    pub fn check(&self, expected: &Expected<'_>) -> Result<()> {
        unimplemented!()
    }

    /// Rows there are now.
    pub fn len(&self) -> Result<u64> {
        unimplemented!()
    }

    /// Metadata columns, in the order they appeared; the id is none of them.
    pub fn columns(&self) -> Result<Vec<CollectionColumn>> {
        unimplemented!()
    }

    /// Counts, files, sizes, index, text columns.
    pub fn info(&self) -> Result<CollectionInfo> {
        unimplemented!()
    }

    /// Adds rows. When it returns they are durable, all of them or, after an error, none.
    pub fn add(&self, batch: &Batch<'_>, existing: Existing) -> Result<Added> {
        unimplemented!()
    }

    /// Sets these metadata columns of the rows with these ids; others stay. Returns how many rows there were.
    pub fn update(&self, ids: &Ids, metadata: &[Column], json: &[String]) -> Result<u64> {
        unimplemented!()
    }

    /// Deletes rows; ids that are not there count nothing.
    pub fn delete(&self, ids: &Ids) -> Result<u64> {
        unimplemented!()
    }

    /// Deletes the rows that meet a condition.
    pub fn delete_where(&self, condition: &Condition<'_>) -> Result<u64> {
        unimplemented!()
    }

    /// Makes columns searchable as text (SQLite's FTS5), from now on and for the rows there are.
    pub fn index_text(&self, columns: &[String]) -> Result<()> {
        unimplemented!()
    }

    /// Writes the files anew without what was deleted.
    pub fn compact(&self, progress: &mut dyn Progress) -> Result<Compacted> {
        unimplemented!()
    }

    /// Checks every checksum and cross reference; with `repair`, sets right what can be.
    pub fn verify(&self, repair: bool, progress: &mut dyn Progress) -> Result<Verified> {
        unimplemented!()
    }

    /// The rows with these ids, in this order; `show` names the metadata columns, `None` is all.
    pub fn get(&self, ids: &Ids, show: Option<&[String]>) -> Result<Fetched> {
        unimplemented!()
    }

    /// The rows there are now (that meet a condition), as a matrix like that of a file: to walk over, export, convert.
    pub fn view(&self, condition: Option<&Condition<'_>>) -> Result<Vectors> {
        unimplemented!()
    }

    /// How many rows meet a condition.
    pub fn count(&self, condition: Option<&Condition<'_>>) -> Result<u64> {
        unimplemented!()
    }

    /// For each query its hits, the nearest first.
    pub fn search(
        &self,
        sought: &Sought<'_>,
        request: &CollectionSearch<'_>,
    ) -> Result<Vec<Vec<CollectionHit>>> {
        unimplemented!()
    }

    /// Adds all rows of a matrix in a file, with its ids and metadata and those of the file `meta`. In one transaction per few hundred MB.
    pub fn import(
        &self,
        vectors: &Vectors,
        meta: Option<&Path>,
        existing: Existing,
        options: &OpenOptions,
        progress: &mut dyn Progress,
    ) -> Result<Added> {
        unimplemented!()
    }

    /// Writes rows to a file of any format, with ids and metadata.
    pub fn export(
        &self,
        request: &ExportRequest<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Saved> {
        unimplemented!()
    }
}
