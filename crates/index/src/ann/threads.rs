//! Many queries on many threads.

use super::{AnnIndex, Hit, Queries, Settings};
use crate::flat::{Goal, side_by_side};
use anear_types::{Error, Result};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Which share of a thread's queries is searched first, to see how long they take.
const TRIAL: usize = 16;
/// How much work is worth the start of a thread.
const WORTH_A_THREAD: Duration = Duration::from_micros(50);

/// Searches with up to so many threads, each for some of the queries. The answers are those of
/// one thread.
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
    in_threads(queries.len(), threads, |some| {
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
    in_threads(queries.len(), threads, |some| {
        index.search_lists(queries.range(some.start, some.end), &lists[some], goal, settings)
    })
}

/// Searches for so many queries, some at a time.
fn in_threads(
    count: usize,
    threads: usize,
    search: impl Fn(Range<usize>) -> Result<Vec<Vec<Hit>>> + Sync,
) -> Result<Vec<Vec<Hit>>> {
    if threads <= 1 || count <= 1 {
        return search(0..count);
    }
    let begin = Instant::now();
    let tried = (count / (TRIAL * threads)).max(1);
    let mut found = search(0..tried)?;
    let left = begin.elapsed() * (count - tried) as u32 / tried as u32;
    let worth = (left.as_nanos() / WORTH_A_THREAD.as_nanos()) as usize;
    let threads = threads.min(worth).clamp(1, count - tried);
    // One share each: what queries have in common is done once for each share.
    let share = (count - tried).div_ceil(threads);
    let search = &search;
    let starts = (tried..count).step_by(share);
    let tasks = starts.map(|start| move || search(start..count.min(start + share)));
    for part in side_by_side(tasks) {
        found.extend(part?);
    }
    Ok(found)
}
