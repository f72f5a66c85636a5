//! Adding rows to inverted lists.

use super::add::numbered;
use super::assign::{assign, centroids};
use super::encode::{differences, encode, encode_in_lists};
use super::train::left_out;
use super::{Vectors, floats, places};
use crate::ann::codec_of;
use anear_quant::packed::Layout;
use anear_quant::product::Product;
use anear_quant::{Codec, Work};
use anear_types::parts::{Beside, Bytes, CodecParts, DirectMap, Integers, Inverted, List};
use anear_types::{Error, Measure, Result};

/// Adds rows, the first of which has number `first`.
pub(super) fn add(
    inverted: &mut Inverted,
    (dim, measure): (usize, Measure),
    first: u64,
    rows: Vectors<'_>,
    ids: Option<&[i64]>,
    work: &Work<'_>,
) -> Result<()> {
    check(inverted, ids)?;
    let new = New {
        numbers: assign(&inverted.quantizer, rows, inverted.list_count, work)?,
        ids: numbered(first, rows.len(), ids),
    };
    let codec = codec_of(&inverted.codec, dim, measure)?;
    let codes = codes(inverted, &*codec, rows, &new.numbers, work)?;
    if let Beside::Refinement { .. } = inverted.beside {
        refine(inverted, dim, &*codec, floats(rows)?, &new.numbers, work)?;
    }
    store(inverted, &new, &codes, dim);
    Ok(())
}

/// Adds the codes of rows to lists with these numbers; the first row has number `first`.
pub(super) fn add_codes(
    inverted: &mut Inverted,
    dim: usize,
    first: u64,
    (numbers, codes): &(Vec<usize>, Vec<u8>),
    ids: Option<&[i64]>,
) -> Result<()> {
    check(inverted, ids)?;
    if let Beside::Refinement { .. } = inverted.beside {
        return Err(Error::unsupported("rows of refined lists are not added as codes"));
    }
    let lists = inverted.list_count;
    if let Some(number) = numbers.iter().find(|number| **number >= lists) {
        return Err(Error::usage(format!("a code is of list {number} of {lists}")));
    }
    let ids = numbered(first, numbers.len(), ids);
    let numbers = numbers.iter().map(|number| u32::try_from(*number).ok()).collect();
    store(inverted, &New { numbers, ids }, codes, dim);
    Ok(())
}

fn store(inverted: &mut Inverted, new: &New, codes: &[u8], dim: usize) {
    match inverted.beside {
        Beside::Duplicates(_) => put_once(inverted, new, codes, inverted.codec.code_bytes(dim)),
        _ => put(inverted, new, codes, dim),
    }
}

/// Rows to add: their lists and ids.
struct New {
    numbers: Vec<Option<u32>>,
    ids: Integers,
}

fn check(inverted: &Inverted, ids: Option<&[i64]>) -> Result<()> {
    if inverted.lists.is_none() {
        return Err(Error::unsupported("the lists of the index are not in the file"));
    }
    if ids.is_some() && matches!(inverted.direct_map, DirectMap::Array(_)) {
        return Err(Error::usage(
            "rows with ids of their own in an index whose direct map is an array",
        ));
    }
    if ids.is_some() && matches!(inverted.beside, Beside::Refinement { .. }) {
        return Err(Error::usage(
            "rows of refined lists are numbered, and have no ids of their own",
        ));
    }
    if inverted.direct_map != DirectMap::None && matches!(inverted.beside, Beside::Duplicates(_)) {
        return Err(Error::unsupported("rows that are stored once in an index with a direct map"));
    }
    Ok(())
}

fn codes(
    inverted: &Inverted,
    codec: &dyn Codec,
    rows: Vectors<'_>,
    numbers: &[Option<u32>],
    work: &Work<'_>,
) -> Result<Vec<u8>> {
    let sees_center = inverted.residual || matches!(inverted.codec, CodecParts::Rabitq(_));
    if !sees_center {
        return encode(codec, rows, work);
    }
    let (values, centroids) = (floats(rows)?, centroids(&inverted.quantizer)?);
    if let CodecParts::Rabitq(_) = inverted.codec {
        return encode_in_lists(codec, values, numbers, &centroids, work);
    }
    let dim = codec.dim();
    let values = differences(values, dim, numbers, &centroids);
    encode(codec, Vectors::Floats { values: &values, dim }, work)
}

