//! Who is whose neighbour on which level.

use super::offsets;
use anear_kernels::{Level, prefetch};
use anear_types::parts::Graph;

/// The edges of all rows, and room for more.
pub(super) struct Links {
    /// Where searches begin, and on which level.
    pub(super) entry: Option<(u32, usize)>,
    /// The neighbours of each row on its levels; -1 ends them early.
    neighbors: Vec<i32>,
    /// Where those of each row begin.
    starts: Vec<usize>,
    /// Where those of each level begin among a row's.
    counts: Vec<usize>,
    levels: Vec<i32>,
}

impl Links {
    /// The edges of a graph, and room for those of new rows on so many levels each.
    pub(super) fn new(graph: &Graph, new_levels: &[i32]) -> Links {
        let levels: Vec<i32> = graph.levels.iter().chain(new_levels).copied().collect();
        let offsets = offsets(levels.iter().copied(), &graph.counts);
        let starts: Vec<usize> = offsets.iter().map(|offset| offset as usize).collect();
        let known = graph.neighbors.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
        let mut neighbors: Vec<i32> = known.collect();
        neighbors.resize(starts[levels.len()], -1);
        let entry = u32::try_from(graph.entry_point).ok();
        let max_level = usize::try_from(graph.max_level).unwrap_or(0);
        Links {
            entry: entry.map(|entry| (entry, max_level)),
            neighbors,
            starts,
            counts: graph.counts.iter().map(|count| *count as usize).collect(),
            levels,
        }
    }

    /// Puts the edges into a graph.
    pub(super) fn write(self, graph: &mut Graph) {
        graph.offsets = offsets(self.levels.into_iter(), &graph.counts);
        let bytes: Vec<u8> = self.neighbors.into_iter().flat_map(i32::to_le_bytes).collect();
        graph.neighbors = bytes.into();
        if let Some((entry, max_level)) = self.entry {
            (graph.entry_point, graph.max_level) = (entry as i32, max_level as i32);
        }
    }

    /// How many rows there are and will be.
    pub(super) fn rows(&self) -> usize {
        self.levels.len()
    }

    /// How many neighbours a row has room for on a level.
    pub(super) fn room(&self, level: usize) -> usize {
        self.counts[level + 1] - self.counts[level]
    }

    fn range(&self, row: u32, level: usize) -> std::ops::Range<usize> {
        let start = self.starts[row as usize];
        start + self.counts[level]..start + self.counts[level + 1]
    }

    /// Asks for the memory of a row's neighbours on a level that it is on.
    pub(super) fn ask_for(&self, row: u32, level: usize) {
        prefetch(Level::best(), bytemuck::cast_slice(&self.neighbors[self.range(row, level)]));
    }

    /// The neighbours of a row on a level that it is on.
    pub(super) fn neighbors(&self, row: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
        let all = &self.neighbors[self.range(row, level)];
        all.iter().map_while(|neighbor| u32::try_from(*neighbor).ok())
    }

    /// Makes these the neighbours of a row.
    ///
    /// # Panics
    /// If there is no room for them.
    pub(super) fn set(&mut self, row: u32, level: usize, neighbors: impl Iterator<Item = u32>) {
        let range = self.range(row, level);
        let places = &mut self.neighbors[range];
        let mut count = 0;
        neighbors.for_each(|neighbor| {
            places[count] = neighbor as i32;
            count += 1;
        });
        places[count..].fill(-1);
    }

    /// Makes rows the neighbours of another, if there is room for all of them.
    pub(super) fn append(
        &mut self,
        row: u32,
        level: usize,
        neighbors: impl ExactSizeIterator<Item = u32>,
    ) -> bool {
        let range = self.range(row, level);
        let filled = self.neighbors(row, level).count();
        let Some(places) = self.neighbors[range].get_mut(filled..filled + neighbors.len()) else {
            return false;
        };
        places.iter_mut().zip(neighbors).for_each(|(place, row)| *place = row as i32);
        true
    }
}
