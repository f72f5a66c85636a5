//! How much looking at a pickle may take.

use anear_types::{Error, Limits, Result};

/// Bytes that may still be looked at. Parts of a pickle may be shared, so that a few bytes stand
/// for far more than the file holds; shared parts count each time.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    /// As much as a pickle could hold that shares little.
    pub(super) fn new(pickle_bytes: u64, limits: &Limits) -> Budget {
        Budget(pickle_bytes.saturating_mul(8).max(limits.floor_bytes))
    }

    /// The bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.0
    }

    /// Counts a value of so many bytes, and a little for looking at it.
    ///
    /// # Errors
    /// If that is more than is left.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<()> {
        let left = self.0.checked_sub(1 + bytes as u64);
        self.0 = left.ok_or_else(|| {
            Error::limit("the documents stand for far more than the pickle holds")
                .help("if you trust this file, read it with --no-limits")
        })?;
        Ok(())
    }
}
