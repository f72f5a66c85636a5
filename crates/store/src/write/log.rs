//! SQLite's log, as a file: that its name survives, and that it is long enough.
//!
//! To sync a file that has become longer, a file system writes more than the file's bytes. So a log
//! that many small commits go to is made as long as it will be beforehand. SQLite knows the end of a
//! log by the checksums of its pages, not by its length.

use crate::folder::{self, METADATA};
use crate::sql::connection::LOG_PAGES;
use anear_formats::sqlite::beside;
use anear_types::Result;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// After so many commits, more are expected.
const MANY_COMMITS: u32 = 8;
/// How long the log is made: the pages that are in it before it is written over from its start,
/// each with its header, and those of the last commit.
const BYTES: u64 = (LOG_PAGES as u64 + 24) * (4096 + 24);

/// The log, as one writer knows it.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    is_named: bool,
    commits: u32,
}

impl Log {
    pub(super) fn new(folder: &Path) -> Log {
        Log { folder: folder.to_owned(), is_named: false, commits: 0 }
    }

    /// Whether there is a log with something in it.
    pub(super) fn is_in_use(folder: &Path) -> bool {
        path(folder).metadata().is_ok_and(|log| log.len() > 0)
    }

    /// To be called in a transaction before anything is written: then nobody else writes to the log.
    ///
    /// # Errors
    /// If the folder cannot be synced.
    pub(super) fn begin(&mut self) -> Result<()> {
        if !self.is_named {
            // SQLite has made its log in the folder by now, and does not mind if the name is lost.
            folder::sync(&self.folder)?;
            self.is_named = true;
        }
        if self.commits == MANY_COMMITS {
            // A log that is short is only slower, and a full disk is told of by what is written next.
            let _ = lengthen(&path(&self.folder));
        }
        Ok(())
    }

    /// To be called after a commit.
    pub(super) fn end(&mut self) {
        self.commits = self.commits.saturating_add(1);
    }
}

fn path(folder: &Path) -> PathBuf {
    beside(&folder.join(METADATA), "-wal")
}

/// Writes zeros behind the end. A hole would have to be filled by the commits.
fn lengthen(path: &Path) -> std::io::Result<()> {
    let mut log = File::options().write(true).open(path)?;
    let length = log.seek(SeekFrom::End(0))?;
    match BYTES.checked_sub(length) {
        Some(missing) => log.write_all(&vec![0; missing as usize]),
        None => Ok(()),
    }
}
