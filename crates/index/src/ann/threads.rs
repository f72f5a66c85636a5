//! Many queries on many threads.

use super::{AnnIndex, Hit, Queries, Settings};
use crate::flat::{Goal, side_by_side};
use anear_types::Result;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Which share of a thread's queries is searched first, to see how long they take.
const TRIAL: usize = 16;
/// How much work is worth the start of a thread.
const WORTH_A_THREAD: Duration = Duration::from_micros(100);
/// In how many turns a thread would take its share, so that a slow one does not hold up the rest.
const TURNS: usize = 4;

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
    let count = queries.len();
    let search =
        |some: Range<usize>| index.search(queries.range(some.start, some.end), goal, settings);
    if threads <= 1 || count <= 1 {
        return search(0..count);
    }
    let begin = Instant::now();
    let tried = (count / (TRIAL * threads)).max(1);
    let mut found = search(0..tried)?;
    let left = begin.elapsed() * (count - tried) as u32 / tried as u32;
    let worth = (left.as_nanos() / WORTH_A_THREAD.as_nanos()) as usize;
    let threads = threads.min(worth).clamp(1, count - tried);
    let turn = (count - tried).div_ceil(if threads == 1 { 1 } else { TURNS * threads });
    let next = AtomicUsize::new(tried);
    let help = || {
        let mut found = Vec::new();
        loop {
            let start = next.fetch_add(turn, Ordering::Relaxed);
            if start >= count {
                return Ok(found);
            }
            found.push((start, search(start..count.min(start + turn))?));
        }
    };
    let parts = side_by_side((0..threads).map(|_| help)).into_iter().collect::<Result<Vec<_>>>()?;
    let mut parts: Vec<(usize, Vec<Vec<Hit>>)> = parts.into_iter().flatten().collect();
    parts.sort_unstable_by_key(|(start, _)| *start);
    found.extend(parts.into_iter().flat_map(|(_, hits)| hits));
    Ok(found)
}
