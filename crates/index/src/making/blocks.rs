//! Laying codes in blocks, as FAISS's fast scan wants them.

use anear_quant::packed::Layout;
use anear_types::parts::{Beside, Blocks, Bytes, CodecParts, Coded, IndexParts, List, Structure};
use anear_types::{Error, Result};

/// Rows in a group of a block, all of which are looked up at once.
const GROUP: usize = 32;
/// Bits that queries of RaBitQ codes in blocks are rounded to, where nothing else is said.
pub(super) const QUERY_BITS: u8 = 8;

/// Lays the product or RaBitQ codes of an index, which are one behind another, in blocks of so many rows.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if it has no RaBitQ codes or product codes of 4 bits one behind
/// another, or blocks are not of whole groups of 32 rows.
pub fn lay_in_blocks(parts: &mut IndexParts, block_rows: usize) -> Result<()> {
    if block_rows == 0 || !block_rows.is_multiple_of(GROUP) {
        return Err(Error::usage(format!("blocks of {block_rows} rows, not of 32 or a multiple")));
    }
    let blocks = Blocks { rows: block_rows, implementation: 0, queries: 0 };
    let dim = parts.dim;
    match &mut parts.structure {
        Structure::Coded(coded) if coded.blocks.is_none() => {
            let layout = layout(&blocks, &mut coded.codec, dim)?;
            coded.codes = layout.pack(&coded.codes).into();
            (coded.blocks, coded.product_search) = (Some(blocks), None);
        }
        Structure::Inverted(inverted)
            if inverted.blocks.is_none() && inverted.beside == Beside::Nothing =>
        {
            let layout = layout(&blocks, &mut inverted.codec, dim)?;
            for List { codes, .. } in inverted.lists.iter_mut().flatten() {
                *codes = layout.pack(codes).into();
            }
            inverted.blocks = Some(blocks);
        }
        _ => return Err(Error::usage("the index has no codes one behind another")),
    }
    Ok(())
}

/// Lays the codes of an index, which are in blocks, one behind another.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if they are not in blocks, or other than the rows need.
pub fn lay_in_a_row(parts: &mut IndexParts) -> Result<()> {
    let (dim, rows) = (parts.dim, parts.rows as usize);
    match &mut parts.structure {
        Structure::Coded(Coded { codec, codes, blocks, .. }) if blocks.is_some() => {
            let taken = blocks.take().expect("there are some");
            *codes = unpacked(&taken, codec, dim, codes, rows)?;
        }
        Structure::Inverted(inverted) if inverted.blocks.is_some() => {
            let taken = inverted.blocks.take().expect("there are some");
            for List { ids, codes, .. } in inverted.lists.iter_mut().flatten() {
                *codes = unpacked(&taken, &inverted.codec, dim, codes, ids.len())?;
            }
        }
        _ => return Err(Error::usage("the index has no codes in blocks")),
    }
    Ok(())
}

/// The codes of so many rows, one behind another.
fn unpacked(
    blocks: &Blocks,
    codec: &CodecParts,
    dim: usize,
    codes: &[u8],
    rows: usize,
) -> Result<Bytes> {
    let (found, expected) = (codes.len(), blocks.bytes(rows, codec.code_bytes(dim)));
    match found == expected {
        true => Ok(Layout::new(blocks, codec, dim).unpack(codes, rows).into()),
        false => Err(Error::usage(format!("{found} bytes of blocks, {expected} are expected"))),
    }
}

/// How codes will lie; queries of RaBitQ codes that are not rounded will be.
fn layout(blocks: &Blocks, codec: &mut CodecParts, dim: usize) -> Result<Layout> {
    match codec {
        CodecParts::Product(product) if product.bits != 4 => {
            return Err(Error::usage(format!("product codes of {} bits, not of 4", product.bits)));
        }
        CodecParts::Rabitq(rabitq) if rabitq.query_bits == 0 => rabitq.query_bits = QUERY_BITS,
        CodecParts::Product(_) | CodecParts::Rabitq(_) => {}
        _ => return Err(Error::usage("the index has neither product codes nor RaBitQ codes")),
    }
    Ok(Layout::new(blocks, codec, dim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::making::{Vectors, Work, add, from_factory, train};
    use anear_types::Measure;
    use anear_types::parts::Coded;

    /// An index that has learned from these rows, and holds them.
    fn made(description: &str, rows: &[f32]) -> IndexParts {
        let mut index = from_factory(description, 4, Measure::L2).unwrap();
        let (vectors, work) = (Vectors::Floats { values: rows, dim: 4 }, Work::default());
        train(&mut index, vectors, &Default::default(), &work).unwrap();
        add(&mut index, vectors, None, &work).unwrap();
        index
    }

    /// The codes of all rows, list by list.
    fn codes_of(index: &IndexParts) -> Vec<Bytes> {
        match &index.structure {
            Structure::Coded(coded) => vec![coded.codes.clone()],
            Structure::Inverted(inverted) => {
                inverted.lists.iter().flatten().map(|list| list.codes.clone()).collect()
            }
            _ => unreachable!("none was made"),
        }
    }

    /// How queries of RaBitQ codes are rounded.
    fn query_bits(index: &mut IndexParts) -> Option<&mut u8> {
        match &mut index.structure {
            Structure::Coded(Coded { codec: CodecParts::Rabitq(rabitq), .. }) => {
                Some(&mut rabitq.query_bits)
            }
            Structure::Inverted(inverted) => match &mut inverted.codec {
                CodecParts::Rabitq(rabitq) => Some(&mut rabitq.query_bits),
                _ => None,
            },
            _ => None,
        }
    }

    #[test]
    fn codes_are_as_if_they_had_been_added_so() {
        let rows: Vec<f32> = (0..400).map(|number| (number * 37 % 101) as f32).collect();
        for (behind, blocks) in [
            ("PQ2x4np", "PQ2x4fs"),
            ("IVF3,PQ2x4np", "IVF3,PQ2x4fsr"),
            ("RaBitQ3", "RaBitQfs3"),
            ("IVF3,RaBitQ", "IVF3,RaBitQfs"),
        ] {
            let mut index = made(behind, &rows);
            let mut rounded = index.clone();
            if let Some(bits) = query_bits(&mut index) {
                *bits = 0;
                lay_in_blocks(&mut rounded, 32).unwrap();
                assert_eq!(query_bits(&mut rounded), Some(&mut 4), "as they were rounded before");
            }
            lay_in_blocks(&mut index, 32).unwrap();
            let mut expected = made(blocks, &rows);
            if let (Structure::Coded(coded), Structure::Coded(of)) =
                (&index.structure, &mut expected.structure)
            {
                of.product_search = coded.product_search;
            }
            assert_eq!(index, expected, "{behind}");
            lay_in_blocks(&mut index, 32).unwrap_err();
            lay_in_a_row(&mut index).unwrap();
            assert_eq!(codes_of(&index), codes_of(&made(behind, &rows)), "{behind}");
            lay_in_a_row(&mut index).unwrap_err();
        }
        lay_in_blocks(&mut made("PQ2x4np", &rows), 33).unwrap_err();
        lay_in_blocks(&mut made("SQ8", &rows), 32).unwrap_err();
    }
}
