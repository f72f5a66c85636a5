//! Building, changing and keeping it.

use super::scan::search;
use crate::{Index, IndexKind, KindInfo, Plan, RowSet, Rows};
use anear_io::{About, ByteOrder, Segment, SegmentWriter, swap_bytes};
use anear_types::{Block, MatrixRef, Metric, Neighbor, Result};
use std::sync::Arc;

/// The kind.
#[derive(Debug)]
pub(crate) struct Flat;

static INFO: KindInfo = KindInfo { name: "flat", about: "all rows as they are, searched exactly" };

impl IndexKind for Flat {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn build(&self, rows: Rows, metric: Metric) -> Result<Box<dyn Index>> {
        Ok(Box::new(FlatIndex::new(rows, metric)))
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
        Ok(Box::new(FlatIndex::new(rows, about.metric)))
    }
}

#[derive(Debug)]
struct FlatIndex {
    rows: Rows,
    metric: Metric,
    removed: RowSet,
}

impl FlatIndex {
    fn new(rows: Rows, metric: Metric) -> FlatIndex {
        let removed = RowSet::none_of(rows.len());
        FlatIndex { rows, metric, removed }
    }
}

impl Index for FlatIndex {
    fn info(&self) -> &'static KindInfo {
        &INFO
    }

    fn metric(&self) -> Metric {
        self.metric
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

    fn remove(&mut self, row: u64) -> bool {
        row < self.rows.len() && self.removed.insert(row)
    }

    fn search(&self, queries: MatrixRef<'_>, plan: &Plan<'_>) -> Result<Vec<Vec<Neighbor>>> {
        search(&self.rows.parts(), &self.removed, queries, self.metric, plan)
    }

    fn save(&self, writer: &mut SegmentWriter) -> Result<()> {
        About::begin_rows(writer)?;
        for (first, part) in self.rows.parts() {
            // Runs of rows that stay are written as they lie.
            let mut start = 0;
            let end = first + part.rows() as u64;
            let marked = self.removed.members(first..end).map(|row| (row - first) as usize);
            for gap in marked.chain([part.rows()]) {
                write(writer, part.range(start, gap))?;
                start = gap + 1;
            }
        }
        Ok(())
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
