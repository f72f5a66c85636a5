//! Many queries, list by list: the rows of a list are read and decoded once for all queries that
//! look at it.

use super::InvertedIndex;
use crate::ann::{Collector, FEWEST, Hit, Settings, Takers, Together};
use crate::flat::Goal;
use anear_kernels::ops::Op;
use anear_types::Measure;

/// A list and the queries that look at it.
struct Visited {
    list: i64,
    queries: Vec<usize>,
}

impl InvertedIndex {
    /// The operation for lists that are worth reading for several queries.
    pub(super) fn row_op(&self, queries: usize) -> Option<Op> {
        let is_worth_while = queries >= FEWEST && self.how.measure != Measure::Hamming;
        if self.finds_plainly() && is_worth_while { self.codec.row_op(self.how) } else { None }
    }

    /// Scores the lists that were found for each of some queries.
    pub(super) fn search_together(
        &self,
        values: &[f32],
        lists: &[Vec<i64>],
        op: Op,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Vec<Vec<Hit>> {
        let mut collectors: Vec<Collector> =
            lists.iter().map(|_| Collector::new(goal, self.how)).collect();
        let mut together = Together::new(op);
        let (mut moved, mut offsets) = (Vec::new(), Vec::new());
        for Visited { list, queries } in self.visited(lists) {
            let Some(list) = self.lists.get(list) else { continue };
            self.gather(values, &queries, list.number, &mut moved, &mut offsets);
            together.take(&moved, self.dim);
            let mut takers =
                Takers { collectors: &mut collectors, which: &queries, offsets: &offsets };
            let label = |code| list.ids.get(code).expect("an id a row");
            together.scan(&*self.codec, &list.codes, &mut takers, settings, label);
        }
        collectors.into_iter().map(Collector::into_hits).collect()
    }

    /// The lists that some query looks at.
    fn visited(&self, lists: &[Vec<i64>]) -> impl Iterator<Item = Visited> {
        let mut queries = vec![Vec::new(); self.lists.count()];
        for (query, lists) in lists.iter().enumerate() {
            lists.iter().for_each(|list| queries[*list as usize].push(query));
        }
        let visited = (0..).zip(queries).map(|(list, queries)| Visited { list, queries });
        visited.filter(|visited| !visited.queries.is_empty())
    }

    /// Copies some queries as they are compared with the codes of a list, and what is added to
    /// their scores.
    fn gather(
        &self,
        values: &[f32],
        queries: &[usize],
        list: usize,
        moved: &mut Vec<f32>,
        offsets: &mut Vec<f32>,
    ) {
        moved.clear();
        offsets.clear();
        let center = self.center(list);
        for query in queries {
            let query = &values[query * self.dim..][..self.dim];
            match (center, self.how.measure) {
                (None, _) => moved.extend_from_slice(query),
                (Some(center), Measure::L2) => {
                    moved.extend(query.iter().zip(center).map(|(query, center)| query - center));
                }
                (Some(center), _) => {
                    moved.extend_from_slice(query);
                    let product: f32 = query.iter().zip(center).map(|(x, y)| x * y).sum();
                    offsets.push(-product);
                }
            }
        }
    }
}
