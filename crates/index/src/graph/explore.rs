//! Searching a graph.

use super::levels::Levels;
use crate::ann::RowScorer;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Searches a graph, query by query.
pub(super) struct Explorer<'a> {
    levels: &'a Levels,
    /// For each row the number of the query that saw it last.
    seen: Vec<u32>,
    query: u32,
    /// Rows to be scored, and their scores.
    rows: Vec<u32>,
    scores: Vec<f32>,
}

/// A row and its score; the smaller row first where scores are the same.
#[derive(Clone, Copy, Debug)]
struct Scored {
    score: f32,
    row: u32,
}

impl Ord for Scored {
    fn cmp(&self, other: &Scored) -> Ordering {
        self.score.total_cmp(&other.score).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Scored) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Scored) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scored {}

impl<'a> Explorer<'a> {
    pub(super) fn new(levels: &'a Levels) -> Explorer<'a> {
        let seen = vec![0; levels.rows()];
        Explorer { levels, seen, query: 0, rows: Vec::new(), scores: Vec::new() }
    }

    /// Passes on each row that is scored on the lowest level, with its score.
    pub(super) fn explore(
        &mut self,
        scorer: &mut dyn RowScorer,
        effort: usize,
        found: &mut dyn FnMut(f32, i64),
    ) {
        let Some(entry) = self.descend(scorer) else { return };
        self.begin_query();
        self.seen[entry.row as usize] = self.query;
        found(entry.score, i64::from(entry.row));
        let mut open = BinaryHeap::from([Reverse(entry)]);
        // The best of all scored so far, the farthest on top.
        let mut best = BinaryHeap::from([entry]);
        while let Some(Reverse(next)) = open.pop() {
            let farthest = best.peek().map_or(f32::INFINITY, |farthest| farthest.score);
            if best.len() >= effort && next.score > farthest {
                break;
            }
            if let Some(Reverse(next)) = open.peek() {
                self.levels.ask_for(next.row); // it is likely to come next
            }
            self.score_unseen_neighbors(next.row, scorer);
            for (row, score) in self.rows.iter().zip(&self.scores) {
                let scored = Scored { score: *score, row: *row };
                found(*score, i64::from(*row));
                let is_better = best.peek().is_some_and(|farthest| scored < *farthest);
                if best.len() < effort || is_better {
                    open.push(Reverse(scored));
                    best.push(scored);
                    if best.len() > effort.max(1) {
                        best.pop();
                    }
                }
            }
        }
    }

    /// The row on level 0 that going to ever nearer neighbours on the levels above leads to.
    fn descend(&mut self, scorer: &mut dyn RowScorer) -> Option<Scored> {
        let (row, max_level) = self.levels.entry?;
        self.rows.clear();
        self.rows.push(row);
        self.score(scorer);
        let mut nearest = Scored { score: self.scores[0], row };
        for level in (1..=max_level).rev() {
            loop {
                let before = nearest;
                self.rows.clear();
                self.rows.extend(self.levels.neighbors(before.row, level));
                self.score(scorer);
                for (row, score) in self.rows.iter().zip(&self.scores) {
                    if *score < nearest.score {
                        nearest = Scored { score: *score, row: *row };
                    }
                }
                if nearest == before {
                    break;
                }
            }
        }
        Some(nearest)
    }

    /// Forgets which rows were seen.
    fn begin_query(&mut self) {
        self.query = self.query.wrapping_add(1);
        if self.query == 0 {
            self.seen.fill(0);
            self.query = 1;
        }
    }

    fn score_unseen_neighbors(&mut self, row: u32, scorer: &mut dyn RowScorer) {
        self.rows.clear();
        for neighbor in self.levels.neighbors(row, 0) {
            let seen = &mut self.seen[neighbor as usize];
            if *seen != self.query {
                *seen = self.query;
                self.rows.push(neighbor);
            }
        }
        self.score(scorer);
    }

    fn score(&mut self, scorer: &mut dyn RowScorer) {
        self.scores.resize(self.rows.len(), 0.0);
        scorer.score(&self.rows, &mut self.scores);
    }
}
