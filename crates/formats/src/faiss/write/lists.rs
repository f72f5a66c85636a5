//! Inverted lists.

use super::fields::Apart;
use super::{Fields, blocks, codecs, write as write_index};
use anear_types::parts::{Beside, CodecParts, DirectMap, IndexParts, Inverted, List};
use std::io::Result;

/// Lists have room for a multiple of so many rows, so that ids lie at multiples of their size.
const ROOM_UNIT: usize = 8;
/// The place of a list that has none.
const NO_PLACE: u64 = u64::MAX;

/// Writes what follows the header.
pub(super) fn write(
    index: &IndexParts,
    inverted: &Inverted,
    fields: &mut Fields<'_>,
) -> Result<()> {
    let code_bytes = inverted.codec.code_bytes(index.dim);
    fields.size(inverted.list_count)?;
    fields.size(inverted.probes)?;
    write_index(&inverted.quantizer, fields)?;
    direct_map(&inverted.direct_map, fields)?;
    if let Beside::Duplicates(pairs) = &inverted.beside {
        fields.elements(size_of::<i64>(), pairs.bytes())?;
    }
    match &inverted.codec {
        CodecParts::Raw | CodecParts::Bits => {}
        CodecParts::Scalar(scalar) => {
            codecs::scalar(scalar, index.dim, fields)?;
            fields.size(code_bytes)?;
            fields.bool(inverted.residual)?;
        }
        CodecParts::Product(product) => {
            fields.bool(inverted.residual)?;
            fields.size(code_bytes)?;
            if let Some(blocks) = &inverted.blocks {
                blocks::write_settings(product.parts, blocks, fields)?;
            }
            codecs::product(product, index.dim, fields)?;
        }
        CodecParts::Rabitq(rabitq) => {
            let says_bits = rabitq.bits > 1 || inverted.blocks.is_some();
            codecs::rabitq(rabitq, index.dim, index.measure, says_bits, fields)?;
            if let Some(blocks) = &inverted.blocks {
                fields.bool(inverted.residual)?;
                fields.size(code_bytes)?;
                blocks::write_rabitq_settings(index.dim, rabitq, blocks, fields)?;
            } else {
                fields.size(code_bytes)?;
                fields.bool(inverted.residual)?;
                fields.byte(rabitq.query_bits)?;
            }
        }
        CodecParts::TwoLevel(_) | CodecParts::Lsh(_) => {
            unreachable!("FAISS has no lists of such codes")
        }
    }
    lists(inverted, code_bytes, fields)?;
    if let Beside::Refinement { product, codes, factor } = &inverted.beside {
        codecs::product(product, index.dim, fields)?;
        fields.elements(1, codes)?;
        fields.float(*factor)?;
    }
    Ok(())
}

fn direct_map(map: &DirectMap, fields: &mut Fields<'_>) -> Result<()> {
    match map {
        DirectMap::None => {
            fields.byte(0)?;
            fields.size(0)
        }
        DirectMap::Array(places) => {
            fields.byte(1)?;
            fields.elements(size_of::<i64>(), places.bytes())
        }
        DirectMap::Pairs(pairs, array) => {
            fields.byte(2)?;
            fields.elements(size_of::<i64>(), array.bytes())?;
            fields.elements(2 * size_of::<i64>(), pairs.bytes())
        }
    }
}

fn lists(inverted: &Inverted, code_bytes: usize, fields: &mut Fields<'_>) -> Result<()> {
    let Some(lists) = &inverted.lists else { return fields.bytes(b"il00") };
    if let Some(blocks) = &inverted.blocks {
        return blocks::write_lists(lists, inverted.list_count, code_bytes, blocks, fields);
    }
    if let Some(apart) = fields.apart.take() {
        let written = lists_apart(lists, inverted.list_count, code_bytes, apart, fields)?;
        fields.apart = Some(written);
        return Ok(());
    }
    fields.bytes(b"ilar")?;
    fields.size(inverted.list_count)?;
    fields.size(code_bytes)?;
    if lists.len() > inverted.list_count / 2 {
        all_sizes(lists, inverted.list_count, fields)?;
    } else {
        fields.bytes(b"sprs")?;
        fields.size(2 * lists.len())?;
        for list in lists {
            fields.size(list.number)?;
            fields.size(list.ids.len())?;
        }
    }
    for list in lists {
        fields.bytes(&list.codes)?;
        fields.bytes(list.ids.bytes())?;
    }
    Ok(())
}

fn all_sizes(lists: &[List], list_count: usize, fields: &mut Fields<'_>) -> Result<()> {
    fields.bytes(b"full")?;
    fields.size(list_count)?;
    let mut filled = lists.iter().peekable();
    for number in 0..list_count {
        let list = filled.next_if(|list| list.number == number);
        fields.size(list.map_or(0, |list| list.ids.len()))?;
    }
    Ok(())
}

/// Writes lists to their file, and where they are in it.
fn lists_apart<'a>(
    lists: &[List],
    list_count: usize,
    code_bytes: usize,
    mut apart: Apart<'a>,
    fields: &mut Fields<'a>,
) -> Result<Apart<'a>> {
    if apart.bytes == 0 {
        apart.put(&[], ROOM_UNIT as u64)?; // a file without bytes cannot be mapped
    }
    fields.bytes(b"ilod")?;
    fields.size(list_count)?;
    fields.size(code_bytes)?;
    fields.size(list_count)?;
    let mut filled = lists.iter().peekable();
    for number in 0..list_count {
        let Some(list) = filled.next_if(|list| list.number == number) else {
            fields.size(0)?;
            fields.size(0)?;
            fields.bytes(&NO_PLACE.to_le_bytes())?;
            continue;
        };
        let room = list.ids.len().next_multiple_of(ROOM_UNIT);
        fields.size(list.ids.len())?;
        fields.size(room)?;
        fields.bytes(&apart.bytes.to_le_bytes())?;
        apart.put(&list.codes, (room * code_bytes) as u64)?;
        apart.put(list.ids.bytes(), (room * size_of::<i64>()) as u64)?;
    }
    fields.size(0)?; // no free places
    fields.elements(1, apart.name.as_bytes())?;
    fields.bytes(&apart.bytes.to_le_bytes())?;
    Ok(apart)
}
