//! Scores by tables.

use super::Product;
use super::numbers::numbers;
use crate::codec::{Codec, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::Level;
use anear_kernels::lookup::bytes::{self, Growth};
use anear_kernels::lookup::near::{self, Taker};
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
    /// By how much distances grow at least, once it was asked for.
    growth: Option<Growth>,
    /// What every score begins at.
    offset: f32,
    /// For distances to centers whose codes' own terms are left out, the query for a kernel.
    apart: Option<Group>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(product: &'a Product, query: &[f32], measure: Measure) -> Tables<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        let scores = vec![0.0; product.table_entries()];
        let query = query.to_vec();
        let mut tables =
            Tables { product, query, op, scores, growth: None, offset: 0.0, apart: None };
        tables.product.fill(op, &tables.query, &mut tables.scores);
        tables
    }

    /// Scores codes that lie one behind another.
    fn score(&self, codes: &[u8], scores: &mut [f32]) {
        sum(&self.scores, self.product, self.offset, codes, scores);
    }
}

/// Writes `offset` and the sum of what the numbers of a code stand for in tables, for each code.
pub(super) fn sum(tables: &[f32], product: &Product, offset: f32, codes: &[u8], sums: &mut [f32]) {
    if product.bits == 8 {
        return bytes::scores(Level::best(), tables.as_chunks().0, offset, codes, sums);
    }
    let parts = || tables.chunks_exact(product.columns.stride());
    for (code, place) in codes.chunks_exact(product.code_bytes()).zip(sums) {
        let entries = parts().zip(numbers(code, product.bits));
        *place = offset + entries.map(|(table, number)| table[number]).sum::<f32>();
    }
}

impl Scorer for Tables<'_> {
    /// With terms of their own apart, a distance is that to the center, and minus twice an inner product.
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        if self.op != Op::L2 || centers.is_empty() {
            return;
        }
        let query = Group::split(Level::best(), &self.query, self.query.len());
        self.apart = query.into_iter().next();
        let twice: Vec<f32> = self.query.iter().map(|component| 2.0 * component).collect();
        self.product.fill(Op::NegativeDot, &twice, &mut self.scores);
    }

    fn center_at(&mut self, _: usize, center: &[f32]) {
        match (self.op, &self.apart) {
            (Op::L2, Some(query)) => {
                let distance = std::slice::from_mut(&mut self.offset);
                ops::scores(Level::best(), self.op, query, center, distance);
            }
            (Op::L2, None) => {
                let moved = moved(&self.query, center);
                self.product.fill(self.op, &moved, &mut self.scores);
                self.growth = None;
            }
            _ => self.offset = negative_dot(&self.query, center),
        }
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        assert_eq!(codes.len(), scores.len() * self.product.code_bytes());
        self.score(codes, scores);
    }

    /// Distances can only grow from part to part.
    fn near(
        &mut self,
        codes: &[u8],
        scores: &mut [f32],
        first: usize,
        mut limit: f32,
        taker: &mut dyn Taker,
    ) {
        let (level, code_bytes) = (Level::best(), self.product.code_bytes());
        let grows = self.product.bits == 8 && self.op == Op::L2 && self.apart.is_none();
        if !grows {
            self.block(codes, scores);
            near::offer(level, scores, first, limit, taker);
            return;
        }
        assert_eq!(codes.len(), scores.len() * code_bytes);
        let tables = self.scores.as_chunks().0;
        let growth = self.growth.get_or_insert_with(|| Growth::new(level, tables));
        let pieces = codes.chunks(bytes::CODES * code_bytes).zip(scores.chunks_mut(bytes::CODES));
        for (first, (codes, scores)) in (first..).step_by(bytes::CODES).zip(pieces) {
            bytes::scores_up_to(level, tables, self.offset, codes, (limit, growth), scores);
            limit = near::offer(level, scores, first, limit, taker);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let code_bytes = self.product.code_bytes();
        assert_eq!(numbers.len(), scores.len());
        if self.product.bits == 8 {
            let tables = self.scores.as_chunks().0;
            bytes::gathered(Level::best(), tables, self.offset, codes, numbers, scores);
            return;
        }
        for (number, score) in numbers.iter().zip(scores) {
            let code = &codes[*number as usize * code_bytes..][..code_bytes];
            self.score(code, std::array::from_mut(score));
        }
    }
}

/// A query as seen from a center.
pub(super) fn moved(query: &[f32], center: &[f32]) -> Vec<f32> {
    query.iter().zip(center).map(|(query, center)| query - center).collect()
}
