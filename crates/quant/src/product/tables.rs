//! Scores by tables.

use super::Product;
use super::numbers::numbers;
use crate::codec::{Codec, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::Level;
use anear_kernels::lookup::{bytes, sums};
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
    /// For distances to centers with tables: the query for a kernel, what it adds to these tables, and
    /// the numbers of the centers.
    shared: Option<Shared>,
}

#[derive(Debug)]
struct Shared {
    query: Group,
    /// Minus twice the inner product of the query and each centroid.
    products: Vec<f32>,
    numbers: Vec<usize>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(product: &'a Product, query: &[f32], measure: Measure) -> Tables<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        let scores = vec![0.0; product.table_entries()];
        let query = query.to_vec();
        let mut tables = Tables { product, query, op, scores, offset: 0.0, shared: None };
        tables.product.fill(op, &tables.query, &mut tables.scores);
        tables
    }

    /// Scores codes that lie one behind another.
    fn score(&self, codes: &[u8], scores: &mut [f32]) {
        let bits = self.product.bits;
        if bits == 8 {
            let (tables, _) = self.scores.as_chunks();
            return bytes::scores(Level::best(), tables, self.offset, codes, scores);
        }
        let parts = || self.scores.chunks_exact(self.product.columns.stride());
        for (code, place) in codes.chunks_exact(self.product.code_bytes()).zip(scores) {
            let entries = parts().zip(numbers(code, bits)).map(|(scores, number)| scores[number]);
            *place = self.offset + entries.sum::<f32>();
        }
    }
}

impl Scorer for Tables<'_> {
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        if self.op != Op::L2 || centers.is_empty() || self.product.centers.is_empty() {
            return;
        }
        let query = Group::split(Level::best(), &self.query, self.query.len());
        let twice: Vec<f32> = self.query.iter().map(|component| 2.0 * component).collect();
        let mut products = vec![0.0; self.scores.len()];
        self.product.fill(Op::NegativeDot, &twice, &mut products);
        let numbers = centers.iter().map(|(number, _)| *number).collect();
        let query = query.into_iter().next().expect("one query is one group");
        self.shared = Some(Shared { query, products, numbers });
    }

    fn center_at(&mut self, number: usize, center: &[f32]) {
        match (self.op, &self.shared) {
            (Op::L2, Some(Shared { query, products, numbers })) => {
                let Product { centers, columns, .. } = self.product;
                let table = centers.table(numbers[number], columns);
                sums::add(Level::best(), table, products, &mut self.scores);
                let distance = std::slice::from_mut(&mut self.offset);
                ops::scores(Level::best(), self.op, query, center, distance);
            }
            (Op::L2, None) => {
                let moved = moved(&self.query, center);
                self.product.fill(self.op, &moved, &mut self.scores);
            }
            _ => self.offset = negative_dot(&self.query, center),
        }
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        assert_eq!(codes.len(), scores.len() * self.product.code_bytes());
        self.score(codes, scores);
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let code_bytes = self.product.code_bytes();
        assert_eq!(numbers.len(), scores.len());
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
