//! Scores of codes as they are.

use super::Scalar;
use crate::codec::{Codec, How, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::{StepQuery, Written};
use anear_types::Measure;

/// A query for codes of components that are steps or short floats.
pub(super) struct Stepped<'a> {
    scalar: &'a Scalar,
    written: Written,
    query: Vec<f32>,
    measure: Measure,
    prepared: StepQuery,
    /// What every score begins at.
    offset: f32,
}

impl<'a> Stepped<'a> {
    /// Prepares a query for a quantizer whose codes are written so.
    pub(super) fn new(
        scalar: &'a Scalar,
        written: Written,
        query: &[f32],
        how: How,
    ) -> Stepped<'a> {
        let measure = how.measure;
        let query: Vec<f32> = query.iter().copied().map(scalar.rounding()).collect();
        let (prepared, offset) = match measure {
            Measure::L2 => (scalar.distances(written, &query), 0.0),
            _ => scalar.products(written, &query),
        };
        Stepped { scalar, written, query, measure, prepared, offset }
    }
}

impl Scorer for Stepped<'_> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        if self.measure == Measure::L2 {
            let moved = self.query.iter().zip(center).map(|(query, center)| query - center);
            let moved: Vec<f32> = moved.map(self.scalar.rounding()).collect();
            self.prepared = self.scalar.distances(self.written, &moved);
        } else {
            let (_, offset) = self.scalar.products(self.written, &self.query);
            self.offset = offset + negative_dot(&self.query, center);
        }
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        assert_eq!(codes.len(), scores.len() * self.scalar.code_bytes());
        self.prepared.scores(self.scalar.level, codes, None, scores);
        scores.iter_mut().for_each(|score| *score += self.offset);
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        self.prepared.scores(self.scalar.level, codes, Some(numbers), scores);
        scores.iter_mut().for_each(|score| *score += self.offset);
    }
}
