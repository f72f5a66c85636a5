//! Rows of which it is known how far away they are at least and at most, and what follows for the
//! others.
//!
//! If `k` rows are at most `t` away, no row that is at least farther can be among the `k` nearest.
//! So rows gather, and now and then the `k`-th smallest upper end becomes the new threshold and
//! throws out what lies beyond it. Between two cuts a row costs no more than its place in a list,
//! where a heap would move `log k` others for each.

use std::sync::atomic::{AtomicU64, Ordering};

/// A row that may be among the nearest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The key of its distance is at least this ..
    pub(super) lower: f64,
    /// .. and at most this.
    upper: f64,
    pub(super) row: u64,
}

/// The candidates of a query.
#[derive(Clone, Debug)]
pub(super) struct Candidates {
    k: usize,
    threshold: f64,
    all: Vec<Candidate>,
    /// Cut when there are so many.
    cut_at: usize,
}

impl Candidates {
    /// None yet, of the `k` nearest that are no farther than `threshold`.
    pub(super) fn new(k: usize, threshold: f64) -> Candidates {
        let mut candidates = Candidates { k, threshold, all: Vec::new(), cut_at: 0 };
        candidates.set_next_cut();
        candidates
    }

    /// No row that is farther can be among the nearest.
    pub(super) fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Takes the word of another that no farther row counts.
    pub(super) fn lower_threshold(&mut self, threshold: f64) {
        self.threshold = self.threshold.min(threshold);
    }

    /// Takes a row with the ends of its interval; returns whether the threshold fell.
    #[inline]
    pub(super) fn offer(&mut self, (lower, upper): (f64, f64), row: u64) -> bool {
        if lower > self.threshold {
            return false;
        }
        self.all.push(Candidate { lower, upper, row });
        self.all.len() >= self.cut_at && self.cut()
    }

    fn cut(&mut self) -> bool {
        let before = self.threshold;
        if self.all.len() >= self.k {
            let mut uppers: Vec<f64> = self.all.iter().map(|candidate| candidate.upper).collect();
            let (_, kth, _) = uppers.select_nth_unstable_by(self.k - 1, f64::total_cmp);
            self.lower_threshold(*kth);
        }
        self.all.retain(|candidate| candidate.lower <= self.threshold);
        self.set_next_cut();
        self.threshold < before
    }

    fn set_next_cut(&mut self) {
        let room = (2 * self.k.min(1 << 15)).max(24).max(self.all.len() / 4);
        self.cut_at = (self.all.len() + room).max(self.k);
    }

    /// Takes those of another over.
    pub(super) fn merge(&mut self, other: Candidates) {
        self.lower_threshold(other.threshold);
        self.all.extend(other.all);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Those that are left after a last cut, the smallest lower end first.
    pub(super) fn sorted(&mut self) -> &[Candidate] {
        self.cut();
        self.all.sort_unstable_by(|a, b| a.lower.total_cmp(&b.lower));
        &self.all
    }
}

/// The thresholds of all queries, for all threads to see. They only fall, so an old one is valid.
#[derive(Debug)]
pub(super) struct Thresholds(Vec<AtomicU64>);

impl Thresholds {
    pub(super) fn new(thresholds: impl Iterator<Item = f64>) -> Thresholds {
        Thresholds(thresholds.map(|threshold| AtomicU64::new(threshold.to_bits())).collect())
    }

    pub(super) fn get(&self, query: usize) -> f64 {
        f64::from_bits(self.0[query].load(Ordering::Relaxed))
    }

    pub(super) fn lower(&self, query: usize, threshold: f64) {
        let smaller = |bits| (threshold < f64::from_bits(bits)).then_some(threshold.to_bits());
        // An error says that it is as small already.
        let _ = self.0[query].fetch_update(Ordering::Relaxed, Ordering::Relaxed, smaller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_are_the_rows_that_may_be_among_the_nearest() {
        let middle = |row: u64| (row * 7919 % 1000) as f64;
        for k in [1, 3, 40] {
            let mut parts = [Candidates::new(k, 900.0), Candidates::new(k, f64::INFINITY)];
            for row in 0..1000 {
                let ends = (middle(row) - 2.5, middle(row) + 2.5);
                parts[row as usize % 2].offer(ends, row);
            }
            let [mut all, more] = parts;
            all.merge(more);
            let left: Vec<u64> = all.sorted().iter().map(|candidate| candidate.row).collect();
            // The k-th smallest upper end is k - 1 + 2.5.
            let mut expected: Vec<u64> =
                (0..1000).filter(|row| middle(*row) - 2.5 <= k as f64 + 1.5).collect();
            expected.sort_by_key(|row| middle(*row) as u64);
            assert_eq!(left, expected, "k = {k}");
        }
    }

    #[test]
    fn thresholds_only_fall() {
        let thresholds = Thresholds::new([f64::INFINITY, -1.0].into_iter());
        thresholds.lower(0, 3.0);
        thresholds.lower(0, 4.0);
        thresholds.lower(1, -2.0);
        assert_eq!((thresholds.get(0), thresholds.get(1)), (3.0, -2.0));
    }
}
