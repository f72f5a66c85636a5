//! The edges of a graph of levels.

use anear_kernels::{Level, prefetch};
use anear_types::parts::Graph;

/// Who is whose neighbour on which level.
pub(super) struct Levels {
    /// Where searches begin, and on which level; `None` without rows.
    pub(super) entry: Option<(u32, usize)>,
    /// Neighbours of all rows, none being -1.
    neighbors: Vec<i32>,
    /// Where each row's neighbours begin, and the end of the last one's.
    offsets: Vec<usize>,
    /// Where those of each level begin among a row's neighbours.
    counts: Vec<usize>,
}

impl Levels {
    /// The edges of a graph that was checked.
    pub(super) fn new(graph: &Graph) -> Levels {
        let neighbors = graph.neighbors.as_chunks().0;
        let entry = u32::try_from(graph.entry_point).ok();
        let max_level = usize::try_from(graph.max_level).unwrap_or(0);
        Levels {
            entry: entry.map(|entry| (entry, max_level)),
            neighbors: neighbors.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect(),
            offsets: graph.offsets.iter().map(|offset| offset as usize).collect(),
            counts: graph.counts.iter().map(|count| *count as usize).collect(),
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Asks for the memory of a row's neighbours.
    pub(super) fn ask_for(&self, row: u32) {
        prefetch(Level::best(), bytemuck::cast_slice(self.nearest(row)));
    }

    /// The neighbours of a row on the lowest level, up to the first that is -1.
    pub(super) fn nearest(&self, row: u32) -> &[i32] {
        let row = row as usize;
        let all = &self.neighbors[self.offsets[row]..self.offsets[row + 1]];
        &all[..all.len().min(self.counts.get(1).copied().unwrap_or(0))]
    }

    /// The neighbours of a row on a level; none where the row is not on it.
    pub(super) fn neighbors(&self, row: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
        let row = row as usize;
        let all = &self.neighbors[self.offsets[row]..self.offsets[row + 1]];
        let on_level = all.get(self.counts[level]..self.counts[level + 1]).unwrap_or(&[]);
        on_level.iter().map_while(|neighbor| u32::try_from(*neighbor).ok())
    }
}
