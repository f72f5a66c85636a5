//! Codes in blocks, as FAISS's fast scan has them.
//!
//! Behind a flat index's product quantizer: implementation i32, rows of a block i32, queries i32, rows
//! with those that fill up the last block u64, parts rounded up to pairs u64, vector of u8.
//!
//! Lists `ilbl`: number of lists, code bytes, rows of a block and bytes of it (u64 each), then for
//! each list a vector of i64 ids and a vector of u8 blocks.

use super::Fields;
use crate::faiss::header::Header;
use anear_types::parts::{Blocks, CodecParts, Coded, Inverted, List, ProductParts};
use anear_types::{Error, Result};

/// What FAISS writes for the bytes of a code in lists, since no code lies by itself.
pub(in super::super) const NO_CODE_BYTES: u64 = u64::MAX;

/// Reads what follows the product quantizer of a flat index.
pub(super) fn read(
    fields: &mut Fields<'_>,
    header: &Header,
    product: ProductParts,
) -> Result<Coded> {
    let what = "the blocks";
    let implementation = fields.cursor.i32(what)?;
    let rows = block_rows(fields)?;
    let queries = u64::from(fields.cursor.u32(what)?);
    let blocks = Blocks { rows, implementation, queries };
    let whole = header.rows.div_ceil(rows as u64).saturating_mul(rows as u64);
    check(fields, whole, "rows in whole blocks")?;
    check_pairs(fields, product.parts)?;
    let codes = fields.elements(1, "the codes")?;
    let codec = CodecParts::Product(product);
    Ok(Coded { codec, codes, blocks: Some(blocks), product_search: None })
}

/// Rows of a block, as many as there may be.
pub(super) fn block_rows(fields: &mut Fields<'_>) -> Result<usize> {
    let rows = fields.cursor.i32("the blocks")?;
    let rows = usize::try_from(rows).ok().filter(|rows| *rows > 0 && rows.is_multiple_of(32));
    rows.ok_or_else(|| Error::malformed("blocks are not of a multiple of 32 rows"))
}

/// Reads how many parts there are with one that fills up the last pair.
pub(super) fn check_pairs(fields: &mut Fields<'_>, parts: usize) -> Result<()> {
    let pairs = parts.div_ceil(2) as u64;
    check(fields, pairs.saturating_mul(2), "parts in whole pairs")
}

/// Reads a number that is known already.
pub(super) fn check(fields: &mut Fields<'_>, expected: u64, what: &str) -> Result<()> {
    let found = fields.cursor.u64(what)?;
    if found != expected {
        let what = format!("{found} {what}, {expected} are expected");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Reads lists of blocks of so many bytes, behind their letters.
pub(super) fn lists(
    fields: &mut Fields<'_>,
    inverted: &Inverted,
    blocks: &Blocks,
    code_bytes: usize,
    block_bytes: usize,
) -> Result<Vec<List>> {
    check(fields, inverted.list_count as u64, "lists")?;
    let found = fields.cursor.u64("the code size")?;
    if found != NO_CODE_BYTES && found != code_bytes as u64 {
        return Err(Error::malformed(format!("codes of {found} bytes, {code_bytes} are expected")));
    }
    check(fields, blocks.rows as u64, "rows in a block")?;
    check(fields, block_bytes as u64, "bytes in a block")?;
    let mut lists = Vec::new();
    for number in 0..inverted.list_count {
        let ids = fields.integers("the lists")?;
        let codes = fields.elements(1, "the lists")?;
        if !ids.is_empty() || !codes.is_empty() {
            lists.push(List { number, ids, codes });
        }
    }
    Ok(lists)
}
