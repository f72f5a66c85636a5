//! Building, changing and keeping it.

use super::known::Known;
use super::scan::search;
use crate::{Index, IndexKind, KindInfo, Plan, RowSet, Rows, Spec};
use anear_io::{About, ByteOrder, Segment, SegmentWriter, swap_bytes};
use anear_types::{Block, MatrixRef, Metric, Neighbor, Result, Value};
use std::ops::Range;
use std::sync::Arc;

/// The kind.
#[derive(Debug)]
pub(crate) struct Flat;

static INFO: KindInfo = KindInfo { name: "flat", about: "all rows as they are, searched exactly" };

impl IndexKind for Flat {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn build(&self, rows: Rows, spec: &Spec) -> Result<Box<dyn Index>> {
        let known = Known::of(&rows, spec.metric, spec.prefilter, spec.threads);
        Ok(Box::new(FlatIndex::new(rows, known)))
    }

    fn load(&self, segment: &Segment, about: &About) -> Result<Box<dyn Index>> {
        let range = about.rows_in(segment)?;
        let (rows, dim) = (about.rows as usize, about.dim);
        let rows = if ByteOrder::NATIVE == ByteOrder::Little || about.element.bytes() == 1 {
            Rows::shared(Arc::new(segment.input().clone()), range, about.element, rows, dim)
        } else {
            let stored = &segment.input().bytes()[range];
            let mut block = Block::new(about.element, dim, rows);
            block.spare_mut().copy_from_slice(stored);
            swap_bytes(block.spare_mut(), about.element.bytes());
            block.advance(rows);
            block.into()
        };
        Ok(Box::new(FlatIndex::new(rows, Known::load(segment, about)?)))
    }
}

#[derive(Debug)]
struct FlatIndex {
    rows: Rows,
    known: Known,
    removed: RowSet,
}

impl FlatIndex {
    fn new(rows: Rows, known: Known) -> FlatIndex {
        let removed = RowSet::none_of(rows.len());
        FlatIndex { rows, known, removed }
    }

    /// The runs of rows that were not removed, in each part.
    fn runs(&self) -> [Vec<Range<usize>>; 2] {
        self.rows.parts().map(|(first, part)| {
            let mut runs = Vec::new();
            let mut start = 0;
            let removed = self.removed.members(first..first + part.rows() as u64);
            for gap in removed.map(|row| (row - first) as usize).chain([part.rows()]) {
                if start < gap {
                    runs.push(start..gap);
                }
                start = gap + 1;
            }
            runs
        })
    }
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
        self.known.add(rows, &self.rows);
        self.removed.grow(rows.rows() as u64);
    }

    fn remove(&mut self, row: u64) -> bool {
        row < self.rows.len() && self.removed.insert(row)
    }

    fn search(&self, queries: MatrixRef<'_>, plan: &Plan<'_>) -> Result<Vec<Vec<Neighbor>>> {
        let [(_, shared), (first, own)] = self.rows.parts();
        let [beside_shared, beside_own] = self.known.parts();
        let parts = [(0, shared, beside_shared), (first, own, beside_own)];
        search(&parts, &self.removed, queries, self.known.metric, plan)
    }

    fn save(&self, writer: &mut SegmentWriter) -> Result<()> {
        let runs = self.runs();
        About::begin_rows(writer)?;
        for ((_, part), runs) in self.rows.parts().iter().zip(&runs) {
            runs.iter().try_for_each(|run| write(writer, part.range(run.start, run.end)))?;
        }
        self.known.save(&runs, writer)
    }
}

fn write(writer: &mut SegmentWriter, rows: MatrixRef<'_>) -> Result<()> {
    if ByteOrder::NATIVE == ByteOrder::Little {
        return writer.write(rows.bytes());
    }
    let mut bytes = rows.bytes().to_vec();
    swap_bytes(&mut bytes, rows.element().bytes());
    writer.write(&bytes)
}
