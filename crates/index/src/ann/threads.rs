//! Many queries on many threads.

use super::{AnnIndex, Hit, Queries, Settings};
use crate::flat::Goal;
use anear_types::{Error, Result};
use std::ops::Range;
use std::thread;

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

/// Does the same for parts of so many queries.
fn in_threads(
    count: usize,
    threads: usize,
    search: impl Fn(Range<usize>) -> Result<Vec<Vec<Hit>>> + Sync,
) -> Result<Vec<Vec<Hit>>> {
    let share = count.div_ceil(threads.max(1)).max(1);
    let parts: Vec<Range<usize>> =
        (0..count).step_by(share).map(|start| start..count.min(start + share)).collect();
    if let [part] = &parts[..] {
        return search(part.clone());
    }
    let found = thread::scope(|scope| {
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| search(part))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}
