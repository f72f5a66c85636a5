//! Scores of rows of f32 against a query, by any measure over numbers.
//!
//! The common measures are scored by vector kernels, the others in plain loops, which are FAISS's
//! formulas term by term: what they give for 0/0 and for numbers outside their domain is not a
//! number, and no such row is ever near.

mod rare;

use crate::codec::How;
use anear_kernels::Level;
use anear_kernels::ops::{self, Group, Op};
use anear_types::Measure;

/// A query to score rows against.
#[derive(Debug)]
pub(crate) struct Pairs {
    query: Vec<f32>,
    how: How,
    level: Level,
    /// The query for a kernel, where the measure has one.
    kernel: Option<(Op, Group)>,
    /// What the scores of rows begin at.
    offset: f32,
}

impl Pairs {
    /// Prepares a query.
    ///
    /// # Panics
    /// If the measure is one over bits.
    pub(crate) fn new(query: &[f32], how: How) -> Pairs {
        let level = Level::best();
        let kernel = op_of(how.measure).map(|op| (op, group(level, query)));
        Pairs { query: query.to_vec(), how, level, kernel, offset: 0.0 }
    }

    /// From now on rows are differences to `center`.
    ///
    /// # Panics
    /// If the measure is neither the Euclidean distance nor the inner product.
    pub(crate) fn center_at(&mut self, center: &[f32]) {
        match (self.how.measure, &mut self.kernel) {
            (Measure::L2, Some((_, kernel))) => {
                let moved = self.query.iter().zip(center).map(|(query, center)| query - center);
                *kernel = group(self.level, &moved.collect::<Vec<_>>());
            }
            (Measure::InnerProduct, _) => self.offset = negative_dot(&self.query, center),
            (other, _) => panic!("{other} of differences"),
        }
    }

    /// Scores rows that are native floats at any alignment: all of them, or those with some numbers.
    /// Returns whether it could, which it cannot where the measure has no kernel.
    pub(crate) fn score_bytes(
        &self,
        bytes: &[u8],
        numbers: Option<&[u32]>,
        scores: &mut [f32],
    ) -> bool {
        let Some((op, query)) = &self.kernel else { return false };
        ops::scores_of_bytes(self.level, *op, query.only(), bytes, numbers, scores);
        self.add_offset(scores);
        true
    }

    /// Scores rows that lie one behind another.
    pub(crate) fn score(&self, rows: &[f32], scores: &mut [f32]) {
        match &self.kernel {
            Some((op, query)) => ops::scores(self.level, *op, query, rows, scores),
            None => {
                let score = rare::score(self.how.measure);
                for (row, place) in rows.chunks_exact(self.query.len()).zip(&mut *scores) {
                    *place = score(&self.query, row, self.how.argument);
                }
            }
        }
        self.add_offset(scores);
    }

    fn add_offset(&self, scores: &mut [f32]) {
        if self.offset != 0.0 {
            scores.iter_mut().for_each(|score| *score += self.offset);
        }
    }
}

/// The kernel for a measure, if there is one.
///
/// # Panics
/// If the measure is one over bits.
pub(crate) fn op_of(measure: Measure) -> Option<Op> {
    match measure {
        Measure::InnerProduct => Some(Op::NegativeDot),
        Measure::L2 => Some(Op::L2),
        Measure::Manhattan => Some(Op::Manhattan),
        Measure::Chebyshev => Some(Op::Chebyshev),
        Measure::Hamming => panic!("bits are no numbers"),
        _ => None,
    }
}

/// Minus the inner product.
pub(crate) fn negative_dot(x: &[f32], y: &[f32]) -> f32 {
    -x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>()
}

fn group(level: Level, query: &[f32]) -> Group {
    Group::split(level, query, query.len()).pop().expect("one query is one group")
}
