//! Direct maps: where the row with an id is.

use anear_types::parts::{DirectMap, IndexParts, Integers, List, Structure};
use anear_types::{Error, Result};
use std::collections::HashMap;

/// What a direct map can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// There is none.
    None,
    /// An array, for ids from 0 on.
    Array,
    /// Pairs of an id and a place, for any ids.
    Pairs,
}

/// A place as one number: the list in the upper half, the position in it in the lower.
pub(super) fn pack(list: usize, offset: usize) -> i64 {
    (list as i64) << 32 | offset as i64
}

/// Notes the places of new rows; -1 where they are in no list.
pub(super) fn note(map: &mut DirectMap, ids: &Integers, places: &[i64]) {
    match map {
        DirectMap::None => {}
        DirectMap::Array(all) => all.extend(places.iter().copied()),
        DirectMap::Pairs(pairs, _) => {
            let known = positions(pairs);
            for (id, place) in ids.iter().zip(places) {
                match known.get(&id) {
                    Some(position) => pairs.set(2 * position + 1, *place),
                    None => pairs.extend([id, *place]),
                }
            }
        }
    }
}

/// Which pair each id is in.
fn positions(pairs: &Integers) -> HashMap<i64, usize> {
    pairs.iter().step_by(2).zip(0..).collect()
}

/// Makes the direct map of an index of lists, alone or behind transforms.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the index has no lists, or an array is wanted and ids are
/// not the numbers of rows.
pub fn set_direct_map(parts: &mut IndexParts, map: Map) -> Result<()> {
    let rows = parts.rows as usize;
    match &mut parts.structure {
        Structure::Inverted(inverted) => {
            let lists = inverted.lists.as_deref().unwrap_or_default();
            inverted.direct_map = match map {
                Map::None => DirectMap::None,
                Map::Array => DirectMap::Array(array(lists, rows)?),
                Map::Pairs => DirectMap::Pairs(pairs(lists), Integers::default()),
            };
            Ok(())
        }
        Structure::Transformed(transformed) => set_direct_map(&mut transformed.inner, map),
        _ => Err(Error::usage("an index without lists has no direct map")),
    }
}

fn array(lists: &[List], rows: usize) -> Result<Integers> {
    let mut places = vec![-1; rows];
    for list in lists {
        for (offset, id) in list.ids.iter().enumerate() {
            let place = usize::try_from(id).ok().and_then(|id| places.get_mut(id));
            let unknown =
                || Error::usage(format!("id {id} is not the number of one of {rows} rows"));
            *place.ok_or_else(unknown)? = pack(list.number, offset);
        }
    }
    Ok(places.into_iter().collect())
}

fn pairs(lists: &[List]) -> Integers {
    let all = lists.iter().flat_map(|list| {
        list.ids.iter().enumerate().map(|(offset, id)| (id, pack(list.number, offset)))
    });
    let mut last: Vec<(i64, i64)> = all.collect::<HashMap<_, _>>().into_iter().collect();
    last.sort_unstable();
    last.into_iter().flat_map(|(id, place)| [id, place]).collect()
}
