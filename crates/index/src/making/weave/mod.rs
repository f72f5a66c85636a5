//! Weaving new rows into a graph of levels (HNSW, Malkov and Yashunin 2016).
//!
//! Levels are drawn at random. Rows come in from the highest level to the lowest, those of a level in
//! random order. Each looks for its nearest rows on every level it is on, keeps those that are nearer to
//! it than to one another, and is offered to them as a neighbour in turn.
//!
//! As in FAISS on one thread, rows come in one after another, as long as a graph is small. Then they come in
//! batches: all of a batch look for their nearest rows in the graph as it was before, so that it does not
//! matter how many threads do that, and are offered to them together (as in ParlayANN, Manohar et al. 2024).
//! A batch is so small a share of the graph that hardly one of the nearest rows is in it.

mod links;
mod loom;
mod seek;
mod space;

use crate::ann::adopt_inner;
use crate::making::Vectors;
use anear_quant::Work;
use anear_quant::random::Twister;
use anear_types::parts::{Graph, IndexParts, Integers};
use anear_types::{Error, Result};
use links::Links;
use loom::{Loom, Newcomer};
use space::Space;

/// Where the levels of rows begin, and the order within a level.
const LEVEL_SEED: u64 = 12345;
const ORDER_SEED: u64 = 789;
/// Rows in a batch: at most one for so many in the graph,
const ROWS_FOR_ONE: usize = 50;
/// and one for so many that came in before at the same call. They may be unlike all that were there, and
/// have to find each other.
const NEW_ROWS_FOR_ONE: usize = 8;
/// More would not make threads more useful, but wait longer to be told to stop.
const MOST_AT_ONCE: usize = 512;

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
    let effort = usize::try_from(graph.construction_effort).unwrap_or(0).max(1);
    let mut loom = Loom::new(&*index, space, Links::new(graph, &levels), effort);
    let order = order(&levels);
    let mut done = 0;
    while done < new {
        work.check()?;
        work.report("weaving the graph", done as u64, new as u64);
        let most = batch(first + done, done).min(new - done);
        let newcomer = |row: &usize| Newcomer {
            row: (first + row) as u32,
            level: levels[*row] as usize - 1,
            query: rows.range(*row, row + 1).iter().next().expect("one row"),
        };
        loom.add(order[done..done + most].iter().map(newcomer).collect(), work)?;
        done += most;
    }
    loom.links.write(graph);
    graph.levels.extend(levels);
    Ok(())
}

/// How many rows come in at once.
fn batch(there: usize, new: usize) -> usize {
    (there / ROWS_FOR_ONE).min(new / NEW_ROWS_FOR_ONE).clamp(1, MOST_AT_ONCE)
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

/// The offsets of rows on so many levels each.
fn offsets(levels: impl Iterator<Item = i32>, counts: &[i32]) -> Integers {
    let mut end = 0;
    let ends = levels.map(|levels| {
        end += i64::from(counts[levels as usize]);
        end
    });
    std::iter::once(0).chain(ends).collect()
}
