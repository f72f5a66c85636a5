//! Rows in an index file.

use super::Rows;
use anear_io::{About, ByteOrder, Segment, SegmentWriter, swap_bytes};
use anear_types::{Block, MatrixRef, Result};
use std::ops::Range;
use std::sync::Arc;

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

    /// Writes the section of the rows: those of some runs.
    pub(crate) fn save(&self, runs: &[Range<u64>], writer: &mut SegmentWriter) -> Result<()> {
        About::begin_rows(writer)?;
        let all = runs.iter().flat_map(|run| self.stretches(run.clone()));
        all.map(|(_, part)| part).try_for_each(|part| write(writer, part))
    }
}

fn write(writer: &mut SegmentWriter, rows: MatrixRef<'_>) -> Result<()> {
    if ByteOrder::NATIVE == ByteOrder::Little {
        return writer.write(rows.bytes());
    }
    let mut bytes = rows.bytes().to_vec();
    swap_bytes(&mut bytes, rows.element().bytes());
    writer.write(&bytes)
}
