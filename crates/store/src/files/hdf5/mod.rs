//! HDF5 files: written whole, and decoded whole into memory.
//!
//! ```text
//! /embeddings   /row             all rows; or, where they are grouped,
//! /a.pdf/embeddings   /a.pdf/row     those with one value of a metadata column
//! ```
//!
//! `row` has the number of each row, by which they come back in order.

mod read;
mod write;

pub(super) use read::Decoded;
pub(super) use write::Hdf5File;
pub(crate) use write::MOST_GROUPS;

use crate::spec::Storage;
use anear_formats::{Format, by_name};
use anear_types::{Error, Result};

/// The data set of vectors in each group.
const VECTORS: &str = "embeddings";
/// The data set of row numbers beside it.
const ROWS: &str = "row";

fn format() -> Result<&'static dyn Format> {
    by_name("hdf5").ok_or_else(|| {
        Error::unsupported("this build of anear has no HDF5")
            .help("build it with the feature hdf5, or use the storage npy")
    })
}

/// Checks that this build can read and write the files of a storage.
pub(crate) fn check_available(storage: &Storage) -> Result<()> {
    match storage {
        Storage::Npy => Ok(()),
        Storage::Hdf5 { .. } => format().map(drop),
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
