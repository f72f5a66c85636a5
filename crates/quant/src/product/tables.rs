//! Scores by tables.

use super::Product;
use super::numbers::numbers;
use crate::codec::{Codec, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::Level;
use anear_kernels::ops::{self, Group, Op};
use anear_types::Measure;

/// A query, compared with every centroid of every part.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    product: &'a Product,
    query: Vec<f32>,
    op: Op,
    /// The scores of the first part's centroids, then those of the second's and so on.
    scores: Vec<f32>,
    /// What every score begins at.
    offset: f32,
}

impl<'a> Tables<'a> {
    pub(super) fn new(product: &'a Product, query: &[f32], measure: Measure) -> Tables<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        let scores = vec![0.0; product.parts << product.bits];
        let mut tables = Tables { product, query: query.to_vec(), op, scores, offset: 0.0 };
        tables.fill(query);
        tables
    }

    fn fill(&mut self, query: &[f32]) {
        fill(self.product, self.op, query, &mut self.scores);
    }

    fn score(&self, code: &[u8]) -> f32 {
        let bits = self.product.bits;
        let parts = self.scores.chunks_exact(1 << bits);
        let sum: f32 = match bits {
            8 => parts.zip(code).map(|(scores, number)| scores[usize::from(*number)]).sum(),
            _ => parts.zip(numbers(code, bits)).map(|(scores, number)| scores[number]).sum(),
        };
        self.offset + sum
    }
}

impl Scorer for Tables<'_> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        match self.op {
            Op::L2 => {
                let moved = moved(&self.query, center);
                self.fill(&moved);
            }
            _ => self.offset = negative_dot(&self.query, center),
        }
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let code_bytes = self.product.code_bytes();
        assert_eq!(codes.len(), scores.len() * code_bytes);
        for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
            *score = self.score(code);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let code_bytes = self.product.code_bytes();
        assert_eq!(numbers.len(), scores.len());
        for (number, score) in numbers.iter().zip(scores) {
            *score = self.score(&codes[*number as usize * code_bytes..][..code_bytes]);
        }
    }
}

/// Scores every centroid of every part.
pub(super) fn fill(product: &Product, op: Op, query: &[f32], scores: &mut [f32]) {
    let (level, part_dim) = (Level::best(), product.part_dim());
    let parts = query.chunks_exact(part_dim).zip(product.part_centroids());
    for ((part, centroids), scores) in parts.zip(scores.chunks_exact_mut(1 << product.bits)) {
        let query = Group::split(level, part, part_dim).pop().expect("one query");
        ops::scores(level, op, &query, centroids, scores);
    }
}

/// A query as seen from a center.
pub(super) fn moved(query: &[f32], center: &[f32]) -> Vec<f32> {
    query.iter().zip(center).map(|(query, center)| query - center).collect()
}
