//! The last step: distances of the candidates.

use super::candidates::{Candidate, Candidates};
use super::nearest::Nearest;
use super::numbers::NumberQueries;
use super::threads::{side_by_side, useful_threads};
use super::{NonFinite, Piece};

/// Rows are far from each other: while some are worked on, so many more are on their way.
const ROWS_AHEAD: usize = 4;

/// Computes the distances of each query's candidates, which are rows of `block`, the surely nearest
/// first, until the others are surely farther than the rows found.
pub(super) fn settle(
    queries: &NumberQueries,
    found: &mut [Nearest],
    candidates: Vec<Candidates>,
    block: Piece<'_>,
    threads: usize,
) {
    let mut work: Vec<(usize, &mut Nearest, Candidates)> = found
        .iter_mut()
        .zip(candidates)
        .enumerate()
        .map(|(query, (found, candidates))| (query, found, candidates))
        .filter(|(.., candidates)| candidates.len() > 0)
        .collect();
    let rows = work.iter().map(|(.., candidates)| candidates.len()).sum();
    let share = work.len().div_ceil(useful_threads(threads, rows, block.dim())).max(1);
    let settle_share = |share: &mut [(usize, &mut Nearest, Candidates)]| {
        let mut exact = queries.exact(NonFinite::Refuse);
        for (query, found, candidates) in share {
            let position = |candidate: &Candidate| (candidate.row - block.number(0)) as usize;
            let candidates = candidates.sorted();
            let ask = |candidate: &Candidate| queries.prefetch(block.row(position(candidate)));
            candidates.iter().take(ROWS_AHEAD).for_each(ask);
            for (at, candidate) in candidates.iter().enumerate() {
                if candidate.lower > found.threshold() {
                    break;
                }
                candidates.get(at + ROWS_AHEAD).into_iter().for_each(ask);
                let key = exact.key(block, position(candidate), *query);
                found.offer(key, candidate.row);
            }
        }
    };
    side_by_side(work.chunks_mut(share).map(|share| || settle_share(share)));
}
