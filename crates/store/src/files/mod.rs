//! Files of vectors: adding rows, and finding them again.

mod extent;
mod groups;
mod hdf5;
mod maps;
mod npy;

pub use extent::Extent;
pub(crate) use extent::cover;
pub(crate) use groups::group_names;
pub(crate) use hdf5::{MOST_GROUPS, check_available};
pub(crate) use maps::{Maps, SharedBytes};

use crate::spec::{Spec, Storage};
use anear_types::{MatrixRef, Result};
use hdf5::Hdf5File;
use npy::NpyFile;
use std::path::Path;

/// A file that takes rows. They are appended, then synced, and once they count they are published.
pub(crate) trait VectorFile: Send {
    /// Appends rows. `groups` names the group of each if rows are grouped, else it is empty.
    fn append(&mut self, rows: MatrixRef<'_>, groups: &[String]) -> Result<()>;

    /// Makes what was appended durable.
    fn sync(&mut self) -> Result<()>;

    /// Whether it takes no more rows, however small they are.
    fn is_full(&self) -> bool {
        false
    }

    /// Tells other programs of all rows.
    fn publish(&mut self) -> Result<()> {
        Ok(())
    }

    /// Sets right what a writer that did not finish has left in the file; returns what that was.
    fn repair(&mut self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// A new file for the rows from `first_row` on. One that is there counts for nothing, since nobody
/// names it.
pub(crate) fn create(path: &Path, spec: &Spec, first_row: u64) -> Result<Box<dyn VectorFile>> {
    Ok(match spec.storage {
        Storage::Npy => Box::new(NpyFile::create(path, spec.element, spec.dim)?),
        Storage::Hdf5 { .. } => Box::new(Hdf5File::new(path, spec, first_row)),
    })
}

/// Opens a file in which so many rows count, to add more; `None` if it takes no more.
pub(crate) fn reopen(path: &Path, spec: &Spec, rows: u64) -> Result<Option<Box<dyn VectorFile>>> {
    Ok(match spec.storage {
        Storage::Npy => Some(Box::new(NpyFile::open(path, spec.element, spec.dim, rows)?)),
        Storage::Hdf5 { .. } => None,
    })
}
