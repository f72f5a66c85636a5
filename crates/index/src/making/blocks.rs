//! Laying product codes in blocks, as FAISS's fast scan wants them.

use anear_quant::product::pack;
use anear_types::parts::{Beside, Blocks, CodecParts, IndexParts, List, ProductParts, Structure};
use anear_types::{Error, Result};

/// Rows in a group of a block, all of which are looked up at once.
const GROUP: usize = 32;

/// Lays the product codes of an index, which are one behind another, in blocks of so many rows.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if it has no product codes of 4 bits one behind another, or
/// blocks are not of whole groups of 32 rows.
pub fn lay_in_blocks(parts: &mut IndexParts, block_rows: usize) -> Result<()> {
    if block_rows == 0 || !block_rows.is_multiple_of(GROUP) {
        return Err(Error::usage(format!("blocks of {block_rows} rows, not of 32 or a multiple")));
    }
    let blocks = Blocks { rows: block_rows, implementation: 0, queries: 0 };
    match &mut parts.structure {
        Structure::Coded(coded) if coded.blocks.is_none() => {
            let product = product_of(&coded.codec)?;
            coded.codes = pack(&coded.codes, block_rows, product.parts).into();
            (coded.blocks, coded.product_search) = (Some(blocks), None);
        }
        Structure::Inverted(inverted)
            if inverted.blocks.is_none() && inverted.beside == Beside::Nothing =>
        {
            let product = product_of(&inverted.codec)?;
            for List { codes, .. } in inverted.lists.iter_mut().flatten() {
                *codes = pack(codes, block_rows, product.parts).into();
            }
            inverted.blocks = Some(blocks);
        }
        _ => return Err(Error::usage("the index has no codes one behind another")),
    }
    Ok(())
}

fn product_of(codec: &CodecParts) -> Result<&ProductParts> {
    match codec {
        CodecParts::Product(product) if product.bits == 4 => Ok(product),
        CodecParts::Product(product) => {
            Err(Error::usage(format!("product codes of {} bits, not of 4", product.bits)))
        }
        _ => Err(Error::usage("the index has no product codes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::making::{Vectors, Work, add, from_factory, train};
    use anear_types::Measure;

    /// An index that has learned from these rows, and holds them.
    fn made(description: &str, rows: &[f32]) -> IndexParts {
        let mut index = from_factory(description, 4, Measure::L2).unwrap();
        let (vectors, work) = (Vectors::Floats { values: rows, dim: 4 }, Work::default());
        train(&mut index, vectors, &Default::default(), &work).unwrap();
        add(&mut index, vectors, None, &work).unwrap();
        index
    }

    #[test]
    fn codes_are_as_if_they_had_been_added_so() {
        let rows: Vec<f32> = (0..400).map(|number| (number * 37 % 101) as f32).collect();
        for (behind, blocks) in [("PQ2x4np", "PQ2x4fs"), ("IVF3,PQ2x4np", "IVF3,PQ2x4fsr")] {
            let mut index = made(behind, &rows);
            lay_in_blocks(&mut index, 32).unwrap();
            let mut expected = made(blocks, &rows);
            if let (Structure::Coded(coded), Structure::Coded(of)) =
                (&index.structure, &mut expected.structure)
            {
                of.product_search = coded.product_search;
            }
            assert_eq!(index, expected, "{behind}");
            lay_in_blocks(&mut index, 32).unwrap_err();
        }
        lay_in_blocks(&mut made("PQ2x4np", &rows), 33).unwrap_err();
        lay_in_blocks(&mut made("SQ8", &rows), 32).unwrap_err();
    }
}
