//! A graph of levels over rows (HNSW), searched as FAISS does.
//!
//! The search descends greedily from the entry point to level 0. There it looks at the neighbours of
//! the nearest row that it has not left yet, until as many rows as the effort says are nearer than
//! that one. Every row it scores is a hit if it is near enough.

mod explore;
mod frontier;
mod levels;
mod scored;

pub(crate) use frontier::Frontier;
pub(crate) use scored::Scored;

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings};
use crate::flat::Goal;
use anear_quant::{How, Query};
use anear_types::Result;
use anear_types::parts::Graph;
use explore::{Explorer, Scratch};
use levels::Levels;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The rows of another index, found by way of a graph.
pub(crate) struct GraphIndex {
    levels: Levels,
    effort: usize,
    storage: Box<dyn AnnIndex>,
    /// Memory of searches that are over.
    idle: Mutex<Vec<Scratch>>,
}

impl GraphIndex {
    pub(crate) fn new(graph: &Graph, storage: Box<dyn AnnIndex>) -> GraphIndex {
        let effort = usize::try_from(graph.search_effort).unwrap_or(0);
        GraphIndex { levels: Levels::new(graph), effort, storage, idle: Mutex::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        let scratch = self.idle().pop().unwrap_or_default();
        let mut explorer = Explorer::new(&self.levels, scratch);
        let effort = settings.effort.unwrap_or(self.effort);
        let search = |query| {
            let mut collector = Collector::new(goal, self.how());
            let mut scorer = self.storage.bounded_scorer(query)?;
            explorer.explore(&mut *scorer, effort, &mut collector, settings);
            Ok(collector.into_hits())
        };
        let found = queries.iter().map(search).collect();
        self.idle().push(explorer.into_scratch());
        found
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        self.storage.row_scorer(query)
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        self.storage.reconstruct(id, row)
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        self.storage.ids(rows)
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        self.storage.decode(rows, values)
    }

    fn is_lossless(&self) -> bool {
        self.storage.is_lossless()
    }
}
