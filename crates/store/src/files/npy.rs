//! A `.npy` file that grows.

use anear_formats::npy::Appender;
use anear_types::{Element, Error, MatrixRef, Result};
use std::path::Path;

/// A file open for appending, of which so many rows count.
#[derive(Debug)]
pub(crate) struct NpyFile(Appender);

impl NpyFile {
    /// Makes a new file; one that is there counts for nothing, since nobody names it.
    pub(crate) fn create(path: &Path, element: Element, dim: usize) -> Result<NpyFile> {
        match std::fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("cannot replace", source).at_path(path));
            }
            _ => {}
        }
        drop(Appender::create(path, element, dim)?);
        NpyFile::open(path, element, dim, 0)
    }

    /// Opens a file in which so many rows count. Bytes behind them are overwritten.
    pub(crate) fn open(path: &Path, element: Element, dim: usize, rows: u64) -> Result<NpyFile> {
        Ok(NpyFile(Appender::open_counted(path, element, dim, rows)?))
    }

    /// Appends rows.
    pub(crate) fn append(&mut self, rows: MatrixRef<'_>) -> Result<()> {
        self.0.append(rows)
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.0.sync()
    }

    /// Tells NumPy of all rows. Returns whether it was told a wrong number before.
    pub(crate) fn publish(&mut self) -> Result<()> {
        self.0.publish().map(drop)
    }

    /// Cuts off bytes that count for nothing; returns how many.
    pub(crate) fn trim(&mut self) -> Result<u64> {
        self.0.trim()
    }
}
