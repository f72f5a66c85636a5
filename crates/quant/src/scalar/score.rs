//! Scores of codes as they are.

use super::{Scalar, written};
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
    /// The first value of each component, for distances.
    firsts: Vec<f32>,
    /// What a query is from them.
    froms: Vec<f32>,
    /// What every score begins at.
    offset: f32,
}

impl<'a> Stepped<'a> {
    /// Prepares a query for a quantizer whose codes are written so.
    pub(super) fn new(scalar: &'a Scalar, query: &[f32], how: How) -> Stepped<'a> {
        let (written, measure) = (written(scalar.kind), how.measure);
        let query: Vec<f32> = match scalar.rounding() {
            None => query.to_vec(),
            Some(round) => query.iter().copied().map(round).collect(),
        };
        let (prepared, offset) = match measure {
            Measure::L2 => (scalar.distances(written, &query), 0.0),
            _ => scalar.products(written, &query),
        };
        let firsts = scalar.worth().map(|(first, _)| first).collect();
        let froms = Vec::new();
        Stepped { scalar, written, query, measure, prepared, firsts, froms, offset }
    }
}

impl Scorer for Stepped<'_> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        if self.measure == Measure::L2 {
            let pairs = self.query.iter().zip(center).zip(&self.firsts);
            self.froms.clear();
            match self.scalar.rounding() {
                None => {
                    self.froms.extend(pairs.map(|((query, center), first)| query - center - first));
                }
                Some(round) => {
                    let from = |((query, center), first)| round(query - center) - first;
                    self.froms.extend(pairs.map(from));
                }
            }
            self.prepared.move_to(&self.froms);
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
