//! The first page of a database, checked before SQLite sees the file.
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 16 | `SQLite format 3\0` |
//! | 16 | 2 | page size, big-endian; 1 means 65,536 |
//! | 19 | 1 | read version: 2 when the database was last in WAL mode |
//! | 24 | 4 | change counter |
//! | 28 | 4 | pages in the file, valid when the next field equals the change counter |
//! | 92 | 4 | the change counter when the page count was written |
//!
//! Source: SQLite's "Database File Format", section 1.3. SQLite itself opens a file that was cut
//! off and notices only when it comes to a missing page, so the size is compared here.

use anear_types::{Error, Result};

/// The first bytes of every database.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

const HEADER_BYTES: usize = 100;

/// Offset of the two bytes that say which journal the database uses.
pub(super) const JOURNAL_VERSION: std::ops::Range<usize> = 18..20;

/// Checks a file from its beginning; returns whether it was last in WAL mode.
///
/// # Errors
/// If it is no database, or shorter than it says.
pub(super) fn check(bytes: &[u8]) -> Result<bool> {
    if !bytes.starts_with(MAGIC) {
        return Err(Error::malformed("not an SQLite database"));
    }
    let Some(header) = bytes.get(..HEADER_BYTES) else {
        return Err(Error::malformed(format!(
            "the file ends inside the header of the database: {} of {HEADER_BYTES} bytes",
            bytes.len()
        )));
    };
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size if size >= 512 && size.is_power_of_two() => u64::from(size),
        size => return Err(Error::malformed(format!("a page size of {size} bytes")).at_offset(16)),
    };
    let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| header[at + i]));
    let page_count = if word(24) == word(92) { u64::from(word(28)) } else { 1 };
    let expected = page_count.max(1) * page_bytes;
    if (bytes.len() as u64) < expected {
        return Err(Error::malformed(format!(
            "the file was cut off: it has {} of {expected} bytes",
            bytes.len()
        )));
    }
    Ok(header[JOURNAL_VERSION][1] == 2)
}
