//! Who is whose neighbour on which level.

use super::offsets;
use super::space::Space;
use anear_types::parts::Graph;

/// Which share of the room is left free when neighbours have competed for it, as in FAISS.
const HEADROOM: f32 = 0.2;

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

    /// How many neighbours a row has room for on a level.
    pub(super) fn room(&self, level: usize) -> usize {
        self.counts[level + 1] - self.counts[level]
    }

    fn range(&self, row: u32, level: usize) -> std::ops::Range<usize> {
        let start = self.starts[row as usize];
        start + self.counts[level]..start + self.counts[level + 1]
    }

    /// The neighbours of a row on a level that it is on.
    pub(super) fn neighbors(&self, row: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
        let all = &self.neighbors[self.range(row, level)];
        all.iter().map_while(|neighbor| u32::try_from(*neighbor).ok())
    }

    /// Makes a row the neighbour of another; where there is no more room, all neighbours compete with it.
    pub(super) fn offer(&mut self, space: &mut Space<'_>, to: u32, row: u32, level: usize) {
        let range = self.range(to, level);
        let filled = self.neighbors(to, level).count();
        if filled < range.len() {
            self.neighbors[range.start + filled] = row as i32;
            return;
        }
        let room = (range.len() as f32 * (1.0 - HEADROOM)) as usize;
        let rivals = std::iter::once(row).chain(self.neighbors(to, level));
        let scored = space.between(to, rivals).collect();
        let chosen = space.choose(scored, room);
        let places = &mut self.neighbors[range];
        places.fill(-1);
        places.iter_mut().zip(chosen).for_each(|(place, chosen)| *place = chosen.row as i32);
    }
}
