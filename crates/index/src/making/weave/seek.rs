//! Looking for the rows that a new one becomes a neighbour of.

use super::links::Links;
use crate::ann::RowScorer;
use crate::graph::{Frontier, Scored};

/// Looks for the nearest rows of one that is not linked yet.
pub(super) struct Seeker<'a> {
    pub(super) links: &'a Links,
    /// Scores rows against the new one.
    pub(super) scorer: Box<dyn RowScorer + 'a>,
    pub(super) scratch: &'a mut Scratch,
}

/// Memory for searches.
#[derive(Default)]
pub(super) struct Scratch {
    /// For each row the last search that saw it.
    seen: Vec<u16>,
    search: u16,
    /// Rows to be scored, and their scores.
    rows: Vec<u32>,
    scores: Vec<f32>,
}

impl Seeker<'_> {
    /// Goes from the entry to ever nearer neighbours on the levels above the row's own.
    pub(super) fn descend(&mut self, entry: u32, max_level: usize, row_level: usize) -> Scored {
        self.scratch.rows.clear();
        self.scratch.rows.push(entry);
        self.score(f32::INFINITY);
        let mut nearest = Scored { score: self.scratch.scores[0], row: entry };
        for level in (row_level + 1..=max_level).rev() {
            loop {
                let before = nearest;
                self.scratch.rows.clear();
                self.scratch.rows.extend(self.links.neighbors(before.row, level));
                self.score(before.score);
                for (row, score) in self.scratch.rows.iter().zip(&self.scratch.scores) {
                    if *score < nearest.score {
                        nearest = Scored { score: *score, row: *row };
                    }
                }
                if nearest.row == before.row {
                    break;
                }
            }
        }
        nearest
    }

    /// The nearest rows on a level that the effort finds.
    pub(super) fn search(&mut self, entry: Scored, level: usize, effort: usize) -> Vec<Scored> {
        self.begin();
        self.scratch.seen[entry.row as usize] = self.scratch.search;
        let mut frontier = Frontier::new(effort);
        frontier.offer(entry);
        while let Some(row) = frontier.leave() {
            if let Some(next) = frontier.peek() {
                self.links.ask_for(next, level);
            }
            self.take_unseen_neighbors(row, level);
            let mut bound = frontier.bound();
            self.score(bound);
            for (row, score) in self.scratch.rows.iter().zip(&self.scratch.scores) {
                if *score < bound || bound == f32::INFINITY {
                    frontier.offer(Scored { score: *score, row: *row });
                    bound = frontier.bound();
                }
            }
        }
        frontier.into_best()
    }

    /// Forgets which rows were seen.
    fn begin(&mut self) {
        let Scratch { seen, search, .. } = &mut *self.scratch;
        seen.resize(self.links.rows(), 0);
        *search = search.wrapping_add(1);
        if *search == 0 {
            seen.fill(0);
            *search = 1;
        }
    }

    fn take_unseen_neighbors(&mut self, row: u32, level: usize) {
        let Scratch { seen, search, rows, .. } = &mut *self.scratch;
        rows.resize(self.links.room(level), 0);
        let mut unseen = 0;
        for neighbor in self.links.neighbors(row, level) {
            // No branch: whether a row was seen is as good as random.
            rows[unseen] = neighbor;
            unseen += usize::from(seen[neighbor as usize] != *search);
            seen[neighbor as usize] = *search;
        }
        rows.truncate(unseen);
    }

    fn score(&mut self, bound: f32) {
        let Scratch { rows, scores, .. } = &mut *self.scratch;
        scores.resize(rows.len(), 0.0);
        self.scorer.score_up_to(bound, rows, scores);
    }
}
