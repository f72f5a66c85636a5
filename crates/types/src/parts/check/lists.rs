//! Inverted lists.

use super::codec::{check_block_codes, check_blocks, check_codec, check_codes, check_product};
use super::{check_dim, check_factor};
use crate::parts::{Beside, CodecParts, DirectMap, IndexParts, Inverted, List};
use crate::{Error, Result};

pub(super) fn check(index: &IndexParts, inverted: &Inverted) -> Result<()> {
    let Inverted { list_count, quantizer, codec, .. } = inverted;
    check_dim(index, quantizer)?;
    if *list_count == 0 {
        return Err(Error::malformed(format!("{} rows are in 0 lists", index.rows)));
    }
    let has_centroids = quantizer.rows == *list_count as u64;
    if !has_centroids && (index.trained || index.rows > 0 || quantizer.rows > 0) {
        let what = format!("{list_count} lists have {} centroids", quantizer.rows);
        return Err(Error::malformed(what));
    }
    check_codec(index, codec)?;
    check_direct_map(&inverted.direct_map)?;
    let Some(lists) = &inverted.lists else { return Ok(()) };
    if let Some(blocks) = &inverted.blocks {
        check_blocks(blocks, codec, index.dim)?;
        if matches!(codec, CodecParts::Rabitq(_)) && !inverted.residual {
            let what = "blocks of RaBitQ codes that are not seen from centroids";
            return Err(Error::malformed(what));
        }
    }
    check_list_codes(index, inverted, lists)?;
    check_numbers(lists, *list_count)?;
    if matches!(inverted.beside, Beside::Refinement { .. }) && !inverted.residual {
        return Err(Error::malformed("a refinement of codes that are no differences to centroids"));
    }
    check_beside(index, lists, &inverted.beside)
}

fn check_list_codes(index: &IndexParts, inverted: &Inverted, lists: &[List]) -> Result<()> {
    let code_bytes = inverted.codec.code_bytes(index.dim);
    for list in lists {
        let (found, rows) = (list.codes.len(), list.ids.len() as u64);
        match &inverted.blocks {
            None => check_codes(found, rows, code_bytes)?,
            Some(blocks) => check_block_codes(found, rows, blocks, code_bytes)?,
        }
    }
    Ok(())
}

fn check_numbers(lists: &[List], list_count: usize) -> Result<()> {
    let numbers = || lists.iter().map(|list| list.number);
    let ascending = numbers().zip(numbers().skip(1)).all(|(list, next)| list < next);
    if !ascending || numbers().next_back().is_some_and(|last| last >= list_count) {
        let what = format!("the numbers of lists do not ascend to less than {list_count}");
        return Err(Error::malformed(what));
    }
    Ok(())
}

fn check_direct_map(map: &DirectMap) -> Result<()> {
    match map {
        DirectMap::Pairs(pairs, _) if !pairs.len().is_multiple_of(2) => {
            Err(Error::malformed("a direct map has an id without a place"))
        }
        _ => Ok(()),
    }
}

fn check_beside(index: &IndexParts, lists: &[List], beside: &Beside) -> Result<()> {
    let in_lists: u64 = lists.iter().map(|list| list.ids.len() as u64).sum();
    let duplicates = match beside {
        Beside::Nothing => 0,
        Beside::Duplicates(pairs) if !pairs.len().is_multiple_of(2) => {
            return Err(Error::malformed("an id has no row that it is a duplicate of"));
        }
        Beside::Duplicates(pairs) => pairs.len() as u64 / 2,
        Beside::Refinement { product, codes, factor } => {
            check_product(product, index.dim, index.trained || index.rows > 0)?;
            check_codes(codes.len(), index.rows, product.code_bytes())?;
            check_factor(*factor)?;
            let rows = 0..index.rows as i64;
            if lists.iter().any(|list| list.ids.iter().any(|id| !rows.contains(&id))) {
                return Err(Error::malformed("an id in a list is no row of the refinement"));
            }
            0
        }
    };
    if in_lists + duplicates != index.rows {
        return Err(Error::malformed(format!(
            "the lists hold {in_lists} rows and {duplicates} duplicates, {} are expected",
            index.rows
        )));
    }
    Ok(())
}
