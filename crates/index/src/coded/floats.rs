//! Rows that are kept as floats, searched as an exact search of ours does.

use super::screen::Codes;
use crate::ann::{Hit, Queries, Settings};
use crate::flat::{Beside, FlatOptions, FlatSearch, Goal, NonFinite};
use anear_kernels::Level;
use anear_quant::sq::{Sq, SqBlock};
use anear_quant::{How, Query};
use anear_types::parts::Bytes;
use anear_types::{Element, MatrixRef, Measure, Metric, Order, Result};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// After so many queries it has paid to have coded the rows ..
const CODED_AFTER: usize = 200;
/// .. and where each of them scores some of the rows, after as many more as these are among all.
const SCORED: usize = 512;

/// What an exact search of floats needs beside them.
pub(super) struct Floats {
    metric: Metric,
    dim: usize,
    /// How many queries there have been.
    asked: AtomicUsize,
    /// One byte a component; `None` inside where there are rows that are not finite.
    codes: OnceLock<Option<Codes>>,
}

impl Floats {
    /// Prepares for a measure that the exact search has; `None` for others.
    pub(super) fn new(how: How, dim: usize) -> Option<Floats> {
        let metric = match how.measure {
            Measure::L2 => Metric::L2,
            Measure::InnerProduct => Metric::InnerProduct,
            _ => return None,
        };
        Some(Floats { metric, dim, asked: AtomicUsize::new(0), codes: OnceLock::new() })
    }

    /// The nearest rows; `None` where the exact search has another idea of the question: of
    /// distances up to a bound, and of queries that are not finite.
    pub(super) fn search(
        &self,
        rows: &Bytes,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Option<Vec<Vec<Hit>>>> {
        let (Queries::Floats { values, .. }, Goal::Nearest { .. }) = (queries, goal) else {
            return Ok(None);
        };
        if !values.iter().all(|value| value.is_finite()) {
            return Ok(None);
        }
        let matrix = self.matrix(rows);
        let queries =
            MatrixRef::new(bytemuck::cast_slice(values), Element::F32, queries.len(), self.dim);
        let nonfinite = NonFinite::Skip;
        let options = FlatOptions { metric: self.metric, goal, nonfinite, threads: 1 };
        let keep: Option<Vec<u64>> = settings
            .keep
            .map(|keep| (0..matrix.rows() as u64).filter(|row| keep(*row as i64)).collect());
        let asked = self.asked.fetch_add(queries.rows(), Ordering::Relaxed);
        let codes = match asked + queries.rows() >= CODED_AFTER {
            true => self.codes.get_or_init(|| encode(self.metric, matrix)).as_ref(),
            false => None,
        };
        let beside = Beside { squares: None, codes: codes.map(Codes::of_rows) };
        let mut search = FlatSearch::new(queries, options)?;
        search.scan_beside(0, matrix, &beside, keep.as_deref())?;
        let sign = match self.metric.order() {
            Order::SmallerIsNearer => 1.0,
            Order::LargerIsNearer => -1.0,
        };
        let hit = |row: u64, distance: f64| Hit { id: row as i64, score: (sign * distance) as f32 };
        let found = search.finish().into_iter();
        Ok(Some(
            found
                .map(|hits| hits.into_iter().map(|near| hit(near.row, near.distance)).collect())
                .collect(),
        ))
    }

    /// Codes for a query that scores some of the rows, if it is finite and there were enough.
    pub(super) fn codes_for(&self, rows: &Bytes, query: Query<'_>) -> Option<&Codes> {
        let matrix = self.matrix(rows);
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let has_paid = asked >= CODED_AFTER + matrix.rows() / SCORED;
        if !has_paid || !query.floats().iter().all(|value| value.is_finite()) {
            return None;
        }
        self.codes.get_or_init(|| encode(self.metric, matrix)).as_ref()
    }

    fn matrix<'a>(&self, rows: &'a Bytes) -> MatrixRef<'a> {
        let element = Element::F32;
        MatrixRef::new(rows, element, rows.len() / (self.dim * element.bytes()), self.dim)
    }
}

/// Codes rows, if all are finite.
fn encode(metric: Metric, rows: MatrixRef<'_>) -> Option<Codes> {
    let is_finite = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes).is_finite();
    if !rows.bytes().as_chunks().0.iter().all(is_finite) {
        return None;
    }
    let level = Level::best();
    let sq = Sq::train(level, metric, rows)?;
    let mut block = SqBlock::default();
    sq.encode(level, rows, &mut block);
    Some(Codes::new(level, metric, sq, block))
}
