//! Scores of codes against a query.

use super::fine::Refining;
use super::rounded::Rounded;
use super::seen::dot;
use super::{Rabitq, float};
use crate::codec::{Codec, Rounding, Scorer};
use anear_kernels::Level;
use anear_kernels::lookup::near::{self, Taker};
use anear_types::Measure;

/// Codes scored at a time.
const PIECE: usize = 64;

/// A query as seen from a center.
#[derive(Debug)]
pub(super) struct Estimate<'a> {
    codec: &'a Rabitq,
    query: Vec<f32>,
    /// For inner products, the squared length of the query.
    square: Option<f32>,
    /// The query less the center, and its squared length.
    moved: Vec<f32>,
    moved_square: f32,
    rounding: Rounding,
    /// The same rounded to a few bits.
    rounded: Rounded,
    /// What fine scores begin at.
    fine_start: f32,
}

impl<'a> Estimate<'a> {
    pub(super) fn new(
        codec: &'a Rabitq,
        query: &[f32],
        measure: Measure,
        rounding: Rounding,
    ) -> Estimate<'a> {
        assert_eq!(query.len(), codec.dim);
        let is_product = measure == Measure::InnerProduct;
        let mut estimate = Estimate {
            codec,
            query: query.to_vec(),
            square: is_product.then(|| dot(query, query)),
            moved: Vec::new(),
            moved_square: 0.0,
            rounding,
            rounded: Rounded::default(),
            fine_start: 0.0,
        };
        estimate.see_from(&codec.center);
        estimate
    }

    fn see_from(&mut self, center: &[f32]) {
        self.moved = self.query.iter().zip(center).map(|(query, center)| query - center).collect();
        self.moved_square = dot(&self.moved, &self.moved);
        self.rounded = Rounded::new(&self.moved, self.moved_square, self.rounding);
        self.fine_start = match self.square {
            None => self.moved_square,
            Some(_) => dot(&self.query, center),
        };
    }

    /// Scores codes that lie one behind another.
    fn score(&self, codes: &[u8], scores: &mut [f32]) {
        let pieces = codes.chunks(PIECE * self.codec.code_bytes());
        for (codes, scores) in pieces.zip(scores.chunks_mut(PIECE)) {
            if self.codec.bits == 1 {
                self.rough_scores(codes, scores);
                continue;
            }
            for (code, score) in codes.chunks_exact(self.codec.code_bytes()).zip(scores) {
                *score = self.codec.fine_score(&self.moved, self.fine_start, code);
            }
        }
    }

    /// What the scores of codes of several bits most likely are at least.
    fn least_scores(&self, codes: &[u8], scores: &mut [f32]) {
        let (code_bytes, error) = (self.codec.code_bytes(), self.codec.sign_bytes() + 8);
        let length = self.moved_square.sqrt();
        let pieces = codes.chunks(PIECE * code_bytes).zip(scores.chunks_mut(PIECE));
        for (codes, scores) in pieces {
            self.rough_scores(codes, scores);
            for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
                *score -= float(code, error) * length;
            }
        }
    }

    /// Scores up to [`PIECE`] codes by their signs.
    fn rough_scores(&self, codes: &[u8], scores: &mut [f32]) {
        let (code_bytes, root) = (self.codec.code_bytes(), (self.codec.dim as f32).sqrt());
        let mut sums = [0.0; PIECE];
        self.rounded.sums(codes, code_bytes, &mut sums[..scores.len()]);
        let sign_bytes = self.codec.sign_bytes();
        for ((code, score), sum) in codes.chunks_exact(code_bytes).zip(scores).zip(sums) {
            let numbers = code[sign_bytes..].as_chunks().0;
            let [start, factor] = [0, 1].map(|at: usize| f32::from_le_bytes(numbers[at]));
            let dot = (2.0 * sum - self.rounded.sum) / root;
            let distance = start + self.moved_square - 2.0 * factor * dot;
            *score = match self.square {
                None => distance.max(0.0),
                Some(square) => 0.5 * (distance - square), // minus the inner product
            };
        }
    }
}

impl Scorer for Estimate<'_> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        self.see_from(center);
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        assert_eq!(codes.len(), scores.len() * self.codec.code_bytes());
        self.score(codes, scores);
    }

    fn near(
        &mut self,
        codes: &[u8],
        scores: &mut [f32],
        first: usize,
        limit: f32,
        taker: &mut dyn Taker,
    ) {
        if !self.codec.leaves_out() {
            self.score(codes, scores);
            near::offer(Level::best(), scores, first, limit, taker);
            return;
        }
        self.least_scores(codes, scores);
        let code_bytes = self.codec.code_bytes();
        let fine = |number: usize| {
            let code = &codes[number * code_bytes..][..code_bytes];
            self.codec.fine_score(&self.moved, self.fine_start, code)
        };
        let mut refining = Refining { fine, first, limit, taker };
        near::offer(Level::best(), scores, first, limit, &mut refining);
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let code_bytes = self.codec.code_bytes();
        assert_eq!(numbers.len(), scores.len());
        for (number, score) in numbers.iter().zip(scores) {
            let code = &codes[*number as usize * code_bytes..][..code_bytes];
            self.score(code, std::array::from_mut(score));
        }
    }
}
