//! Rows in an index file.

use super::Rows;
use anear_io::{About, ByteOrder, Segment, SegmentWriter, swap_bytes};
use anear_types::{Block, MatrixRef, Result};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Between so many gaps of the same size lie the rows that the checksum is taken of.
const SAMPLE_GAPS: u32 = 15;

impl Rows {
    /// The rows that an index file holds, used where they lie in it.
    ///
    /// # Errors
    /// If it holds none, or not as many as it says.
    pub fn in_file(segment: &Segment, about: &About) -> Result<Rows> {
        let range = about.rows_in(segment)?;
        let (rows, dim) = (about.rows as usize, about.dim);
        if ByteOrder::NATIVE == ByteOrder::Little || about.element.bytes() == 1 {
            let bytes = Arc::new(segment.input().clone());
            return Ok(Rows::shared(bytes, range, about.element, rows, dim));
        }
        let mut block = Block::new(about.element, dim, rows);
        block.spare_mut().copy_from_slice(&segment.input().bytes()[range]);
        swap_bytes(block.spare_mut(), about.element.bytes());
        block.advance(rows);
        Ok(block.into())
    }

    /// A checksum by which the first `count` rows are told from others, taken of a few of them.
    /// Rows are where they are and may be many: to read all would take longer than opening an index
    /// is to take.
    ///
    /// # Panics
    /// If there are not as many.
    pub(crate) fn checksum(&self, count: u64) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let Some(last) = count.checked_sub(1) else { return hasher.finalize() };
        for sample in 0..=SAMPLE_GAPS {
            let row = u128::from(last) * u128::from(sample) / u128::from(SAMPLE_GAPS);
            hasher.update(&little_endian(self.row(row as u64)));
        }
        hasher.finalize()
    }

    /// Writes the section of the rows: those of some runs.
    pub(crate) fn save(&self, runs: &[Range<u64>], writer: &mut SegmentWriter) -> Result<()> {
        About::begin_rows(writer)?;
        let all = runs.iter().flat_map(|run| self.stretches(run.clone()));
        all.map(|(_, part)| part).try_for_each(|part| writer.write(&little_endian(part)))
    }
}

/// The bytes of rows as they stand in files.
fn little_endian(rows: MatrixRef<'_>) -> Cow<'_, [u8]> {
    let mut bytes = Cow::Borrowed(rows.bytes());
    if ByteOrder::NATIVE != ByteOrder::Little {
        swap_bytes(bytes.to_mut(), rows.element().bytes());
    }
    bytes
}
