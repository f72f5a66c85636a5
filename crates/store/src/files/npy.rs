//! A `.npy` file that grows.

use super::VectorFile;
use crate::folder::check_own;
use anear_formats::npy::Appender;
use anear_types::{Element, Error, MatrixRef, Result};
use std::path::Path;

/// A file open for appending.
#[derive(Debug)]
pub(super) struct NpyFile {
    appender: Appender,
    /// Rows that NumPy saw in it, if it could, and those that count, when it was opened.
    found: (Option<u64>, u64),
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
        drop(Appender::create(path, element, dim)?);
        NpyFile::open(path, element, dim, 0)
    }

    /// Opens a file in which so many rows count. Bytes behind them are overwritten.
    pub(super) fn open(path: &Path, element: Element, dim: usize, rows: u64) -> Result<NpyFile> {
        check_own(path)?;
        let appender = Appender::open_counted(path, element, dim, rows)?;
        Ok(NpyFile { found: (appender.counted_in_header(), rows), appender, unsynced: false })
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
        match self.found {
            (Some(seen), rows) if seen == rows => {}
            (Some(seen), rows) => repaired.push(format!("says it has {seen} rows, {rows} count")),
            (None, _) => repaired.push("had a torn header".to_owned()),
        }
        let extra = self.appender.trim()?;
        if extra > 0 {
            repaired.push(format!("had {extra} bytes behind the last row"));
        }
        Ok(repaired)
    }
}
