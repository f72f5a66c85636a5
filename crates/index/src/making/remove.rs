//! Removing rows.

use super::lists::layout;
use super::places;
use anear_quant::packed::Layout;
use anear_types::parts::{
    Beside, Bytes, Coded, DirectMap, IdMap, IndexParts, Integers, Inverted, List, Storage,
    Structure,
};
use anear_types::{Error, Result};
use std::collections::HashMap;

/// Removes the rows with ids that are meant, and returns how many. Where rows are numbered, the others
/// move up.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if FAISS does not remove rows of such an index
/// either, or leaves its files unreadable.
pub fn remove(parts: &mut IndexParts, is_meant: &dyn Fn(i64) -> bool) -> Result<u64> {
    let (rows, dim) = (parts.rows as usize, parts.dim);
    let removed = match &mut parts.structure {
        Structure::Coded(coded) => remove_codes(coded, dim, rows, is_meant),
        Structure::Inverted(inverted) => remove_from_lists(inverted, dim, is_meant)?,
        Structure::IdMap(id_map) => remove_mapped(id_map, is_meant)?,
        Structure::Transformed(transformed) => remove(&mut transformed.inner, is_meant)?,
        Structure::Graph(_) => return Err(Error::unsupported("rows are not removed from a graph")),
        Structure::Refined(_) => {
            return Err(Error::unsupported("rows are not removed from an index that is refined"));
        }
    };
    parts.rows -= removed;
    Ok(removed)
}

/// Removes all rows; what was learned stays.
pub fn reset(parts: &mut IndexParts) {
    parts.rows = 0;
    match &mut parts.structure {
        Structure::Coded(coded) => coded.codes = Bytes::default(),
        Structure::Inverted(inverted) => {
            inverted.lists = inverted.lists.take().map(|_| Vec::new());
            match &mut inverted.direct_map {
                DirectMap::None => {}
                DirectMap::Array(places) => *places = Integers::default(),
                DirectMap::Pairs(pairs, array) => {
                    (*pairs, *array) = (Integers::default(), Integers::default());
                }
            }
            match &mut inverted.beside {
                Beside::Nothing => {}
                Beside::Duplicates(pairs) => *pairs = Integers::default(),
                Beside::Refinement { codes, .. } => *codes = Bytes::default(),
            }
        }
        Structure::Graph(graph) => {
            graph.levels.clear();
            graph.offsets = Integers::from_iter([0]);
            graph.neighbors = Bytes::default();
            (graph.entry_point, graph.max_level) = (-1, -1);
            if let Storage::Index(storage) = &mut graph.storage {
                reset(storage);
            }
        }
        Structure::IdMap(id_map) => {
            id_map.ids = Integers::default();
            reset(&mut id_map.inner);
        }
        Structure::Transformed(transformed) => reset(&mut transformed.inner),
        Structure::Refined(refined) => {
            reset(&mut refined.base);
            reset(&mut refined.refinement);
        }
    }
}

fn remove_codes(coded: &mut Coded, dim: usize, rows: usize, is_meant: &dyn Fn(i64) -> bool) -> u64 {
    let code_bytes = coded.codec.code_bytes(dim);
    let layout = coded.blocks.as_ref().map(|blocks| Layout::new(blocks, &coded.codec, dim));
    let kept: Vec<usize> = (0..rows).filter(|row| !is_meant(*row as i64)).collect();
    in_row(&mut coded.codes, layout.as_ref(), rows, |codes| keep(codes, code_bytes, &kept));
    (rows - kept.len()) as u64
}

/// Changes codes as they lie one behind another.
fn in_row(
    place: &mut Bytes,
    layout: Option<&Layout>,
    rows: usize,
    change: impl FnOnce(&mut Vec<u8>),
) {
    match layout {
        None => change(place.make_mut()),
        Some(layout) => {
            let mut codes = layout.unpack(place, rows);
            change(&mut codes);
            *place = layout.pack(&codes).into();
        }
    }
}

/// Keeps the codes of some rows, which ascend.
fn keep(codes: &mut Vec<u8>, code_bytes: usize, kept: &[usize]) {
    for (to, from) in kept.iter().enumerate() {
        codes.copy_within(from * code_bytes..(from + 1) * code_bytes, to * code_bytes);
    }
    codes.truncate(kept.len() * code_bytes);
}

fn remove_mapped(id_map: &mut IdMap, is_meant: &dyn Fn(i64) -> bool) -> Result<u64> {
    let ids = &id_map.ids;
    let is_row_meant =
        |row: i64| usize::try_from(row).ok().and_then(|row| ids.get(row)).is_some_and(is_meant);
    let mut kept = 0;
    let place = |id: i64| {
        let place = kept;
        kept += i64::from(!is_meant(id));
        place
    };
    let places: Vec<i64> = ids.iter().map(place).collect();
    check_numbered(&id_map.inner, places.len())?;
    let removed = remove(&mut id_map.inner, &is_row_meant)?;
    renumber(&mut id_map.inner, &places);
    id_map.ids = id_map.ids.iter().filter(|id| !is_meant(*id)).collect();
    Ok(removed)
}

/// Checks that rows in lists are called by their numbers, below `count`.
fn check_numbered(parts: &IndexParts, count: usize) -> Result<()> {
    let lists = match &parts.structure {
        Structure::Inverted(inverted) => inverted.lists.as_deref().unwrap_or_default(),
        Structure::Transformed(transformed) => return check_numbered(&transformed.inner, count),
        _ => return Ok(()),
    };
    let is_known = |id: i64| usize::try_from(id).is_ok_and(|id| id < count);
    match lists.iter().flat_map(|list| list.ids.iter()).find(|id| !is_known(*id)) {
        None => Ok(()),
        Some(id) => {
            let what = format!("row {id} in the lists has no id among the {count} of the id map");
            Err(Error::malformed(what))
        }
    }
}

