//! Many queries on many threads.

use super::{AnnIndex, Hit, Queries, Settings};
use crate::flat::{Goal, side_by_side};
use anear_types::{Error, Result};
use std::ops::Range;

/// How many components of all rows, once for each query, are worth the start of a thread. What takes time
/// cannot be asked: how queries are shared out decides on the last digits of sums, which are the same
/// whenever the same is asked.
const WORTH_A_THREAD: u64 = 1 << 22;

/// Searches with up to so many threads, each for some of the queries. The answers are those of
/// one thread, but for the last digits of scores.
///
/// # Errors
/// As for [`AnnIndex::search`] and [`Queries::check`].
pub fn search_in_threads(
    index: &dyn AnnIndex,
    queries: Queries<'_>,
    goal: Goal,
    settings: &Settings<'_>,
    threads: usize,
) -> Result<Vec<Vec<Hit>>> {
    queries.check(index, goal)?;
    in_threads(queries.len(), worth(index, queries, threads), |some| {
        index.search(queries.range(some.start, some.end), goal, settings)
    })
}

/// The same with the lists given that are looked at for each query.
///
/// # Errors
/// As for [`AnnIndex::search_lists`] and [`Queries::check`], or if there are not lists for each query.
pub fn search_lists_in_threads(
    index: &dyn AnnIndex,
    queries: Queries<'_>,
    lists: &[Vec<i64>],
    goal: Goal,
    settings: &Settings<'_>,
    threads: usize,
) -> Result<Vec<Vec<Hit>>> {
    queries.check(index, goal)?;
    if lists.len() != queries.len() {
        let what =
            format!("lists for {} queries, of which there are {}", lists.len(), queries.len());
        return Err(Error::usage(what));
    }
    in_threads(queries.len(), worth(index, queries, threads), |some| {
        index.search_lists(queries.range(some.start, some.end), &lists[some], goal, settings)
    })
}

/// How many of so many threads are worth while.
fn worth(index: &dyn AnnIndex, queries: Queries<'_>, threads: usize) -> usize {
    let components = index.rows().saturating_mul(index.dim() as u64);
    let worth = components.saturating_mul(queries.len() as u64) / WORTH_A_THREAD;
    threads.min(usize::try_from(worth).unwrap_or(usize::MAX)).max(1)
}

/// Searches for so many queries, one share of them in each thread: what queries have in common is done once
/// for each share.
fn in_threads(
    count: usize,
    threads: usize,
    search: impl Fn(Range<usize>) -> Result<Vec<Vec<Hit>>> + Sync,
) -> Result<Vec<Vec<Hit>>> {
    let share = count.div_ceil(threads).max(1);
    let search = &search;
    let starts = (0..count).step_by(share);
    let tasks = starts.map(|start| move || search(start..count.min(start + share)));
    let mut found = Vec::with_capacity(count);
    for part in side_by_side(tasks) {
        found.extend(part?);
    }
    Ok(found)
}
