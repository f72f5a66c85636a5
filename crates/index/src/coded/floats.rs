//! Rows that are kept as floats, searched as an exact search of ours does.

use super::screen::{Asked, Codes, Coding, all_finite, matrix, metric_of};
use crate::ann::{Hit, Queries, Settings};
use crate::flat::{Beside, FlatOptions, FlatSearch, Goal, NonFinite};
use anear_quant::{How, Query};
use anear_types::parts::Bytes;
use anear_types::{MatrixRef, Metric, Order, Result};
use std::sync::OnceLock;

/// What an exact search of floats needs beside them.
pub(super) struct Floats {
    metric: Metric,
    dim: usize,
    asked: Asked,
    /// One byte a component; `None` inside where there are rows that are not finite.
    codes: OnceLock<Option<(Coding, Codes)>>,
}

impl Floats {
    /// Prepares for a measure that the exact search has; `None` for others.
    pub(super) fn new(how: How, dim: usize) -> Option<Floats> {
        let metric = metric_of(how)?;
        Some(Floats { metric, dim, asked: Asked::default(), codes: OnceLock::new() })
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
        if !all_finite(values) {
            return Ok(None);
        }
        let rows = matrix(rows, self.dim);
        let queries = matrix(bytemuck::cast_slice(values), self.dim);
        let nonfinite = NonFinite::Skip;
        let options = FlatOptions { metric: self.metric, goal, nonfinite, threads: 1 };
        let keep: Option<Vec<u64>> = settings
            .keep
            .map(|keep| (0..rows.rows() as u64).filter(|row| keep(*row as i64)).collect());
        let codes = if self.asked.for_all(queries.rows()) { self.codes(rows) } else { None };
        let codes = codes.map(|(coding, codes)| (coding.sq(), codes.coded()));
        let mut search = FlatSearch::new(queries, options)?;
        search.scan_beside(0, rows, &Beside { squares: None, codes }, keep.as_deref())?;
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
    pub(super) fn codes_for(&self, rows: &Bytes, query: Query<'_>) -> Option<&(Coding, Codes)> {
        let rows = matrix(rows, self.dim);
        let has_paid = self.asked.for_some(rows.rows() as u64);
        let is_finite = all_finite(query.floats());
        if has_paid && is_finite { self.codes(rows) } else { None }
    }

    fn codes(&self, rows: MatrixRef<'_>) -> Option<&(Coding, Codes)> {
        let encode = || {
            let coding = Coding::new(self.metric, &[rows])?;
            let codes = coding.encode(rows);
            Some((coding, codes))
        };
        self.codes.get_or_init(encode).as_ref()
    }
}
