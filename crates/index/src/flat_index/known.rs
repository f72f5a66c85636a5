//! What is known of the rows beforehand: sums of squares, and codes for the prefilter. The first
//! rows may have it in a file, where it is used in place; for those behind it is computed; of the
//! last ones nothing may be known yet. Where the rows themselves lie has no part in this.

use super::computed::Computed;
use super::lesson::Taught;
use super::stored::Stored;
use crate::Rows;
use crate::flat::Beside;
use anear_quant::sq::{Sq, space_of};
use anear_types::Metric;
use std::ops::Range;

/// The coding is chosen anew when there are so many times the rows there were.
const GROWTH: u64 = 4;
/// Up to so many components of new rows are no reason to wait: a few milliseconds.
const COMPONENTS_AT_ONCE: u64 = 1 << 20;

/// What is known of the rows of an index.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metric: Metric,
    /// Whether there are to be codes.
    pub(super) prefilter: bool,
    /// How rows are coded, and how many rows there were when that was chosen.
    pub(super) sq: Option<Sq>,
    pub(super) trained_rows: u64,
    /// What a file knows of the first rows.
    pub(super) stored: Option<Stored>,
    /// What was computed of those behind.
    pub(super) computed: Computed,
}

impl Known {
    /// Nothing yet.
    pub(super) fn nothing(metric: Metric, prefilter: bool) -> Known {
        let computed = Computed::default();
        Known { metric, prefilter, sq: None, trained_rows: 0, stored: None, computed }
    }

    /// How many rows something is known of, the first ones.
    pub(super) fn rows(&self) -> u64 {
        self.stored_rows() + self.computed.rows() as u64
    }

    fn stored_rows(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored.rows() as u64)
    }

    /// Which of so many rows there is more to know of.
    pub(super) fn lacking(&self, rows: u64) -> Range<u64> {
        let known = if space_of(self.metric).is_some() { self.rows() } else { rows };
        known..rows
    }

    /// Whether it is time to choose the coding, by the number of rows there are.
    pub(super) fn wants_coding(&self, rows: u64) -> bool {
        let outgrown = rows > 0 && rows / GROWTH >= self.trained_rows;
        self.prefilter && outgrown && space_of(self.metric).is_some()
    }

    /// What is known of the rows of a range, stretch by stretch; none of them is empty.
    pub(super) fn stretches(
        &self,
        range: Range<u64>,
    ) -> impl Iterator<Item = (Range<u64>, Beside<'_>)> {
        let (stored, known, sq) = (self.stored_rows(), self.rows(), self.sq.as_ref());
        let within = |first: u64, end: u64| {
            let rows = range.start.max(first)..range.end.min(end);
            let positions =
                rows.start.saturating_sub(first) as usize..rows.end.saturating_sub(first) as usize;
            (rows.start < rows.end).then_some((rows, positions))
        };
        let stored = self.stored.as_ref().zip(within(0, stored));
        let stored = stored.map(|(stored, (rows, at))| (rows, stored.beside(at, sq)));
        let computed = within(self.stored_rows(), known)
            .map(|(rows, at)| (rows, self.computed.beside(at, sq)));
        let unknown = within(known, u64::MAX).map(|(rows, _)| (rows, Beside::default()));
        stored.into_iter().chain(computed).chain(unknown)
    }

    /// Learns at once of the rows at the end, if they are few.
    pub(super) fn keep_up(&mut self, rows: &Rows) {
        let lacking = self.lacking(rows.len());
        let components = (lacking.end - lacking.start).saturating_mul(rows.dim() as u64);
        let waits = self.prefilter && self.trained_rows == 0;
        if components <= COMPONENTS_AT_ONCE && !waits {
            for (_, part) in rows.stretches(lacking) {
                self.computed.extend(part, self.sq.as_ref(), 1);
            }
        }
    }

    /// Takes what was taught, unless other lessons made it useless; `rows` are all there are now.
    pub(super) fn accept(&mut self, taught: Taught, rows: &Rows) {
        let Taught { range, sq, chosen, computed } = taught;
        if chosen && range.end > self.trained_rows {
            (self.sq, self.trained_rows) = (sq, range.end);
            (self.stored, self.computed) = (None, computed);
        } else if !chosen && range.start == self.rows() && sq == self.sq {
            self.computed.append(computed);
        }
        self.keep_up(rows);
    }
}
