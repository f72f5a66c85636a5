//! The best rows that a search has scored so far, and which of them it has not left yet.

use super::scored::Scored;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Up to so many rows are kept in order; more take longer to move than a heap does.
const MOST_SORTED: usize = 1024;
/// Marks a row that was left; graphs number their rows by 31 bits.
const LEFT: u32 = 1 << 31;

/// The best rows, as many as the effort.
pub(crate) enum Frontier {
    Sorted(Sorted),
    Heaps(Heaps),
}

/// All of them in order.
pub(crate) struct Sorted {
    rows: Vec<Scored>,
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
                Frontier::Sorted(Sorted { rows: Vec::with_capacity(effort + 1), effort, next: 0 })
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
            Frontier::Sorted(Sorted { rows, effort, .. }) => (rows.len(), *effort, rows.last()),
            Frontier::Heaps(Heaps { best, effort, .. }) => (best.len(), *effort, best.peek()),
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
            Frontier::Sorted(Sorted { rows, .. }) => rows.iter().map(unmarked).collect(),
            Frontier::Heaps(Heaps { best, .. }) => best.into_vec(),
        }
    }

    /// The row that would be left next.
    pub(crate) fn peek(&self) -> Option<u32> {
        match self {
            Frontier::Sorted(Sorted { rows, next, .. }) => rows.get(*next).map(|next| next.row),
            Frontier::Heaps(Heaps { open, .. }) => open.peek().map(|Reverse(next)| next.row),
        }
    }
}

/// A row that may have been left.
fn unmarked(row: &Scored) -> Scored {
    Scored { row: row.row & !LEFT, ..*row }
}

impl Sorted {
    fn offer(&mut self, scored: Scored) {
        if self.rows.len() == self.effort {
            if self.rows.last().is_some_and(|farthest| scored >= unmarked(farthest)) {
                return;
            }
            self.rows.pop();
        }
        let at = self.rows.partition_point(|before| unmarked(before) < scored);
        self.rows.insert(at, scored);
        self.next = self.next.min(at);
    }

    fn leave(&mut self) -> Option<u32> {
        let next = self.rows.get_mut(self.next)?;
        let row = next.row;
        next.row |= LEFT;
        let rest = &self.rows[self.next..];
        self.next += rest.iter().position(|row| row.row & LEFT == 0).unwrap_or(rest.len());
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
    fn both_ways_leave_the_same_rows_in_the_same_order() {
        let mut random = Random::new(3);
        for effort in [1, 2, 7, 40] {
            let sorted = Sorted { rows: Vec::new(), effort, next: 0 };
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