/// Calls rows in lists by new numbers, which FAISS leaves as they were: after it has removed rows from an id
/// map over lists, it takes rows for others.
fn renumber(parts: &mut IndexParts, places: &[i64]) {
    let inverted = match &mut parts.structure {
        Structure::Inverted(inverted) => inverted,
        Structure::Transformed(transformed) => return renumber(&mut transformed.inner, places),
        _ => return,
    };
    let new = |id: i64| usize::try_from(id).map_or(id, |id| places[id]);
    for list in inverted.lists.iter_mut().flatten() {
        list.ids = list.ids.iter().map(new).collect();
    }
    if let Beside::Duplicates(pairs) = &mut inverted.beside {
        *pairs = pairs.iter().map(new).collect();
    }
    if let DirectMap::Pairs(pairs, _) = &mut inverted.direct_map {
        *pairs = pairs
            .iter()
            .enumerate()
            .map(|(at, number)| if at % 2 == 0 { new(number) } else { number })
            .collect();
    }
}

fn remove_from_lists(
    inverted: &mut Inverted,
    dim: usize,
    is_meant: &dyn Fn(i64) -> bool,
) -> Result<u64> {
    if let DirectMap::Array(_) = inverted.direct_map {
        return Err(Error::unsupported(
            "rows are not removed from lists whose direct map is an array",
        ));
    }
    if let (DirectMap::Pairs(..), Some(_)) = (&inverted.direct_map, &inverted.blocks) {
        let what = "removing rows from lists of codes in blocks with a direct map is not supported";
        return Err(Error::unsupported(what).help("set no direct map first"));
    }
    if let Beside::Refinement { .. } = inverted.beside {
        return Err(Error::unsupported("rows are not removed from lists that are refined"));
    }
    let (layout, code_bytes) = (layout(inverted, dim), inverted.codec.code_bytes(dim));
    let Some(lists) = &mut inverted.lists else {
        return Err(Error::unsupported("the lists of the index are not in the file"));
    };
    let mut removed = 0;
    let heirs = match &mut inverted.beside {
        Beside::Duplicates(pairs) => {
            let (kept, heirs) = inherit(pairs, is_meant);
            removed += (pairs.len() - kept.len()) as u64 / 2;
            *pairs = kept;
            heirs
        }
        _ => HashMap::new(),
    };
    for list in lists.iter_mut() {
        removed += remove_from_list(list, layout.as_ref(), code_bytes, is_meant, &heirs);
    }
    lists.retain(|list| !list.ids.is_empty());
    forget(&mut inverted.direct_map, lists, is_meant);
    Ok(removed)
}

/// Puts the last row of a list in the place of each that is removed, or its heir.
fn remove_from_list(
    list: &mut List,
    layout: Option<&Layout>,
    code_bytes: usize,
    is_meant: &dyn Fn(i64) -> bool,
    heirs: &HashMap<i64, i64>,
) -> u64 {
    let before = list.ids.len();
    let mut order: Vec<usize> = (0..before).collect();
    let mut ids: Vec<i64> = list.ids.iter().collect();
    let (mut at, mut changed) = (0, false);
    while at < ids.len() {
        match (is_meant(ids[at]), heirs.get(&ids[at])) {
            (false, _) => at += 1,
            (true, Some(heir)) => {
                ids[at] = *heir;
                changed = true;
                at += 1;
            }
            (true, None) => {
                ids.swap_remove(at);
                order.swap_remove(at);
                changed = true;
            }
        }
    }
    if changed {
        in_row(&mut list.codes, layout, before, |codes| {
            let code = |row: &usize| codes[row * code_bytes..][..code_bytes].to_vec();
            *codes = order.iter().flat_map(code).collect();
        });
        list.ids = ids.into_iter().collect();
    }
    (before - list.ids.len()) as u64
}

/// The pairs that are left of duplicates, and for each row that is removed from the lists the one like
/// it that takes its place.
fn inherit(pairs: &Integers, is_meant: &dyn Fn(i64) -> bool) -> (Integers, HashMap<i64, i64>) {
    let mut heirs: HashMap<i64, i64> = HashMap::new();
    let mut kept = Integers::default();
    for (original, id) in pairs.iter().step_by(2).zip(pairs.iter().skip(1).step_by(2)) {
        match (is_meant(original), is_meant(id)) {
            (_, true) => {}
            (false, false) => kept.extend([original, id]),
            (true, false) => match heirs.get(&original) {
                Some(heir) => kept.extend([*heir, id]),
                None => {
                    heirs.insert(original, id);
                }
            },
        }
    }
    (kept, heirs)
}

/// Takes removed rows out of a direct map, and notes where others have moved.
fn forget(map: &mut DirectMap, lists: &[List], is_meant: &dyn Fn(i64) -> bool) {
    let DirectMap::Pairs(pairs, _) = map else { return };
    let places: HashMap<i64, i64> = lists
        .iter()
        .flat_map(|list| {
            let number = list.number;
            list.ids.iter().enumerate().map(move |(offset, id)| (id, places::pack(number, offset)))
        })
        .collect();
    let left = pairs.iter().step_by(2).filter(|id| !is_meant(*id));
    *pairs = left.flat_map(|id| [id, places.get(&id).copied().unwrap_or(-1)]).collect();
}