/// Appends what the codes of rows leave out.
fn refine(
    inverted: &mut Inverted,
    dim: usize,
    codec: &dyn Codec,
    values: &[f32],
    numbers: &[Option<u32>],
    work: &Work<'_>,
) -> Result<()> {
    let values = differences(values, dim, numbers, &centroids(&inverted.quantizer)?);
    let rest = left_out(codec, Vectors::Floats { values: &values, dim }, work)?;
    if let Beside::Refinement { product, codes, .. } = &mut inverted.beside {
        let codec = Product::new(dim, product);
        let new = encode(&codec, Vectors::Floats { values: &rest, dim }, work)?;
        codes.make_mut().extend(new);
    }
    Ok(())
}

/// How the codes of rows of `dim` components lie in lists, if in blocks.
pub(super) fn layout(inverted: &Inverted, dim: usize) -> Option<Layout> {
    inverted.blocks.as_ref().map(|blocks| Layout::new(blocks, &inverted.codec, dim))
}

/// The list with a number, made where there is none.
pub(super) fn list_at(lists: &mut Vec<List>, number: usize) -> &mut List {
    let position = lists.partition_point(|list| list.number < number);
    if lists.get(position).is_none_or(|list| list.number != number) {
        let (ids, codes) = (Integers::default(), Bytes::default());
        lists.insert(position, List { number, ids, codes });
    }
    &mut lists[position]
}

/// The rows of each list that gets some, in order.
fn by_list(numbers: &[Option<u32>]) -> Vec<(usize, Vec<usize>)> {
    let mut order: Vec<usize> = (0..numbers.len()).filter(|row| numbers[*row].is_some()).collect();
    order.sort_by_key(|row| numbers[*row]);
    let same = order.chunk_by(|x, y| numbers[*x] == numbers[*y]);
    same.map(|rows| (numbers[rows[0]].map_or(0, |number| number as usize), rows.to_vec())).collect()
}

/// Makes room for lists that get rows for the first time, in one go.
fn make_lists(lists: &mut Vec<List>, new: &[(usize, Vec<usize>)]) {
    let known: std::collections::HashSet<usize> = lists.iter().map(|list| list.number).collect();
    let missing = new.iter().map(|(number, _)| *number).filter(|number| !known.contains(number));
    let empty = |number| List { number, ids: Integers::default(), codes: Bytes::default() };
    lists.extend(missing.map(empty).collect::<Vec<_>>());
    lists.sort_unstable_by_key(|list| list.number);
}

/// Puts rows at the ends of their lists, and notes where they are.
fn put(inverted: &mut Inverted, new: &New, codes: &[u8], dim: usize) {
    let (layout, code_bytes) = (layout(inverted, dim), inverted.codec.code_bytes(dim));
    let Some(lists) = &mut inverted.lists else { return };
    let groups = by_list(&new.numbers);
    make_lists(lists, &groups);
    let mut places = vec![-1; new.numbers.len()];
    for (number, rows) in groups {
        let list = list_at(lists, number);
        let before = list.ids.len();
        rows.iter()
            .zip(before..)
            .for_each(|(row, offset)| places[*row] = places::pack(number, offset));
        let code = |row: &usize| &codes[row * code_bytes..][..code_bytes];
        let place = list.codes.make_mut();
        match &layout {
            None => place.extend(rows.iter().flat_map(code)),
            Some(layout) => {
                let codes: Vec<u8> = rows.iter().flat_map(code).copied().collect();
                layout.append(place, before, &codes);
            }
        }
        list.ids.extend(rows.iter().filter_map(|row| new.ids.get(*row)));
    }
    places::note(&mut inverted.direct_map, &new.ids, &places);
}

/// Puts rows into their lists unless one like them is there: then its id is noted beside.
fn put_once(inverted: &mut Inverted, new: &New, codes: &[u8], code_bytes: usize) {
    let (Some(lists), Beside::Duplicates(pairs)) = (&mut inverted.lists, &mut inverted.beside)
    else {
        return;
    };
    let groups = by_list(&new.numbers);
    make_lists(lists, &groups);
    for (number, rows) in groups {
        let list = list_at(lists, number);
        let mut known: std::collections::HashMap<Vec<u8>, i64> = std::collections::HashMap::new();
        for (code, id) in list.codes.chunks_exact(code_bytes).zip(list.ids.iter()) {
            known.entry(code.to_vec()).or_insert(id);
        }
        for row in rows {
            let code = &codes[row * code_bytes..][..code_bytes];
            let id = new.ids.get(row).expect("an id a row");
            match known.get(code) {
                Some(original) => pairs.extend([*original, id]),
                None => {
                    known.insert(code.to_vec(), id);
                    list.codes.make_mut().extend_from_slice(code);
                    list.ids.extend([id]);
                }
            }
        }
    }
}
