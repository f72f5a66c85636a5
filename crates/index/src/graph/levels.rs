//! The edges of a graph of levels.

use anear_kernels::{LargeBytes, Level, prefetch};
use anear_types::parts::Graph;

/// Who is whose neighbour on which level.
pub(super) struct Levels {
    /// Where searches begin, and on which level; `None` without rows.
    pub(super) entry: Option<(u32, usize)>,
    /// Neighbours of all rows, four bytes each, none being -1.
    neighbors: LargeBytes,
    /// Where each row's neighbours begin, and the end of the last one's.
    offsets: Vec<usize>,
    /// Where those of each level begin among a row's neighbours.
    counts: Vec<usize>,
}

impl Levels {
    /// The edges of a graph that was checked.
    pub(super) fn new(graph: &Graph) -> Levels {
        let mut neighbors = LargeBytes::default();
        neighbors.grow_to(graph.neighbors.len());
        neighbors.copy_from_slice(&graph.neighbors);
        let entry = u32::try_from(graph.entry_point).ok();
        let max_level = usize::try_from(graph.max_level).unwrap_or(0);
        Levels {
            entry: entry.map(|entry| (entry, max_level)),
            neighbors,
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
        prefetch(Level::best(), self.on_lowest(row).as_flattened());
    }

    /// Up to so many neighbours the row has on the lowest level.
    pub(super) fn most(&self, row: u32) -> usize {
        self.on_lowest(row).len()
    }

    /// The neighbours of a row on the lowest level.
    pub(super) fn nearest(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        rows(self.on_lowest(row))
    }

    /// The neighbours of a row on a level; none where the row is not on it.
    pub(super) fn neighbors(&self, row: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
        rows(self.all(row).get(self.counts[level]..self.counts[level + 1]).unwrap_or(&[]))
    }

    fn on_lowest(&self, row: u32) -> &[[u8; 4]] {
        let all = self.all(row);
        &all[..all.len().min(self.counts.get(1).copied().unwrap_or(0))]
    }

    fn all(&self, row: u32) -> &[[u8; 4]] {
        let row = row as usize;
        &self.neighbors.as_chunks().0[self.offsets[row]..self.offsets[row + 1]]
    }
}

/// Rows, up to the first number that is -1.
fn rows(numbers: &[[u8; 4]]) -> impl Iterator<Item = u32> + '_ {
    numbers.iter().map_while(|number| u32::try_from(i32::from_le_bytes(*number)).ok())
}
