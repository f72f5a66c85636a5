//! RaBitQ codes in blocks, as FAISS's fast scan has them.
//!
//! Behind a flat index's RaBitQ quantizer: center as floats, bits of queries u8, rows of a block i32, rows with
//! those that fill up the last block u64, numbers of four signs rounded up to pairs u64, code bytes u64, vector
//! of u8. Behind that of lists: whether codes are seen from centroids u8, code bytes u64, rows of a block i32,
//! queries u64, numbers in pairs u64, implementation i32, bits of queries u8, whether their steps lie around 0
//! u8, and the lists (`ilbl`).
//!
//! Files of FAISS 1.13 (`Irfs`, `Iwrf`) have blocks of signs only. What else there is of each row is a vector of
//! u8 before the rows of a block, or before the lists in the order of ids.

use super::codecs::check_code_bytes;
use super::{Fields, blocks};
use crate::faiss::header::Header;
use anear_types::parts::{Blocks, Bytes, CodecParts, Coded, Inverted, List, RabitqParts};
use anear_types::{Error, Result};

/// Reads what follows the quantizer of a flat index.
pub(super) fn read(
    fields: &mut Fields<'_>,
    header: &Header,
    mut codec: RabitqParts,
    apart: bool,
) -> Result<Coded> {
    codec.center = fields.floats("the center")?;
    codec.query_bits = fields.cursor.u8("the bits of queries")?;
    let others = if apart { Some(fields.elements(1, "the factors of the codes")?) } else { None };
    let rows = blocks::block_rows(fields)?;
    let whole = header.rows.div_ceil(rows as u64).saturating_mul(rows as u64);
    blocks::check(fields, whole, "rows in whole blocks")?;
    blocks::check_pairs(fields, header.dim.div_ceil(4))?;
    let code_bytes = RabitqParts::code_bytes_of(header.dim, codec.bits);
    check_code_bytes(fields, code_bytes)?;
    let mut codes = fields.elements(1, "the codes")?;
    if let Some(others) = others {
        let apart = Apart { others, block_rows: rows, signs: header.dim.div_ceil(8), code_bytes };
        let count = usize::try_from(header.rows).unwrap_or(usize::MAX);
        codes = apart.join(&codes, apart.signs, count, |row| Some(row as u64))?;
    }
    let blocks = Some(Blocks { rows, implementation: 0, queries: 0 });
    Ok(Coded { codec: CodecParts::Rabitq(codec), codes, blocks, product_search: None })
}

/// Reads what follows the quantizer of lists, and before them what belongs to their codes, if it lies apart.
pub(super) fn read_in_lists(
    fields: &mut Fields<'_>,
    header: &Header,
    inverted: &mut Inverted,
    mut codec: RabitqParts,
    apart: bool,
) -> Result<Option<Apart>> {
    let code_bytes = RabitqParts::code_bytes_of(header.dim, codec.bits);
    inverted.residual = fields.bool("whether codes are residuals")?;
    check_code_bytes(fields, code_bytes)?;
    let rows = blocks::block_rows(fields)?;
    let queries = fields.cursor.u64("the blocks")?;
    blocks::check_pairs(fields, header.dim.div_ceil(4))?;
    let implementation = fields.cursor.i32("the blocks")?;
    codec.query_bits = fields.cursor.u8("the bits of queries")?;
    codec.centered = fields.bool("whether steps of queries lie around 0")?;
    inverted.codec = CodecParts::Rabitq(codec);
    inverted.blocks = Some(Blocks { rows, implementation, queries });
    let others = if apart { Some(fields.elements(1, "the factors of the codes")?) } else { None };
    let apart =
        |others| Apart { others, block_rows: rows, signs: header.dim.div_ceil(8), code_bytes };
    Ok(others.map(apart))
}

/// What codes have beside their signs, where that does not lie in blocks.
pub(super) struct Apart {
    /// Row by row, or id by id.
    others: Bytes,
    block_rows: usize,
    /// Bytes of signs, and of all of a code.
    signs: usize,
    code_bytes: usize,
}

impl Apart {
    /// The lists that begin here, with what belongs to their codes.
    pub(super) fn join_lists(
        &self,
        fields: &mut Fields<'_>,
        inverted: &Inverted,
        blocks: &Blocks,
    ) -> Result<Vec<List>> {
        let signs = blocks.block_bytes(self.signs);
        let found = blocks::lists(fields, inverted, blocks, self.code_bytes, signs)?;
        let joined = |list: List| {
            let of = |row| list.ids.get(row).and_then(|id| u64::try_from(id).ok());
            let codes = self.join(&list.codes, self.signs, list.ids.len(), of)?;
            Ok(List { codes, ..list })
        };
        found.into_iter().map(joined).collect()
    }

    /// Blocks of signs with what else there is of their rows, at the place in order that `place` tells.
    fn join(
        &self,
        blocks: &[u8],
        signs: usize,
        rows: usize,
        place: impl Fn(usize) -> Option<u64>,
    ) -> Result<Bytes> {
        let block_bytes = self.block_rows.saturating_mul(signs);
        if rows.div_ceil(self.block_rows).saturating_mul(block_bytes) != blocks.len() {
            let found = blocks.len();
            let what = format!("{found} bytes of signs are stored for {rows} rows of {signs}");
            return Err(Error::malformed(what));
        }
        let bytes = self.code_bytes - signs;
        let others_of = |row: usize| {
            let place = usize::try_from(place(row)?).ok()?;
            self.others.get(place.checked_mul(bytes)?..)?.get(..bytes)
        };
        let mut joined = Vec::new();
        for (signs, first) in
            blocks.chunks_exact(block_bytes.max(1)).zip((0..).step_by(self.block_rows))
        {
            joined.extend_from_slice(signs);
            let last = rows.min(first + self.block_rows);
            for row in first..last {
                let none = || Error::malformed("a code has no factors").at_row(row as u64);
                joined.extend_from_slice(others_of(row).ok_or_else(none)?);
            }
            joined.resize(joined.len() + (first + self.block_rows - last) * bytes, 0);
        }
        Ok(joined.into())
    }
}
