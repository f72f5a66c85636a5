//! The lists, by number and by the ids in them.

use crate::coded::no_row;
use anear_types::parts::{DirectMap, Integers, List};
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Lists that hold something, out of a number of lists.
pub(super) struct Lists {
    count: usize,
    /// In the order of their numbers.
    filled: Vec<List>,
    /// How many rows are in the lists before each of them, and in all.
    starts: Vec<u64>,
    /// For each number the position among those that hold something, counted from 1; 0 for none.
    positions: Vec<u32>,
    map: Map,
}

/// Where the row with an id is.
enum Map {
    /// As the file says, for ids from 0 on.
    Array(Integers),
    /// By pairs of the file, or by the lists themselves; made when first asked for.
    Ids(Option<Integers>, OnceLock<HashMap<i64, i64>>),
}

/// A place in the lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) list: usize,
    pub(super) offset: usize,
}

impl Place {
    /// As one number: the list in the upper half, the position in it in the lower.
    pub(super) fn pack(self) -> i64 {
        (self.list as i64) << 32 | self.offset as i64
    }

    pub(super) fn unpack(packed: i64) -> Place {
        let packed = packed.cast_unsigned();
        Place { list: (packed >> 32) as usize, offset: packed as u32 as usize }
    }
}

impl Lists {
    /// Lists that were checked.
    pub(super) fn new(count: usize, filled: Vec<List>, direct_map: &DirectMap) -> Lists {
        let mut positions = vec![0; filled.last().map_or(0, |last| last.number + 1)];
        for (list, position) in filled.iter().zip(1..) {
            positions[list.number] = position;
        }
        let mut starts = vec![0];
        for list in &filled {
            starts.push(starts[starts.len() - 1] + list.ids.len() as u64);
        }
        let map = match direct_map {
            DirectMap::None => Map::Ids(None, OnceLock::new()),
            DirectMap::Array(places) => Map::Array(places.clone()),
            DirectMap::Pairs(pairs, _) => Map::Ids(Some(pairs.clone()), OnceLock::new()),
        };
        Lists { count, filled, starts, positions, map }
    }

    /// How many lists there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The lists that hold something, in the order of their numbers.
    pub(super) fn filled(&self) -> &[List] {
        &self.filled
    }

    /// List and position of a row, counted list by list; or else how far it is beyond the last.
    pub(super) fn at(&self, row: u64) -> Result<(&List, usize), u64> {
        let position = self.starts.partition_point(|start| *start <= row);
        match self.filled.get(position - 1) {
            Some(list) => Ok((list, (row - self.starts[position - 1]) as usize)),
            None => Err(row - self.starts[self.filled.len()]),
        }
    }

    /// The list with a number, if it holds something.
    pub(super) fn get(&self, number: i64) -> Option<&List> {
        let position = *self.positions.get(usize::try_from(number).ok()?)?;
        self.filled.get((position as usize).checked_sub(1)?)
    }

    /// List and position of the row with an id.
    ///
    /// # Errors
    /// If there is none, or the file's own map leads astray.
    pub(super) fn find(&self, id: i64) -> Result<(&List, usize)> {
        let packed = match &self.map {
            Map::Array(places) => usize::try_from(id).ok().and_then(|id| places.get(id)),
            Map::Ids(pairs, places) => {
                let places = places.get_or_init(|| self.places(pairs.as_ref()));
                places.get(&id).copied()
            }
        };
        let place =
            packed.filter(|packed| *packed >= 0).map(Place::unpack).ok_or_else(|| no_row(id))?;
        match self.get(place.list as i64) {
            Some(list) if list.ids.get(place.offset) == Some(id) => Ok((list, place.offset)),
            _ => Err(Error::malformed(format!(
                "the direct map says that row {id} is at {} of list {}, where it is not",
                place.offset, place.list
            ))),
        }
    }

    fn places(&self, pairs: Option<&Integers>) -> HashMap<i64, i64> {
        if let Some(pairs) = pairs {
            return pairs.iter().step_by(2).zip(pairs.iter().skip(1).step_by(2)).collect();
        }
        let places = |list: &List| {
            let list_number = list.number;
            let place = move |(offset, id)| (id, Place { list: list_number, offset }.pack());
            list.ids.iter().enumerate().map(place).collect::<Vec<_>>()
        };
        self.filled.iter().flat_map(places).collect()
    }
}
