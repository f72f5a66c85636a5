//! Weaving new rows into a graph of levels (HNSW, Malkov and Yashunin 2016), one after another as FAISS
//! does on one thread.
//!
//! Levels are drawn at random. Rows come in from the highest level to the lowest, those of a level in
//! random order. Each looks for its nearest rows on every level it is on, keeps those that are nearer to
//! it than to one another, and is offered to them as a neighbour in turn.

mod links;
mod space;

use crate::ann::adopt_inner;
use crate::graph::Scored;
use crate::making::Vectors;
use anear_quant::Work;
use anear_quant::random::Twister;
use anear_types::parts::{Graph, IndexParts, Integers};
use anear_types::{Error, Result};
use links::Links;
use space::Space;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where the levels of rows begin, and the order within a level.
const LEVEL_SEED: u64 = 12345;
const ORDER_SEED: u64 = 789;
/// Rows that are woven in between two questions whether to stop.
const ROWS_AT_ONCE: usize = 256;

/// Weaves in `rows`, the last ones of a storage that holds them already. The graph's own is not looked at.
pub(super) fn weave(
    graph: &mut Graph,
    storage: &IndexParts,
    rows: Vectors<'_>,
    work: &Work<'_>,
) -> Result<()> {
    if i32::try_from(storage.rows).is_err() {
        return Err(Error::limit(format!("a graph over {} rows", storage.rows)));
    }
    let (first, new) = (graph.levels.len(), rows.len());
    if new == 0 {
        return Ok(());
    }
    let levels = draw_levels(graph, new);
    let index = adopt_inner(storage)?;
    let space = Space::new(storage, &*index)?;
    let mut loom = Loom {
        links: Links::new(graph, &levels),
        space,
        effort: usize::try_from(graph.construction_effort).unwrap_or(0).max(1),
        seen: vec![0; first + new],
        turn: 0,
    };
    for (at, row) in order(&levels).into_iter().enumerate() {
        if at % ROWS_AT_ONCE == 0 {
            work.check()?;
            work.report("weaving the graph", at as u64, new as u64);
        }
        let query = rows.range(row, row + 1).iter().next().expect("one row");
        let scorer = index.row_scorer(query)?;
        loom.space.turn_to(scorer);
        loom.add((first + row) as u32, levels[row] as usize - 1);
    }
    loom.links.write(graph);
    graph.levels.extend(levels);
    Ok(())
}

/// On how many levels each new row is. Those that are there have drawn before.
fn draw_levels(graph: &Graph, count: usize) -> Vec<i32> {
    let mut random = Twister::new(LEVEL_SEED);
    graph.levels.iter().for_each(|_| {
        random.bits();
    });
    let mut draw = || {
        let mut place = f64::from(random.float());
        for (likely, levels) in graph.level_probabilities.iter().zip(1..) {
            if place < *likely {
                return levels;
            }
            place -= likely;
        }
        graph.level_probabilities.len().max(1) as i32
    };
    (0..count).map(|_| draw()).collect()
}

/// The order in which rows are woven in.
fn order(levels: &[i32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by_key(|row| levels[*row]);
    let mut random = Twister::new(ORDER_SEED);
    let mut woven = Vec::with_capacity(order.len());
    for same in
        order.chunk_by_mut(|x, y| levels[*x] == levels[*y]).collect::<Vec<_>>().into_iter().rev()
    {
        for at in 0..same.len() {
            same.swap(at, at + random.below(same.len() - at));
        }
        woven.extend_from_slice(same);
    }
    woven
}

/// A graph that is being woven.
struct Loom<'a> {
    links: Links,
    space: Space<'a>,
    /// How many rows are looked at for new neighbours.
    effort: usize,
    /// For each row the last turn in which it was seen.
    seen: Vec<u32>,
    turn: u32,
}

impl Loom<'_> {
    /// Weaves in a row that the space is turned to.
    fn add(&mut self, row: u32, row_level: usize) {
        let Some((entry, max_level)) = self.links.entry else {
            self.links.entry = Some((row, row_level));
            return;
        };
        let mut nearest = Scored { score: self.space.score(entry), row: entry };
        for level in (row_level + 1..=max_level).rev() {
            nearest = self.descend(nearest, level);
        }
        for level in (0..=max_level.min(row_level)).rev() {
            self.link(row, nearest, level);
        }
        if row_level > max_level {
            self.links.entry = Some((row, row_level));
        }
    }

    /// Goes to ever nearer neighbours on a level.
    fn descend(&mut self, mut nearest: Scored, level: usize) -> Scored {
        loop {
            let before = nearest.row;
            let scored = self.space.score_all(self.links.neighbors(before, level));
            for found in scored {
                if found.score < nearest.score {
                    nearest = found;
                }
            }
            if nearest.row == before {
                return nearest;
            }
        }
    }

    /// Links a row with its nearest ones on a level.
    fn link(&mut self, row: u32, entry: Scored, level: usize) {
        let room = self.links.room(level);
        let mut found = self.search(entry, level);
        if found.len() >= room {
            found = self.space.choose(found, room);
        }
        found.sort_unstable_by_key(|found| Reverse(*found));
        for other in &found {
            self.links.offer(&mut self.space, row, other.row, level);
        }
        for other in &found {
            self.links.offer(&mut self.space, other.row, row, level);
        }
    }

    /// The nearest rows on a level that the effort finds.
    fn search(&mut self, entry: Scored, level: usize) -> Vec<Scored> {
        self.turn += 1;
        self.seen[entry.row as usize] = self.turn;
        let mut open = BinaryHeap::from([Reverse(entry)]);
        let mut best = BinaryHeap::from([entry]);
        let mut unseen = Vec::new();
        while let Some(Reverse(next)) = open.pop() {
            if best.peek().is_some_and(|farthest| next.score > farthest.score) {
                break;
            }
            unseen.clear();
            for neighbor in self.links.neighbors(next.row, level) {
                let seen = &mut self.seen[neighbor as usize];
                if *seen != self.turn {
                    *seen = self.turn;
                    unseen.push(neighbor);
                }
            }
            for found in self.space.score_all(unseen.iter().copied()) {
                let is_nearer = best.peek().is_none_or(|farthest| found.score < farthest.score);
                if best.len() < self.effort || is_nearer {
                    open.push(Reverse(found));
                    best.push(found);
                    if best.len() > self.effort {
                        best.pop();
                    }
                }
            }
        }
        best.into_vec()
    }
}

/// The offsets of rows on so many levels each.
fn offsets(levels: impl Iterator<Item = i32>, counts: &[i32]) -> Integers {
    let mut end = 0;
    let ends = levels.map(|levels| {
        end += i64::from(counts[levels as usize]);
        end
    });
    std::iter::once(0).chain(ends).collect()
}
