//! The best rows that a search has scored so far, and which of them it has not left yet.

use super::scored::Scored;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Up to so many rows are kept in order; more take longer to move than a heap does.
const MOST_SORTED: usize = 1024;
/// Marks the key of a row that was left.
const LEFT: u64 = 1;

/// The best rows, as many as the effort.
pub(crate) enum Frontier {
    Sorted(Sorted),
    Heaps(Heaps),
}

/// All of them in order.
pub(crate) struct Sorted {
    keys: Vec<u64>,
    effort: usize,
    /// All rows before this one were left.
    next: usize,
}

/// For large efforts.
pub(crate) struct Heaps {
    /// Rows that were not left, the nearest on top.
    open: BinaryHeap<Reverse<Scored>>,
    /// The best, the farthest on top.
    best: BinaryHeap<Scored>,
    effort: usize,
}

impl Frontier {
    pub(crate) fn new(effort: usize) -> Frontier {
        let effort = effort.max(1);
        match effort <= MOST_SORTED {
            true => {
                Frontier::Sorted(Sorted { keys: Vec::with_capacity(effort + 1), effort, next: 0 })
            }
            false => {
                let (open, best) = (BinaryHeap::new(), BinaryHeap::new());
                Frontier::Heaps(Heaps { open, best, effort })
            }
        }
    }

    /// Up to which score a row is among the best.
    pub(crate) fn bound(&self) -> f32 {
        let (count, effort, farthest) = match self {
            Frontier::Sorted(Sorted { keys, effort, .. }) => {
                (keys.len(), *effort, keys.last().copied().map(scored))
            }
            Frontier::Heaps(Heaps { best, effort, .. }) => {
                (best.len(), *effort, best.peek().copied())
            }
        };
        farthest.filter(|_| count >= effort).map_or(f32::INFINITY, |farthest| farthest.score)
    }

    /// Takes a row that was not scored before, if it is among the best.
    pub(crate) fn offer(&mut self, scored: Scored) {
        match self {
            Frontier::Sorted(sorted) => sorted.offer(scored),
            Frontier::Heaps(heaps) => heaps.offer(scored),
        }
    }

    /// Leaves the nearest row that was not left yet.
    pub(crate) fn leave(&mut self) -> Option<u32> {
        match self {
            Frontier::Sorted(sorted) => sorted.leave(),
            Frontier::Heaps(heaps) => heaps.leave(),
        }
    }

    /// All of them, in no order.
    pub(crate) fn into_best(self) -> Vec<Scored> {
        match self {
            Frontier::Sorted(Sorted { keys, .. }) => keys.into_iter().map(scored).collect(),
            Frontier::Heaps(Heaps { best, .. }) => best.into_vec(),
        }
    }

    /// The row that would be left next.
    pub(crate) fn peek(&self) -> Option<u32> {
        match self {
            Frontier::Sorted(Sorted { keys, next, .. }) => {
                keys.get(*next).map(|next| scored(*next).row)
            }
            Frontier::Heaps(Heaps { open, .. }) => open.peek().map(|Reverse(next)| next.row),
        }
    }
}

/// A number for each row in the order of [`Scored`], by which rows are sorted faster. Graphs number their
/// rows by 31 bits.
fn key(scored: Scored) -> u64 {
    let bits = scored.score.to_bits();
    let flipped = if scored.score.is_sign_negative() { u32::MAX } else { 1 << 31 };
    u64::from(bits ^ flipped) << 32 | u64::from(scored.row) << 1
}

/// The row of a key.
fn scored(key: u64) -> Scored {
    let high = (key >> 32) as u32;
    let flipped = if high >> 31 == 0 { u32::MAX } else { 1 << 31 };
    Scored { score: f32::from_bits(high ^ flipped), row: key as u32 >> 1 }
}

impl Sorted {
    fn offer(&mut self, scored: Scored) {
        let key = key(scored);
        if self.keys.len() == self.effort {
            if self.keys.last().is_some_and(|farthest| key >= *farthest) {
                return;
            }
            self.keys.pop();
        }
        let at = self.keys.partition_point(|before| *before < key);
        self.keys.insert(at, key);
        self.next = self.next.min(at);
    }

    fn leave(&mut self) -> Option<u32> {
        let next = self.keys.get_mut(self.next)?;
        let row = scored(*next).row;
        *next |= LEFT;
        let rest = &self.keys[self.next..];
        self.next += rest.iter().position(|key| key & LEFT == 0).unwrap_or(rest.len());
        Some(row)
    }
}

impl Heaps {
    fn offer(&mut self, scored: Scored) {
        if self.best.len() == self.effort {
            if self.best.peek().is_some_and(|farthest| scored >= *farthest) {
                return;
            }
            self.best.pop();
        }
        self.best.push(scored);
        self.open.push(Reverse(scored));
    }

    fn leave(&mut self) -> Option<u32> {
        let Reverse(next) = self.open.pop()?;
        // What has fallen out of the best is not left any more.
        let is_best = self.best.peek().is_some_and(|farthest| next <= *farthest);
        is_best.then_some(next.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_testkit::random::Random;

    #[test]
    fn keys_are_in_the_order_of_rows() {
        let scores = [f32::NEG_INFINITY, -2.5, -0.0, 0.0, 1e-40, 7.0, f32::INFINITY, f32::NAN];
        let row = |row| scores.map(|score| Scored { score, row });
        let rows: Vec<Scored> =
            row(0).into_iter().zip(row(u32::MAX >> 1)).flat_map(<[_; 2]>::from).collect();
        assert!(rows.is_sorted() && rows.iter().map(|row| key(*row)).is_sorted());
        assert!(
            rows.iter().all(|row| scored(key(*row)) == *row && scored(key(*row) | LEFT) == *row)
        );
    }

    #[test]
    fn both_ways_leave_the_same_rows_in_the_same_order() {
        let mut random = Random::new(3);
        for effort in [1, 2, 7, 40] {
            let sorted = Sorted { keys: Vec::new(), effort, next: 0 };
            let heaps = Heaps { open: BinaryHeap::new(), best: BinaryHeap::new(), effort };
            let mut both = [Frontier::Sorted(sorted), Frontier::Heaps(heaps)];
            let mut all: Vec<Scored> = Vec::new();
            let mut left = Vec::new();
            for row in 0..400 {
                let scored = Scored { score: random.below(30) as f32, row };
                all.push(scored);
                both.iter_mut().for_each(|frontier| frontier.offer(scored));
                all.sort_unstable();
                let best = &all[..effort.min(all.len())];
                let farthest =
                    if best.len() == effort { best[effort - 1].score } else { f32::INFINITY };
                assert!(both.iter().all(|frontier| frontier.bound() == farthest));
                if row % 3 == 0 {
                    let open = best.iter().map(|scored| scored.row).find(|row| !left.contains(row));
                    assert_eq!(both[0].peek(), open);
                    assert!(both.iter_mut().all(|frontier| frontier.leave() == open));
                    left.extend(open);
                }
            }
            all.truncate(effort);
            for frontier in both {
                let mut best = frontier.into_best();
                best.sort_unstable();
                assert_eq!(best, all);
            }
        }
        assert!(matches!(Frontier::new(MOST_SORTED + 1), Frontier::Heaps(_)));
    }
}
