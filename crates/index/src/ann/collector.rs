//! The nearest hits so far of one query.

use super::{Hit, Settings};
use crate::flat::Goal;
use anear_quant::How;
use anear_types::Order;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Scores that are looked at together.
const PIECE: usize = 16;

/// Hits whose score is below a limit, up to `k` of them.
#[derive(Debug)]
pub(crate) struct Collector {
    k: usize,
    limit: f32,
    /// The farthest on top.
    hits: BinaryHeap<Ranked>,
}

#[derive(Clone, Copy, Debug)]
struct Ranked(Hit);

impl Ord for Ranked {
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
        let (k, limit) = match (goal, how.measure.order()) {
            (Goal::Nearest { k }, _) => (k, f32::MAX),
            (Goal::Within { radius }, Order::SmallerIsNearer) => (usize::MAX, radius as f32),
            (Goal::Within { radius }, Order::LargerIsNearer) => (usize::MAX, -radius as f32),
        };
        Collector { k, limit, hits: BinaryHeap::new() }
    }

    /// Takes a hit if it is among the nearest; a score that is not a number never is.
    #[inline]
    pub(crate) fn offer(&mut self, score: f32, id: i64) {
        if score < self.limit || score == self.limit && self.hits.len() == self.k {
            self.take(Ranked(Hit { id, score: score + 0.0 }));
        }
    }

    /// How many hits there are so far.
    pub(crate) fn len(&self) -> usize {
        self.hits.len()
    }

    /// Up to which score something may be a hit.
    pub(crate) fn limit(&self) -> f32 {
        self.limit
    }

    fn take(&mut self, hit: Ranked) {
        if self.hits.len() < self.k {
            self.hits.push(hit);
        } else if let Some(mut farthest) = self.hits.peek_mut()
            && hit < *farthest
        {
            *farthest = hit;
        }
        if self.hits.len() == self.k {
            self.limit = self.hits.peek().map_or(self.limit, |farthest| farthest.0.score);
        }
    }

    /// Offers the scores of rows with these ids, if they are wanted.
    pub(crate) fn offer_all(
        &mut self,
        scores: &[f32],
        mut ids: impl Iterator<Item = i64>,
        settings: &Settings<'_>,
    ) {
        let mut passed = 0;
        self.offer_near(scores, |at| {
            let id = ids.nth(at - passed);
            passed = at + 1;
            id.filter(|id| settings.keeps(*id))
        });
    }

    /// Offers scores that may be among the nearest, for which `id` is asked in ascending order: by
    /// position, and without an answer for rows that are not wanted.
    pub(crate) fn offer_near(&mut self, scores: &[f32], mut id: impl FnMut(usize) -> Option<i64>) {
        for (piece, first) in scores.chunks(PIECE).zip((0..).step_by(PIECE)) {
            // Most pieces have none, which vector instructions tell.
            if !piece.iter().fold(false, |any, score| any | (*score <= self.limit)) {
                continue;
            }
            for (score, at) in piece.iter().zip(first..) {
                if *score <= self.limit
                    && let Some(id) = id(at)
                {
                    self.offer(*score, id);
                }
            }
        }
    }

    /// The hits, the nearest first.
    pub(crate) fn into_hits(self) -> Vec<Hit> {
        self.hits.into_sorted_vec().into_iter().map(|ranked| ranked.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_types::Measure;

    fn collect(goal: Goal, measure: Measure, scores: &[f32]) -> Vec<(i64, f32)> {
        let mut collector = Collector::new(goal, How { measure, argument: 0.0 });
        let ids = (0..scores.len() as i64).rev();
        collector.offer_all(scores, ids, &Settings::default());
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
    fn a_radius_is_a_bound_that_is_not_reached() {
        let within =
            |radius, measure, scores: &[f32]| collect(Goal::Within { radius }, measure, scores);
        assert_eq!(within(2.0, Measure::L2, &[2.0, 1.0, 0.0]), [(0, 0.0), (1, 1.0)]);
        assert_eq!(within(2.0, Measure::InnerProduct, &[-2.0, -3.0, 0.0]), [(1, -3.0)]);
    }
}
