//! The nearest hits so far of one query.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Up to `k` hits with keys up to a limit; a smaller key is nearer, then a smaller row.
#[derive(Clone, Debug)]
pub(super) struct Nearest {
    k: usize,
    limit: f64,
    /// The farthest on top.
    hits: BinaryHeap<Hit>,
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    key: f64,
    row: u64,
}

impl Ord for Hit {
    fn cmp(&self, other: &Hit) -> Ordering {
        self.key.total_cmp(&other.key).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Hit) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Hit) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Hit {}

impl Nearest {
    pub(super) fn new(k: usize, limit: f64) -> Nearest {
        Nearest { k, limit, hits: BinaryHeap::new() }
    }

    /// No hit with a key above this is taken any more.
    pub(super) fn threshold(&self) -> f64 {
        match self.hits.peek() {
            Some(farthest) if self.hits.len() == self.k => farthest.key,
            _ => self.limit,
        }
    }

    /// Takes a hit if it is among the nearest; returns whether it did.
    pub(super) fn offer(&mut self, key: f64, row: u64) -> bool {
        let hit = Hit { key, row };
        if key > self.limit {
            return false;
        }
        if self.hits.len() < self.k {
            self.hits.push(hit);
            return true;
        }
        let mut farthest = self.hits.peek_mut().expect("k is not 0");
        let nearer = hit < *farthest;
        if nearer {
            *farthest = hit;
        }
        nearer
    }

    pub(super) fn merge(&mut self, other: Nearest) {
        for hit in other.hits {
            self.offer(hit.key, hit.row);
        }
    }

    /// Keys and rows, the nearest first.
    pub(super) fn into_sorted(self) -> Vec<(f64, u64)> {
        self.hits.into_sorted_vec().into_iter().map(|hit| (hit.key, hit.row)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_smaller_row_in_any_order_of_arrival() {
        for rows in [[1, 2, 3, 4], [4, 3, 2, 1], [3, 1, 4, 2]] {
            let mut nearest = Nearest::new(2, 9.0);
            for row in rows {
                nearest.offer(5.0, row);
            }
            assert!(!nearest.offer(10.0, 0));
            assert_eq!(nearest.threshold(), 5.0);
            assert_eq!(nearest.into_sorted(), [(5.0, 1), (5.0, 2)]);
        }
    }

    #[test]
    fn merged_hits_are_the_nearest_of_both() {
        let mut nearest = Nearest::new(1, f64::INFINITY);
        nearest.offer(3.0, 8);
        let mut other = Nearest::new(1, nearest.threshold());
        assert!(!other.offer(4.0, 1));
        assert!(other.offer(3.0, 1));
        nearest.merge(other);
        assert_eq!(nearest.into_sorted(), [(3.0, 1)]);
    }
}
