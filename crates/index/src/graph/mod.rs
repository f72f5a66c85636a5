//! A graph of levels over rows (HNSW), searched as FAISS does.
//!
//! The search descends greedily from the entry point to level 0. There it looks at the neighbours of
//! the nearest row that it has not left yet, until as many rows as the effort says are nearer than
//! that one. Every row it scores is a hit if it is near enough.

mod explore;
mod levels;

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings, TakeRows};
use crate::flat::Goal;
use anear_quant::{How, Query};
use anear_types::Result;
use anear_types::parts::Graph;
use explore::Explorer;
use levels::Levels;

/// The rows of another index, found by way of a graph.
pub(crate) struct GraphIndex {
    levels: Levels,
    effort: usize,
    storage: Box<dyn AnnIndex>,
}

impl GraphIndex {
    pub(crate) fn new(graph: &Graph, storage: Box<dyn AnnIndex>) -> GraphIndex {
        let effort = usize::try_from(graph.search_effort).unwrap_or(0);
        GraphIndex { levels: Levels::new(graph), effort, storage }
    }
}

impl AnnIndex for GraphIndex {
    fn dim(&self) -> usize {
        self.storage.dim()
    }

    fn rows(&self) -> u64 {
        self.storage.rows()
    }

    fn how(&self) -> How {
        self.storage.how()
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let mut explorer = Explorer::new(&self.levels);
        let effort = settings.effort.unwrap_or(self.effort);
        let search = |query| {
            let mut collector = Collector::new(goal, self.how());
            let mut scorer = self.storage.row_scorer(query)?;
            explorer.explore(&mut *scorer, effort, &mut |score, row| {
                if settings.keeps(row) {
                    collector.offer(score, row);
                }
            });
            Ok(collector.into_hits())
        };
        queries.iter().map(search).collect()
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.storage.row_scorer(query)
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        self.storage.reconstruct(id, row)
    }

    fn each_rows(&self, take: &mut TakeRows<'_>) -> Result<()> {
        self.storage.each_rows(take)
    }

    fn is_lossless(&self) -> bool {
        self.storage.is_lossless()
    }
}
