//! Many queries on many threads.

use super::{AnnIndex, Hit, Queries, Settings};
use crate::flat::Goal;
use anear_types::Result;
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
    let share = queries.len().div_ceil(threads.max(1)).max(1);
    let starts = (0..queries.len()).step_by(share);
    let parts = starts.map(|start| queries.range(start, queries.len().min(start + share)));
    let parts: Vec<Queries<'_>> = parts.collect();
    if let [part] = parts[..] {
        return index.search(part, goal, settings);
    }
    let found = thread::scope(|scope| {
        let search = |part| scope.spawn(move || index.search(part, goal, settings));
        let running: Vec<_> = parts.into_iter().map(search).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}
