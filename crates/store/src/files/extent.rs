//! Stretches of rows with a checksum.

use crate::sql::numbers::number;
use anear_types::{Error, MatrixRef, Result};
use crc32fast::Hasher;
use rusqlite::Row;

/// An extent grows to about so many bytes.
const EXTENT_BYTES: u64 = 4 << 20;

/// A stretch of rows in one file, and the CRC-32 of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The number of the first row.
    pub first_row: u64,
    /// Number of rows.
    pub rows: u64,
    /// The number of the file.
    pub file: i64,
    /// The CRC-32 of their bytes.
    pub crc32: u32,
}

impl Extent {
    /// A row of the table `extents`, with all its columns in their order. The numbers are so small
    /// that their sum does not overflow.
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Extent> {
        Ok(Extent {
            first_row: number(row, 0)?,
            rows: number(row, 1)?,
            file: row.get(2)?,
            crc32: row.get(3)?,
        })
    }

    /// Compares its rows with their checksum.
    pub(crate) fn check(&self, rows: MatrixRef<'_>) -> Result<()> {
        let (found, expected) = (crc32fast::hash(rows.bytes()), self.crc32);
        if found == expected {
            return Ok(());
        }
        let (first, last) = (self.first_row, self.end().saturating_sub(1));
        Err(Error::malformed(format!(
            "the vectors of rows {first} to {last} are damaged: their checksum is {found:08x}, not {expected:08x}"
        )))
    }

    /// The number after that of the last row.
    pub fn end(&self) -> u64 {
        self.first_row + self.rows
    }
}

/// The extents that cover `rows`, the first of which has the number `first_row`, in a file. If
/// there is room in the file's `last` extent, the first of them is that one, grown.
pub(crate) fn cover(
    last: Option<Extent>,
    file: i64,
    first_row: u64,
    rows: MatrixRef<'_>,
) -> Vec<Extent> {
    let row_bytes = rows.row_bytes() as u64;
    let most_rows = (EXTENT_BYTES / row_bytes).max(1);
    let mut extents: Vec<Extent> = Vec::new();
    let mut open = last.filter(|last| last.file == file && last.rows < most_rows);
    let mut start = 0;
    while start < rows.rows() {
        let next = Extent { first_row: first_row + start as u64, rows: 0, file, crc32: 0 };
        let extent = open.take().unwrap_or(next);
        let end = rows.rows().min(start + (most_rows - extent.rows) as usize);
        let mut hasher = Hasher::new_with_initial_len(extent.crc32, extent.rows * row_bytes);
        hasher.update(rows.range(start, end).bytes());
        let grown = extent.rows + (end - start) as u64;
        extents.push(Extent { rows: grown, crc32: hasher.finalize(), ..extent });
        start = end;
    }
    extents
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_types::Element;

    #[test]
    fn extents_grow_and_their_checksums_with_them() {
        let bytes: Vec<u8> = (0..3 << 20).map(|byte| (byte % 251) as u8).collect();
        let rows = MatrixRef::new(&bytes, Element::U8, 3 << 10, 1 << 10);
        let first = cover(None, 1, 0, rows);
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].crc32, crc32fast::hash(&bytes));

        let more = cover(first.last().copied(), 1, 3 << 10, rows);
        assert_eq!(more.len(), 2);
        assert_eq!((more[0].first_row, more[0].rows), (0, 4 << 10));
        let twice = [bytes.clone(), bytes.clone()].concat();
        assert_eq!(more[0].crc32, crc32fast::hash(&twice[..4 << 20]));
        assert_eq!((more[1].first_row, more[1].end()), (4 << 10, 6 << 10));
        assert_eq!(more[1].crc32, crc32fast::hash(&twice[4 << 20..]));
        assert_eq!(cover(first.last().copied(), 2, 3 << 10, rows)[0].first_row, 3 << 10);
    }
}
