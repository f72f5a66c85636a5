//! A `.npy` file that grows.

use super::VectorFile;
use anear_formats::npy::Appender;
use anear_types::{Element, Error, MatrixRef, Result};
use std::path::Path;

/// A file open for appending.
#[derive(Debug)]
pub(super) struct NpyFile {
    appender: Appender,
    /// Rows that NumPy saw in it, and those that count, when it was opened.
    found: (u64, u64),
    /// Whether rows were appended since the last sync.
    unsynced: bool,
}

impl NpyFile {
    /// Makes a new file; one that is there is replaced.
    pub(super) fn create(path: &Path, element: Element, dim: usize) -> Result<NpyFile> {
        match std::fs::remove_file(path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("cannot replace", source).at_path(path));
            }
            _ => {}
        }
        let appender = Appender::create(path, element, dim)?;
        Ok(NpyFile { appender, found: (0, 0), unsynced: false })
    }

    /// Opens a file in which so many rows count. Bytes behind them are overwritten.
    pub(super) fn open(path: &Path, rows: u64) -> Result<NpyFile> {
        let mut appender = Appender::open(path)?;
        let found = (appender.schema().rows, rows);
        appender.recount(rows)?;
        Ok(NpyFile { appender, found, unsynced: false })
    }
}

impl VectorFile for NpyFile {
    fn append(&mut self, rows: MatrixRef<'_>, _: &[String]) -> Result<()> {
        self.unsynced = true;
        self.appender.append(rows)
    }

    fn sync(&mut self) -> Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.appender.sync()?;
        }
        Ok(())
    }

    /// Writes the number of rows into the header.
    fn publish(&mut self) -> Result<()> {
        self.appender.publish().map(drop)
    }

    /// Cuts off bytes that count for nothing. The header is written when the file is published.
    fn repair(&mut self) -> Result<Vec<String>> {
        let mut repaired = Vec::new();
        let (seen, rows) = self.found;
        if seen != rows {
            repaired.push(format!("says it has {seen} rows, {rows} count"));
        }
        let extra = self.appender.trim()?;
        if extra > 0 {
            repaired.push(format!("had {extra} bytes behind the last row"));
        }
        Ok(repaired)
    }
}
