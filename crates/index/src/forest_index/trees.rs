//! Trees over the first rows of an index, in memory or in its file.

use crate::Rows;
use crate::forest::{Ask, Forest, Growth};
use crate::{Interrupt, Keep};
use anear_io::{About, Segment, SegmentWriter};
use anear_kernels::{Level, bits, convert};
use anear_types::{Element, Error, MatrixRef, Metric, Result};
use std::ops::Range;

/// The section of the nodes: those of an Annoy file.
const NODES: &str = "forest";
/// How many trees are grown.
const TREES: i32 = 16;
/// Candidates that trees are asked for, beyond twice as many as are to be found: so many that
/// about nine of ten of the nearest of a hundred thousand rows are found.
const MORE_CANDIDATES: usize = 64;

/// Trees over rows.
pub(super) struct Trees(Forest);

impl Trees {
    /// The metric that trees are grown for, so that they lead to what is near in another.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if there is none.
    pub(super) fn metric_for(metric: Metric) -> Result<Metric> {
        let metric = match metric {
            Metric::Cosine => Metric::Angular,
            Metric::L2 => Metric::Euclidean,
            metric => metric,
        };
        Forest::new(metric, 1).map(|_| metric)
    }

    /// Grows trees over some rows.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted), or if there is no memory.
    pub(super) fn grow(
        rows: &Rows,
        runs: &[Range<u64>],
        metric: Metric,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Trees> {
        let metric = Trees::metric_for(metric)?;
        let mut forest = Forest::new(metric, dim(metric, rows.element(), rows.dim()))?;
        let mut item = 0;
        for (_, part) in runs.iter().flat_map(|run| rows.stretches(run.clone())) {
            for row in 0..part.rows() {
                forest.add_item(item, &floats(part.range(row, row + 1), metric))?;
                item += 1;
            }
        }
        let threads = i32::try_from(threads.max(1)).unwrap_or(i32::MAX);
        forest.build(&Growth::trees(TREES).on_threads(threads).each_alone(), interrupt)?;
        Ok(Trees(forest))
    }

    /// The trees in an index file, if it has them.
    ///
    /// # Errors
    /// If they are not over the rows that the file has, as far as a look at the end shows.
    pub(super) fn load(segment: &Segment, about: &About) -> Result<Option<Trees>> {
        let Some(range) = segment.range(NODES) else { return Ok(None) };
        if cfg!(target_endian = "big") {
            return Ok(None); // rows are found without them
        }
        let metric = Trees::metric_for(about.metric)?;
        let dim = dim(metric, about.element, about.dim);
        let forest = Forest::from_part(segment.input(), range, metric, dim)?;
        if forest.len() as u64 != about.rows {
            let (items, rows) = (forest.len(), about.rows);
            let what = format!("the trees are over {items} rows, the file has {rows}");
            return Err(Error::malformed(what).at_path(segment.input().path()));
        }
        Ok(Some(Trees(forest)))
    }

    /// Writes the section.
    pub(super) fn save(&self, writer: &mut SegmentWriter) -> Result<()> {
        writer.begin(NODES)?;
        self.0.each_part(|bytes| writer.write(bytes))
    }

    /// How many rows they are over.
    pub(super) fn rows(&self) -> u64 {
        self.0.len() as u64
    }

    /// How many trees there are.
    pub(super) fn count(&self) -> usize {
        self.0.trees()
    }

    /// Rows that may be among the nearest `k` to each query, ascending.
    pub(super) fn candidates(
        &self,
        queries: MatrixRef<'_>,
        k: usize,
        keep: Keep<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<u64>>> {
        let count = k.saturating_mul(2).saturating_add(MORE_CANDIDATES);
        let looked_at = count.saturating_mul(self.count()).min(i32::MAX as usize);
        let ask = Ask { count, search_k: looked_at as i32, fill: true, keep };
        let found = self.0.nearest_rows(queries, &ask, threads, interrupt)?;
        let rows = found.into_iter().map(|hits| {
            let mut rows: Vec<u64> = hits.iter().map(|hit| u64::from(hit.item)).collect();
            rows.sort_unstable();
            rows
        });
        Ok(rows.collect())
    }
}

/// Components of an item.
fn dim(metric: Metric, element: Element, dim: usize) -> usize {
    if metric == Metric::Hamming { bits::bits(element, dim) } else { dim }
}

/// A row as an item.
fn floats(row: MatrixRef<'_>, metric: Metric) -> Vec<f32> {
    let packed = metric == Metric::Hamming && row.element() == Element::U8;
    if packed {
        let bits = row.bytes().iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
        return bits.map(f32::from).collect();
    }
    let mut values = vec![0.0; row.dim()];
    convert::to_f32(Level::best(), row, &mut values);
    values
}

impl std::fmt::Debug for Trees {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
