//! Building, changing, searching and keeping it.

use super::lesson::{ForestLesson, Identity};
use super::trees::Trees;
use crate::flat::{Beside, Goal};
use crate::flat_index::{Stretch, runs, search_stretches};
use crate::{Index, IndexKind, Keep, KindInfo, Learned, Lesson, Plan, RowSet, Rows, Spec};
use anear_io::{About, Segment, SegmentWriter};
use anear_types::{MatrixRef, Metric, Neighbor, Result, Value};
use std::ops::Range;
use std::sync::Arc;

/// Trees are grown anew when there are this many times the rows they are over, in quarters.
const GROWTH_QUARTERS: u64 = 5;

/// The kind.
#[derive(Debug)]
pub(crate) struct ForestKind;

static INFO: KindInfo = KindInfo {
    name: "forest",
    about: "all rows with trees over them, which find most of the nearest",
    is_exact: false,
};

impl IndexKind for ForestKind {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn build(&self, rows: Rows, spec: &Spec) -> Result<Box<dyn Index>> {
        Trees::metric_for(spec.metric)?;
        Ok(Box::new(ForestIndex::new(rows, spec.metric, None)))
    }

    fn load(&self, segment: &Segment, about: &About, rows: Rows) -> Result<Box<dyn Index>> {
        assert_eq!((rows.element(), rows.dim()), (about.element, about.dim));
        assert!(rows.len() >= about.rows, "{} of {} rows", rows.len(), about.rows);
        let trees = Trees::load(segment, about)?;
        Ok(Box::new(ForestIndex::new(rows, about.metric, trees)))
    }
}

#[derive(Debug)]
struct ForestIndex {
    rows: Rows,
    metric: Metric,
    removed: RowSet,
    /// Trees over the first rows.
    trees: Option<Trees>,
    identity: Identity,
}

impl ForestIndex {
    fn new(rows: Rows, metric: Metric, trees: Option<Trees>) -> ForestIndex {
        let removed = RowSet::none_of(rows.len());
        ForestIndex { rows, metric, removed, trees, identity: Arc::default() }
    }

    /// How many rows have trees over them, the first ones.
    fn grown(&self) -> u64 {
        self.trees.as_ref().map_or(0, Trees::rows)
    }

    /// All rows; one stretch at least.
    fn stretches(&self) -> Vec<Stretch<'_>> {
        let parts = self.rows.parts();
        parts.map(|(first, rows)| Stretch { first, rows, beside: Beside::default() }).collect()
    }

    /// The rows of a filter that were not removed, where a search needs them as a set.
    fn live(&self, keep: Keep<'_>) -> Option<RowSet> {
        if self.removed.count() == 0 {
            return None;
        }
        let rows = self.rows.len();
        let mut live = RowSet::none_of(rows);
        match keep {
            Keep::All => self.removed.others(0..rows).for_each(|row| _ = live.insert(row)),
            Keep::Set(set) => {
                let passing = set.members(0..rows).filter(|row| !self.removed.contains(*row));
                passing.for_each(|row| _ = live.insert(row));
            }
            Keep::Listed(listed) => {
                let passing = listed.iter().take_while(|row| **row < rows);
                let passing = passing.filter(|row| !self.removed.contains(**row));
                passing.for_each(|row| _ = live.insert(*row));
            }
        }
        Some(live)
    }

    /// The nearest by way of the trees.
    fn search_trees(
        &self,
        trees: &Trees,
        queries: MatrixRef<'_>,
        k: usize,
        plan: &Plan<'_>,
    ) -> Result<Vec<Vec<Neighbor>>> {
        let stretches = self.stretches();
        let scan = |queries: MatrixRef<'_>, rows: &[u64]| {
            let plan = Plan { keep: Keep::Listed(rows), threads: 1, ..*plan };
            search_stretches(&stretches, &self.removed, queries, self.metric, &plan)
        };
        scan(queries, &[])?; // what is wrong with a query is said before anything is looked for
        let live = self.live(plan.keep);
        let keep = live.as_ref().map_or(plan.keep, Keep::Set);
        let threads = plan.threads;
        let candidates = trees.candidates(queries, k, keep, threads, plan.interrupt)?;
        let later = trees.rows()..self.rows.len();
        let later: Vec<u64> = match keep {
            Keep::All => later.collect(),
            Keep::Set(set) => set.members(later).collect(),
            Keep::Listed(listed) => {
                listed.iter().copied().filter(|row| later.contains(row)).collect()
            }
        };
        let mut all = Vec::with_capacity(queries.rows());
        for (query, mut rows) in candidates.into_iter().enumerate() {
            rows.extend_from_slice(&later);
            all.append(&mut scan(queries.range(query, query + 1), &rows)?);
        }
        Ok(all)
    }
}

impl Index for ForestIndex {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn params(&self) -> Vec<(String, Value)> {
        let trees = self.trees.as_ref().map_or(0, Trees::count);
        vec![("trees".to_owned(), Value::Int(trees as i64))]
    }

    fn rows(&self) -> &Rows {
        &self.rows
    }

    fn removed(&self) -> &RowSet {
        &self.removed
    }

    fn add(&mut self, rows: MatrixRef<'_>) {
        self.rows.extend(rows);
        self.removed.grow(rows.rows() as u64);
    }

    fn rebase(&mut self, rows: Rows) {
        assert_eq!((rows.element(), rows.dim()), (self.rows.element(), self.rows.dim()));
        let more = rows.len().checked_sub(self.rows.len()).expect("no rows go");
        self.rows = rows;
        self.removed.grow(more);
    }

    fn remove(&mut self, row: u64) -> bool {
        row < self.rows.len() && self.removed.insert(row)
    }

    fn search(&self, queries: MatrixRef<'_>, plan: &Plan<'_>) -> Result<Vec<Vec<Neighbor>>> {
        match (&self.trees, plan.goal) {
            (Some(trees), Goal::Nearest { k }) if !plan.exact => {
                self.search_trees(trees, queries, k, plan)
            }
            _ => search_stretches(&self.stretches(), &self.removed, queries, self.metric, plan),
        }
    }

    fn lacking(&self) -> Range<u64> {
        let (grown, rows) = (self.grown(), self.rows.len());
        let outgrown = rows > 0 && 4 * rows >= GROWTH_QUARTERS * grown && rows > grown;
        if outgrown { grown..rows } else { rows..rows }
    }

    fn lesson(&self) -> Option<Box<dyn Lesson>> {
        if self.lacking().is_empty() {
            return None;
        }
        let (of, rows) = (Arc::clone(&self.identity), self.rows.clone());
        Some(Box::new(ForestLesson { of, rows, metric: self.metric }))
    }

    fn accept(&mut self, learned: Learned) {
        if let Some(trees) = ForestLesson::taught(learned, &self.identity)
            && trees.rows() > self.grown()
        {
            self.trees = Some(trees);
        }
    }

    /// Rows that move up take other numbers, so trees are grown anew then.
    fn save(&self, writer: &mut SegmentWriter) -> Result<()> {
        let runs = runs(&self.removed, self.rows.len());
        self.rows.save(&runs, writer)?;
        match &self.trees {
            None => Ok(()),
            Some(trees) if trees.rows() == self.rows.len() && self.removed.count() == 0 => {
                trees.save(writer)
            }
            Some(_) => Trees::grow(&self.rows, &runs, self.metric, 1, None)?.save(writer),
        }
    }

    fn save_learned(&self, writer: &mut SegmentWriter) -> Result<u64> {
        if let Some(trees) = &self.trees {
            trees.save(writer)?;
        }
        Ok(self.grown())
    }
}
