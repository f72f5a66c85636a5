//! Codes in blocks.

use super::Fields;
use crate::faiss::read::NO_CODE_BYTES;
use anear_types::parts::{Blocks, List, RabitqParts};
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

/// Writes what follows the RaBitQ quantizer of a flat index, up to the codes.
pub(super) fn write_rabitq(
    rows: usize,
    dim: usize,
    rabitq: &RabitqParts,
    blocks: &Blocks,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.floats(&rabitq.center)?;
    fields.byte(rabitq.query_bits)?;
    fields.dim(blocks.rows)?;
    fields.size(rows.next_multiple_of(blocks.rows))?;
    fields.size(dim.div_ceil(4).next_multiple_of(2))?;
    fields.size(RabitqParts::code_bytes_of(dim, rabitq.bits))
}

/// Writes what stands between the RaBitQ quantizer of lists and the lists.
pub(super) fn write_rabitq_settings(
    dim: usize,
    rabitq: &RabitqParts,
    blocks: &Blocks,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.dim(blocks.rows)?;
    fields.bytes(&blocks.queries.to_le_bytes())?;
    fields.size(dim.div_ceil(4).next_multiple_of(2))?;
    fields.small_integer(blocks.implementation)?;
    fields.byte(rabitq.query_bits)?;
    fields.bool(rabitq.centered)
}

/// Writes lists.
pub(super) fn write_lists(
    lists: &[List],
    list_count: usize,
    code_bytes: usize,
    blocks: &Blocks,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.bytes(b"ilbl")?;
    fields.size(list_count)?;
    fields.bytes(&NO_CODE_BYTES.to_le_bytes())?;
    fields.size(blocks.rows)?;
    fields.size(blocks.block_bytes(code_bytes))?;
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
