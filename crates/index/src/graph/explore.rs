//! Searching a graph.

use super::frontier::Frontier;
use super::levels::Levels;
use super::scored::Scored;
use crate::ann::{Collector, RowScorer, Settings};

/// Searches a graph, query by query.
pub(super) struct Explorer<'a> {
    levels: &'a Levels,
    scratch: Scratch,
}

/// What searches need memory for.
#[derive(Default)]
pub(super) struct Scratch {
    /// For each row the number of the query that saw it last.
    seen: Vec<u16>,
    query: u16,
    /// Rows to be scored, and their scores.
    rows: Vec<u32>,
    scores: Vec<f32>,
}

impl<'a> Explorer<'a> {
    /// Prepares with memory that another one of the same graph has left, or none.
    pub(super) fn new(levels: &'a Levels, mut scratch: Scratch) -> Explorer<'a> {
        scratch.seen.resize(levels.rows(), 0);
        Explorer { levels, scratch }
    }

    /// The memory, for the next one.
    pub(super) fn into_scratch(self) -> Scratch {
        self.scratch
    }

    /// Offers each row that is scored on the lowest level, but for those that are too far.
    pub(super) fn explore(
        &mut self,
        scorer: &mut dyn RowScorer,
        effort: usize,
        collector: &mut Collector,
        settings: &Settings<'_>,
    ) {
        let Some(entry) = self.descend(scorer) else { return };
        self.begin_query();
        self.scratch.seen[entry.row as usize] = self.scratch.query;
        let wanted = |row: u32| Some(i64::from(row)).filter(|id| settings.keeps(*id));
        collector.offer_all(&[entry.score], 0, |_| wanted(entry.row));
        let mut frontier = Frontier::new(effort);
        frontier.offer(entry);
        while let Some(row) = frontier.leave() {
            if let Some(next) = frontier.peek() {
                self.levels.ask_for(next);
            }
            let bound = frontier.bound().max(collector.limit());
            self.score_unseen_neighbors(row, bound, scorer);
            let Scratch { rows, scores, .. } = &self.scratch;
            collector.offer_all(scores, 0, |at| wanted(rows[at]));
            let mut bound = frontier.bound();
            for (row, score) in rows.iter().zip(scores) {
                if *score <= bound {
                    frontier.offer(Scored { score: *score, row: *row });
                    bound = frontier.bound();
                }
            }
        }
    }

    /// The row on level 0 that going to ever nearer neighbours on the levels above leads to.
    fn descend(&mut self, scorer: &mut dyn RowScorer) -> Option<Scored> {
        let (row, max_level) = self.levels.entry?;
        self.scratch.rows.clear();
        self.scratch.rows.push(row);
        self.scratch.score(scorer, f32::INFINITY);
        let mut nearest = Scored { score: self.scratch.scores[0], row };
        for level in (1..=max_level).rev() {
            loop {
                let before = nearest;
                self.scratch.rows.clear();
                self.scratch.rows.extend(self.levels.neighbors(before.row, level));
                self.scratch.score(scorer, before.score);
                for (row, score) in self.scratch.rows.iter().zip(&self.scratch.scores) {
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
        let Scratch { seen, query, .. } = &mut self.scratch;
        *query = query.wrapping_add(1);
        if *query == 0 {
            seen.fill(0);
            *query = 1;
        }
    }

    fn score_unseen_neighbors(&mut self, row: u32, bound: f32, scorer: &mut dyn RowScorer) {
        let Scratch { seen, query, rows, .. } = &mut self.scratch;
        rows.resize(self.levels.most(row), 0);
        let mut unseen = 0;
        for neighbor in self.levels.nearest(row) {
            // No branch: whether a row was seen is as good as random.
            rows[unseen] = neighbor;
            unseen += usize::from(seen[neighbor as usize] != *query);
            seen[neighbor as usize] = *query;
        }
        rows.truncate(unseen);
        self.scratch.score(scorer, bound);
    }
}

impl Scratch {
    fn score(&mut self, scorer: &mut dyn RowScorer, bound: f32) {
        self.scores.resize(self.rows.len(), 0.0);
        scorer.score_up_to(bound, &self.rows, &mut self.scores);
    }
}
