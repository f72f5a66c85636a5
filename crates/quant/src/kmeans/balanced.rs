//! Rows shared out so that no centroid has more than so many.
//!
//! Each row goes to its nearest centroid first. From those that have too many, rows go to the nearest
//! centroid with room, those first that lose least by it, as in Schubert's same-size k-means (a tutorial
//! of ELKI). A row that comes too late asks for the room of its next one. This is not the best of all ways to
//! share them out, which takes the cube of the number of rows to find (Malinen and Fränti 2014), but
//! takes hardly longer than to find the nearest.

use super::assign::Assigned;
use crate::codec::How;
use crate::pairs::Pairs;
use crate::work::Work;
use anear_types::{Order, Result};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Centroids that a row asks for room before it looks for more.
const CHOICES: usize = 16;
/// Rows that a thread takes at a time.
const PIECE_ROWS: usize = 256;

/// Rows and centroids.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) rows: &'a [f32],
    pub(super) centroids: &'a [f32],
    pub(super) dim: usize,
    pub(super) how: How,
}

/// A centroid that a row could go to.
#[derive(Clone, Copy)]
struct Choice {
    score: f32,
    number: u32,
}

/// A row that asks for room.
struct Mover {
    row: u32,
    /// What its centroid scores.
    score: f32,
    /// The nearest centroids that had room, the nearest first.
    choices: Vec<Choice>,
}

/// What a mover loses by its next choice; less comes first.
#[derive(PartialEq)]
struct Bid {
    loss: f32,
    mover: usize,
    choice: usize,
}

impl Eq for Bid {}

impl Ord for Bid {
    fn cmp(&self, other: &Bid) -> Ordering {
        self.loss.total_cmp(&other.loss).then(self.mover.cmp(&other.mover))
    }
}

impl PartialOrd for Bid {
    fn partial_cmp(&self, other: &Bid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Places<'_> {
    /// Moves rows away from centroids that have more than `most`.
    ///
    /// # Panics
    /// If there are more rows than so many for each centroid.
    pub(super) fn spread(
        &self,
        most: usize,
        assigned: &mut Assigned,
        work: &Work<'_>,
    ) -> Result<()> {
        let count = self.centroids.len() / self.dim;
        assert!(assigned.numbers.len() <= most.saturating_mul(count));
        let mut sizes = vec![0; count];
        assigned.numbers.iter().for_each(|number| sizes[*number as usize] += 1);
        // In each turn either all find room, or a centroid that had room is full then.
        while sizes.iter().any(|size| *size > most) {
            let movers = self.movers(most, &sizes, assigned, work)?;
            self.settle(most, &mut sizes, &movers, assigned);
        }
        Ok(())
    }

    /// The rows of centroids that have too many, and what they can choose.
    fn movers(
        &self,
        most: usize,
        sizes: &[usize],
        assigned: &Assigned,
        work: &Work<'_>,
    ) -> Result<Vec<Mover>> {
        let open: Vec<u32> =
            (0..).zip(sizes).filter(|(_, size)| **size < most).map(|(number, _)| number).collect();
        let values = |number: &u32| self.centroid(*number).iter().copied();
        let values: Vec<f32> = open.iter().flat_map(values).collect();
        let crowded = |number: u32| sizes[number as usize] > most;
        let rows = (0..).zip(&assigned.numbers).filter(|(_, number)| crowded(**number));
        let mover = |(row, _)| Mover { row, score: 0.0, choices: Vec::new() };
        let mut movers: Vec<Mover> = rows.map(mover).collect();
        work.for_each(movers.chunks_mut(PIECE_ROWS).collect(), |movers: &mut [Mover]| {
            let mut scores = vec![0.0; open.len()];
            for mover in movers {
                let row = mover.row as usize;
                let pairs = Pairs::new(&self.rows[row * self.dim..][..self.dim], self.how);
                let mut own = [0.0];
                pairs.score(self.centroid(assigned.numbers[row]), &mut own);
                mover.score = own[0];
                pairs.score(&values, &mut scores);
                mover.choices = nearest(&open, &scores);
            }
        })?;
        Ok(movers)
    }

    fn centroid(&self, number: u32) -> &[f32] {
        &self.centroids[number as usize * self.dim..][..self.dim]
    }

    /// Moves rows as long as their centroids have too many, and those they choose have room.
    fn settle(&self, most: usize, sizes: &mut [usize], movers: &[Mover], assigned: &mut Assigned) {
        let bid = |mover: usize, choice: usize| {
            let Mover { score, choices, .. } = &movers[mover];
            choices.get(choice).map(|next| Reverse(Bid { loss: next.score - score, mover, choice }))
        };
        let mut bids: BinaryHeap<_> = (0..movers.len()).filter_map(|mover| bid(mover, 0)).collect();
        while let Some(Reverse(Bid { mover, choice, .. })) = bids.pop() {
            let (row, next) = (movers[mover].row as usize, movers[mover].choices[choice]);
            let (from, to) = (assigned.numbers[row] as usize, next.number as usize);
            if sizes[from] <= most {
                continue;
            }
            if sizes[to] >= most {
                bids.extend(bid(mover, choice + 1));
                continue;
            }
            sizes[from] -= 1;
            sizes[to] += 1;
            assigned.numbers[row] = next.number;
            let is_distance = self.how.measure.order() == Order::SmallerIsNearer;
            assigned.distances[row] = if is_distance { next.score } else { -next.score };
        }
    }
}

/// The nearest of some centroids, the nearest first.
fn nearest(numbers: &[u32], scores: &[f32]) -> Vec<Choice> {
    let choices = numbers.iter().zip(scores);
    let mut choices: Vec<Choice> =
        choices.map(|(number, score)| Choice { score: *score, number: *number }).collect();
    let by_score =
        |x: &Choice, y: &Choice| x.score.total_cmp(&y.score).then(x.number.cmp(&y.number));
    if choices.len() > CHOICES {
        choices.select_nth_unstable_by(CHOICES - 1, by_score);
        choices.truncate(CHOICES);
    }
    choices.sort_unstable_by(by_score);
    choices
}
