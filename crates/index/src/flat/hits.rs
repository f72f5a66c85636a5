//! What a thread finds, and learns from the others.

use super::Findings;
use super::candidates::{Candidates, Thresholds};
use super::nearest::Nearest;

/// What a thread knows of the nearest rows to each query.
pub(super) struct Hits<'a> {
    /// Rows whose distances were computed.
    nearest: Vec<Nearest>,
    /// Rows whose distances lie in intervals.
    candidates: Vec<Candidates>,
    /// What all threads know.
    thresholds: &'a Thresholds,
}

impl<'a> Hits<'a> {
    /// None yet, of rows up to the thresholds.
    pub(super) fn new(k: usize, thresholds: &'a Thresholds, queries: usize) -> Hits<'a> {
        let each = || (0..queries).map(|query| thresholds.get(query));
        Hits {
            nearest: each().map(|threshold| Nearest::new(k, threshold)).collect(),
            candidates: each().map(|threshold| Candidates::new(k, threshold)).collect(),
            thresholds,
        }
    }

    /// No row that is farther counts.
    pub(super) fn threshold(&self, query: usize) -> f64 {
        self.thresholds.get(query)
    }

    /// Takes a row with the ends of the interval its key lies in; returns whether it may count.
    pub(super) fn offer_interval(&mut self, query: usize, ends: (f64, f64), row: u64) -> bool {
        let candidates = &mut self.candidates[query];
        candidates.lower_threshold(self.thresholds.get(query));
        if candidates.offer(ends, row) {
            self.thresholds.lower(query, candidates.threshold());
        }
        ends.0 <= candidates.threshold()
    }

    /// Takes a row with its key; returns whether it is among the nearest now.
    pub(super) fn offer(&mut self, query: usize, key: f64, row: u64) -> bool {
        let nearest = &mut self.nearest[query];
        let taken = nearest.offer(key, row);
        if taken {
            self.thresholds.lower(query, nearest.threshold());
        }
        taken
    }

    /// What was found, with the number of rows that were left out.
    pub(super) fn findings(self, skipped: u64) -> Findings {
        Findings { nearest: self.nearest, candidates: self.candidates, skipped }
    }

    /// Only the rows whose distances were computed.
    pub(super) fn nearest(self) -> Vec<Nearest> {
        self.nearest
    }
}
