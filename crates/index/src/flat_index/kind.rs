//! Building, changing and keeping it.

use super::known::Known;
use super::lesson::{FlatLesson, Identity};
use super::scan::{Stretch, search};
use crate::flat::Beside;
use crate::{Index, IndexKind, KindInfo, Learned, Lesson, Plan, RowSet, Rows, Spec};
use anear_io::{About, Segment, SegmentWriter};
use anear_types::{MatrixRef, Metric, Neighbor, Result, Value};
use std::ops::Range;
use std::sync::Arc;

/// The kind.
#[derive(Debug)]
pub(crate) struct Flat;

static INFO: KindInfo =
    KindInfo { name: "flat", about: "all rows as they are, searched exactly", is_exact: true };

impl IndexKind for Flat {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn build(&self, rows: Rows, spec: &Spec) -> Result<Box<dyn Index>> {
        Ok(Box::new(FlatIndex::new(rows, Known::nothing(spec.metric, spec.prefilter))))
    }

    fn load(&self, segment: &Segment, about: &About, rows: Rows) -> Result<Box<dyn Index>> {
        assert_eq!((rows.element(), rows.dim()), (about.element, about.dim));
        assert!(rows.len() >= about.rows, "{} of {} rows", rows.len(), about.rows);
        Ok(Box::new(FlatIndex::new(rows, Known::load(segment, about)?)))
    }
}

#[derive(Debug)]
struct FlatIndex {
    rows: Rows,
    known: Known,
    removed: RowSet,
    identity: Identity,
}

impl FlatIndex {
    fn new(rows: Rows, known: Known) -> FlatIndex {
        let removed = RowSet::none_of(rows.len());
        FlatIndex { rows, known, removed, identity: Arc::default() }
    }

    /// The rows with what is known of them; one stretch at least.
    fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut all = Vec::new();
        for (first, part) in self.rows.parts() {
            let end = first + part.rows() as u64;
            if end == 0 {
                all.push(Stretch { first, rows: part, beside: Beside::default() });
            }
            for (range, beside) in self.known.stretches(first..end) {
                let within = |row: u64| (row - first) as usize;
                let rows = part.range(within(range.start), within(range.end));
                all.push(Stretch { first: range.start, rows, beside });
            }
        }
        all
    }
}

/// The runs of rows that were not removed, of so many.
pub(crate) fn runs(removed: &RowSet, rows: u64) -> Vec<Range<u64>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for gap in removed.members(0..rows).chain([rows]) {
        if start < gap {
            runs.push(start..gap);
        }
        start = gap + 1;
    }
    runs
}

impl Index for FlatIndex {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn metric(&self) -> Metric {
        self.known.metric
    }

    fn params(&self) -> Vec<(String, Value)> {
        vec![("prefilter".to_owned(), Value::Bool(self.known.sq.is_some()))]
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
        self.known.keep_up(&self.rows);
    }

    fn rebase(&mut self, rows: Rows) {
        assert_eq!((rows.element(), rows.dim()), (self.rows.element(), self.rows.dim()));
        let more = rows.len().checked_sub(self.rows.len()).expect("no rows go");
        self.rows = rows;
        self.removed.grow(more);
        self.known.keep_up(&self.rows);
    }

    fn remove(&mut self, row: u64) -> bool {
        row < self.rows.len() && self.removed.insert(row)
    }

    fn search(&self, queries: MatrixRef<'_>, plan: &Plan<'_>) -> Result<Vec<Vec<Neighbor>>> {
        search(&self.stretches(), &self.removed, queries, self.known.metric, plan)
    }

    fn lacking(&self) -> Range<u64> {
        self.known.lacking(self.rows.len())
    }

    fn lesson(&self) -> Option<Box<dyn Lesson>> {
        let lesson = FlatLesson::next(&self.identity, &self.known, &self.rows)?;
        Some(Box::new(lesson))
    }

    fn accept(&mut self, learned: Learned) {
        if let Some(taught) = FlatLesson::taught(learned, &self.identity) {
            self.known.accept(taught, &self.rows);
        }
    }

    fn save(&self, writer: &mut SegmentWriter) -> Result<()> {
        let runs = runs(&self.removed, self.rows.len());
        self.rows.save(&runs, writer)?;
        self.known.save(&runs, writer)
    }

    fn save_learned(&self, writer: &mut SegmentWriter) -> Result<u64> {
        let rows = self.known.rows();
        self.known.save(std::slice::from_ref(&(0..rows)), writer)?;
        Ok(rows)
    }
}
