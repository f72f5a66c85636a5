//! The nearest hits so far of one query.

use super::Hit;
use crate::flat::Goal;
use anear_kernels::Level;
use anear_kernels::lookup::near::{self, PIECE, Taker};
use anear_quant::How;
use anear_types::Order;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// As many hits as are faster kept in order than in a heap.
const MOST_IN_ORDER: usize = 32;

/// Hits whose score is below a limit, up to `k` of them.
#[derive(Debug)]
pub(crate) struct Collector {
    k: usize,
    limit: f32,
    /// Ids up to which a row at the limit is nearer than the farthest; below all where none is.
    tie: i64,
    hits: Hits,
}

#[derive(Debug)]
enum Hits {
    /// The nearest first; few.
    InOrder(Vec<Ranked>),
    /// The farthest on top.
    Heap(BinaryHeap<Ranked>),
}

#[derive(Clone, Copy, Debug)]
struct Ranked(Hit);

impl Ranked {
    /// The order of numbers, which scores that are taken are.
    #[inline]
    fn is_before(self, other: Ranked) -> bool {
        let (Ranked(a), Ranked(b)) = (self, other);
        a.score < b.score || a.score == b.score && a.id < b.id
    }
}

impl Ord for Ranked {
    #[inline]
    fn cmp(&self, other: &Ranked) -> Ordering {
        self.0.score.total_cmp(&other.0.score).then(self.0.id.cmp(&other.0.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl Collector {
    pub(crate) fn new(goal: Goal, how: How) -> Collector {
        let radius = match (goal, how.measure.order()) {
            (Goal::Nearest { k }, _) => return Collector::of(k),
            (Goal::Within { radius }, Order::SmallerIsNearer) => radius as f32,
            (Goal::Within { radius }, Order::LargerIsNearer) => -radius as f32,
        };
        Collector { limit: radius, ..Collector::of(usize::MAX) }
    }

    /// For so many hits, whatever their scores.
    pub(crate) fn of(k: usize) -> Collector {
        let hits = match k {
            ..=MOST_IN_ORDER => Hits::InOrder(Vec::with_capacity(k)),
            _ => Hits::Heap(BinaryHeap::new()),
        };
        // Nothing is below the lowest limit, so that none are taken where none are wanted.
        let limit = if k == 0 { f32::NEG_INFINITY } else { f32::MAX };
        Collector { k, limit, tie: i64::MIN, hits }
    }

    /// Takes a hit if it is among the nearest; a score that is not a number never is.
    #[inline]
    pub(crate) fn offer(&mut self, score: f32, id: i64) {
        if score < self.limit || score == self.limit && id < self.tie {
            self.take(Ranked(Hit { id, score: score + 0.0 }));
        }
    }

    /// How many hits there are so far.
    pub(crate) fn len(&self) -> usize {
        match &self.hits {
            Hits::InOrder(hits) => hits.len(),
            Hits::Heap(hits) => hits.len(),
        }
    }

    /// How many hits there are still room for, whatever their scores.
    pub(crate) fn missing(&self) -> usize {
        self.k - self.len()
    }

    /// Up to which score something may be a hit.
    pub(crate) fn limit(&self) -> f32 {
        self.limit
    }

    /// The same for rows with ids from `first` on: where these are behind the farthest, none as far as that
    /// is.
    pub(crate) fn limit_from(&self, first: usize) -> f32 {
        let is_behind = self.tie != i64::MIN && self.tie < first as i64;
        if is_behind { self.limit.next_down() } else { self.limit }
    }

    /// Takes a hit that is nearer than the farthest of `k`.
    fn take(&mut self, hit: Ranked) {
        let (count, farthest) = match &mut self.hits {
            Hits::InOrder(hits) => {
                if hits.len() < self.k {
                    hits.push(hit);
                }
                let mut at = hits.len() - 1;
                while at > 0 && hit.is_before(hits[at - 1]) {
                    hits[at] = hits[at - 1];
                    at -= 1;
                }
                hits[at] = hit;
                (hits.len(), hits.last())
            }
            Hits::Heap(hits) => {
                if hits.len() < self.k {
                    hits.push(hit);
                } else if let Some(mut farthest) = hits.peek_mut() {
                    *farthest = hit;
                }
                (hits.len(), hits.peek())
            }
        };
        if count == self.k
            && let Some(Ranked(farthest)) = farthest
        {
            (self.limit, self.tie) = (farthest.score, farthest.id);
        }
    }

    /// What takes the scores of rows; `id` says what the row of a number is called, and nothing for one
    /// that is not wanted.
    pub(crate) fn taker<F: FnMut(usize) -> Option<i64>>(&mut self, id: F) -> Offers<'_, F> {
        Offers { collector: self, id, limit_from: |collector, _| collector.limit }
    }

    /// The same for rows whose numbers are their ids, and that are offered in order.
    pub(crate) fn taker_in_order<F: FnMut(usize) -> Option<i64>>(
        &mut self,
        id: F,
    ) -> Offers<'_, F> {
        Offers { collector: self, id, limit_from: Collector::limit_from }
    }

    /// Takes the scores of rows from `first` on.
    pub(crate) fn offer_all(
        &mut self,
        scores: &[f32],
        first: usize,
        id: impl FnMut(usize) -> Option<i64>,
    ) {
        let limit = self.limit;
        near::offer(Level::best(), scores, first, limit, &mut self.taker(id));
    }

    /// The hits, the nearest first.
    pub(crate) fn into_hits(self) -> Vec<Hit> {
        let hits = match self.hits {
            Hits::InOrder(hits) => hits,
            Hits::Heap(hits) => hits.into_sorted_vec(),
        };
        hits.into_iter().map(|ranked| ranked.0).collect()
    }
}

/// Scores offered to a collector.
pub(crate) struct Offers<'a, F> {
    collector: &'a mut Collector,
    id: F,
    /// The limit for rows from a number on.
    limit_from: fn(&Collector, usize) -> f32,
}

impl<F: FnMut(usize) -> Option<i64>> Taker for Offers<'_, F> {
    fn take(&mut self, first: usize, mut which: u32, scores: &[f32; PIECE]) -> f32 {
        while which != 0 {
            let at = which.trailing_zeros() as usize;
            which &= which - 1;
            if scores[at] <= self.collector.limit
                && let Some(id) = (self.id)(first + at)
            {
                self.collector.offer(scores[at], id);
            }
        }
        (self.limit_from)(self.collector, first + PIECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_types::Measure;

    fn collect(goal: Goal, measure: Measure, scores: &[f32]) -> Vec<(i64, f32)> {
        let mut collector = Collector::new(goal, How { measure, argument: 0.0 });
        collector.offer_all(scores, 1, |number| Some(scores.len() as i64 - number as i64));
        collector.into_hits().into_iter().map(|hit| (hit.id, hit.score)).collect()
    }

    #[test]
    fn ties_go_to_the_smaller_id_and_no_nan_is_a_hit() {
        let scores = [2.0, f32::NAN, 1.0, 2.0, 2.0, f32::INFINITY, 3.0];
        let nearest = |k| collect(Goal::Nearest { k }, Measure::L2, &scores);
        assert_eq!(nearest(2), [(4, 1.0), (2, 2.0)]);
        assert_eq!(nearest(9), [(4, 1.0), (2, 2.0), (3, 2.0), (6, 2.0), (0, 3.0)]);
    }

    #[test]
    fn rows_in_order_that_are_as_far_as_the_farthest_are_not_told_of() {
        let mut collector =
            Collector::new(Goal::Nearest { k: 2 }, How { measure: Measure::L2, argument: 0.0 });
        let scores = [1.0; PIECE];
        let all = |number| Some(number as i64);
        assert_eq!(collector.limit_from(PIECE), f32::MAX);
        assert!(collector.taker_in_order(all).take(0, u32::MAX, &scores) < 1.0);
        assert_eq!(collector.limit_from(1), 1.0, "row 1 is there, row 0 would be nearer");
        assert_eq!(collector.taker(all).take(PIECE, u32::MAX, &scores), 1.0);
        assert_eq!(collector.into_hits().iter().map(|hit| hit.id).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn few_hits_and_many_are_the_first_of_all() {
        let scores: Vec<f32> = (0..500).map(|at| (at * 7919 % 101) as f32).collect();
        let mut all: Vec<(i64, f32)> = (0..).zip(scores.iter().rev().copied()).collect();
        all.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
        for k in [0, 1, 2, MOST_IN_ORDER, MOST_IN_ORDER + 1, 499, 600] {
            let found = collect(Goal::Nearest { k }, Measure::L2, &scores);
            assert_eq!(found, all[..k.min(all.len())], "{k}");
        }
    }

    #[test]
    fn a_radius_is_a_bound_that_is_not_reached() {
        let within =
            |radius, measure, scores: &[f32]| collect(Goal::Within { radius }, measure, scores);
        assert_eq!(within(2.0, Measure::L2, &[2.0, 1.0, 0.0]), [(0, 0.0), (1, 1.0)]);
        assert_eq!(within(2.0, Measure::InnerProduct, &[-2.0, -3.0, 0.0]), [(1, -3.0)]);
    }
}
