//! Graphs of levels.

use super::{check_dim, check_same};
use crate::parts::{Graph, IndexParts, Storage};
use crate::{Error, Measure, Result};

pub(super) fn check(index: &IndexParts, graph: &Graph) -> Result<()> {
    check_storage(index, &graph.storage)?;
    let rows = index.rows;
    if i32::try_from(rows).is_err() {
        return Err(Error::malformed(format!("a graph over {rows} rows")));
    }
    if graph.levels.len() as u64 != rows {
        let nodes = graph.levels.len();
        return Err(Error::malformed(format!("a graph of {nodes} nodes over {rows} rows")));
    }
    check_counts(&graph.counts)?;
    check_levels(graph)?;
    check_offsets(graph)?;
    check_neighbors(graph)?;
    check_entry(graph)
}

fn check_storage(index: &IndexParts, storage: &Storage) -> Result<()> {
    match storage {
        Storage::Index(storage) => {
            check_dim(index, storage)?;
            check_same(index, storage, "a graph")
        }
        Storage::Left(_) if index.measure == Measure::Hamming => {
            Err(Error::malformed("a graph over bits without its rows"))
        }
        Storage::Left(_) => Ok(()),
    }
}

fn check_counts(counts: &[i32]) -> Result<()> {
    if counts.first() != Some(&0) || !counts.is_sorted() {
        return Err(Error::malformed(
            "the neighbour counts of the graph's levels do not ascend from 0",
        ));
    }
    Ok(())
}

fn check_levels(graph: &Graph) -> Result<()> {
    let known = 1..graph.counts.len() as i64;
    match graph.levels.iter().position(|level| !known.contains(&i64::from(*level))) {
        None => Ok(()),
        Some(row) => {
            let (levels, known) = (graph.levels[row], graph.counts.len() - 1);
            let what = format!("a row is on {levels} levels of a graph of {known}");
            Err(Error::malformed(what).at_row(row as u64))
        }
    }
}

fn check_offsets(graph: &Graph) -> Result<()> {
    let rows = graph.levels.len();
    // FAISS writes one offset, 0, when there are no rows.
    if graph.offsets.len() != rows + 1 || graph.offsets.get(0) != Some(0) {
        return Err(Error::malformed("the graph has not an offset from 0 on for each row"));
    }
    let mut expected = 0i64;
    for (row, (offset, levels)) in graph.offsets.iter().skip(1).zip(&graph.levels).enumerate() {
        expected += i64::from(graph.counts[*levels as usize]);
        if offset != expected {
            let what = format!("the neighbours of a row end at {offset}, {expected} is expected");
            return Err(Error::malformed(what).at_row(row as u64));
        }
    }
    if graph.neighbors.len() as i64 != expected.saturating_mul(size_of::<i32>() as i64) {
        let found = graph.neighbors.len() / size_of::<i32>();
        let what = format!("the graph has {found} neighbours, {expected} are expected");
        return Err(Error::malformed(what));
    }
    Ok(())
}

fn check_neighbors(graph: &Graph) -> Result<()> {
    let known = -1..graph.levels.len() as i64;
    let neighbors = graph.neighbors.as_chunks().0;
    let neighbors = neighbors.iter().map(|bytes| i32::from_le_bytes(*bytes));
    match neighbors.into_iter().find(|neighbor| !known.contains(&i64::from(*neighbor))) {
        None => Ok(()),
        Some(neighbor) => {
            let rows = graph.levels.len();
            Err(Error::malformed(format!("an edge of the graph leads to row {neighbor} of {rows}")))
        }
    }
}

fn check_entry(graph: &Graph) -> Result<()> {
    let (entry, max_level) = (graph.entry_point, graph.max_level);
    let highest = graph.levels.iter().max();
    let fits = match usize::try_from(entry).ok().and_then(|entry| graph.levels.get(entry)) {
        Some(levels) => *levels == max_level.saturating_add(1) && Some(levels) == highest,
        None => graph.levels.is_empty() && entry == -1 && max_level == -1,
    };
    if !fits {
        let rows = graph.levels.len();
        return Err(Error::malformed(format!(
            "the graph over {rows} rows begins at row {entry} on level {max_level}"
        )));
    }
    Ok(())
}
