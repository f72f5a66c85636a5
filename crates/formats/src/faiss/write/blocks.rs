//! Codes in blocks.

use super::Fields;
use crate::faiss::read::NO_CODE_BYTES;
use anear_types::parts::{Blocks, List};
use std::io::Result;

/// Writes what follows the product quantizer of a flat index, up to the codes.
pub(super) fn write(
    rows: usize,
    parts: usize,
    blocks: &Blocks,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.small_integer(blocks.implementation)?;
    fields.dim(blocks.rows)?;
    fields.bytes(&(blocks.queries as u32).to_le_bytes())?;
    fields.size(rows.next_multiple_of(blocks.rows))?;
    fields.size(parts.next_multiple_of(2))
}

/// Writes what stands between the code size of lists and their product quantizer.
pub(super) fn write_settings(parts: usize, blocks: &Blocks, fields: &mut Fields<'_>) -> Result<()> {
    fields.dim(blocks.rows)?;
    fields.size(parts.next_multiple_of(2))?;
    fields.small_integer(blocks.implementation)?;
    fields.bytes(&blocks.queries.to_le_bytes())
}

/// Writes lists.
pub(super) fn write_lists(
    lists: &[List],
    list_count: usize,
    parts: usize,
    blocks: &Blocks,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.bytes(b"ilbl")?;
    fields.size(list_count)?;
    fields.bytes(&NO_CODE_BYTES.to_le_bytes())?;
    fields.size(blocks.rows)?;
    fields.size(blocks.block_bytes(parts))?;
    let mut filled = lists.iter().peekable();
    for number in 0..list_count {
        match filled.next_if(|list| list.number == number) {
            None => {
                fields.size(0)?;
                fields.size(0)?;
            }
            Some(list) => {
                fields.elements(size_of::<i64>(), list.ids.bytes())?;
                fields.elements(1, &list.codes)?;
            }
        }
    }
    Ok(())
}
