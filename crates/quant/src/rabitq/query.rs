//! Scores of codes against a query.

use super::{Code, Rabitq, bit};
use crate::codec::{Codec, Scorer};
use anear_types::Measure;

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
    /// The same rounded to a few bits, and its sum.
    rounded: Vec<f32>,
    rounded_sum: f32,
    /// What fine scores begin at.
    fine_start: f32,
}

impl<'a> Estimate<'a> {
    pub(super) fn new(codec: &'a Rabitq, query: &[f32], measure: Measure) -> Estimate<'a> {
        assert_eq!(query.len(), codec.dim);
        let is_product = measure == Measure::InnerProduct;
        let mut estimate = Estimate {
            codec,
            query: query.to_vec(),
            square: is_product.then(|| dot(query, query)),
            moved: Vec::new(),
            moved_square: 0.0,
            rounded: Vec::new(),
            rounded_sum: 0.0,
            fine_start: 0.0,
        };
        estimate.see_from(&codec.center);
        estimate
    }

    fn see_from(&mut self, center: &[f32]) {
        self.moved = self.query.iter().zip(center).map(|(query, center)| query - center).collect();
        self.moved_square = dot(&self.moved, &self.moved);
        self.rounded = match self.codec.query_bits {
            0 => self.moved.clone(),
            bits => rounded(&self.moved, ((1u32 << bits) - 1) as f32),
        };
        self.rounded_sum = self.rounded.iter().sum();
        self.fine_start = match self.square {
            None => self.moved_square,
            Some(_) => dot(&self.query, center),
        };
    }

    fn score(&self, code: &[u8]) -> f32 {
        let code = self.codec.parts_of(code);
        match code.fine {
            None => self.rough_score(&code),
            Some((bits, start, factor)) => {
                let score = self.fine_start + start + factor * self.fine_dot(code.signs, bits);
                if self.square.is_some() { -score } else { score.max(0.0) }
            }
        }
    }

    fn rough_score(&self, code: &Code<'_>) -> f32 {
        let with_sign = self.rounded.iter().enumerate().filter(|(at, _)| bit(code.signs, *at));
        let positive: f32 = with_sign.map(|(_, component)| component).sum();
        let dot = (2.0 * positive - self.rounded_sum) / (self.codec.dim as f32).sqrt();
        let distance = code.start + self.moved_square - 2.0 * code.factor * dot;
        match self.square {
            None => distance.max(0.0),
            Some(square) => 0.5 * (distance - square), // minus the inner product
        }
    }

    /// The product of the query and the whole numbers that a code stands for, less their middle.
    fn fine_dot(&self, signs: &[u8], others: &[u8]) -> f32 {
        let other_bits = self.codec.bits - 1;
        let middle = (1 << other_bits) as f32 - 0.5;
        let number = |at: usize| {
            let first = at * other_bits;
            let others = (0..other_bits)
                .fold(0, |number, place| number | u32::from(bit(others, first + place)) << place);
            u32::from(bit(signs, at)) << other_bits | others
        };
        let terms = self.moved.iter().enumerate();
        terms.map(|(at, component)| component * (number(at) as f32 - middle)).sum()
    }
}

impl Scorer for Estimate<'_> {
    fn center_at(&mut self, _: usize, center: &[f32]) {
        self.see_from(center);
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let code_bytes = self.codec.code_bytes();
        assert_eq!(codes.len(), scores.len() * code_bytes);
        for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
            *score = self.score(code);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let code_bytes = self.codec.code_bytes();
        assert_eq!(numbers.len(), scores.len());
        for (number, score) in numbers.iter().zip(scores) {
            *score = self.score(&codes[*number as usize * code_bytes..][..code_bytes]);
        }
    }
}

fn dot(x: &[f32], y: &[f32]) -> f32 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Components rounded to steps from the lowest to the highest of them, `last` being the highest step.
fn rounded(components: &[f32], last: f32) -> Vec<f32> {
    let lowest = components.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = components.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let step = (highest - lowest) / last;
    let round = |component: &f32| {
        let steps = if step > 0.0 { ((component - lowest) / step + 0.5).floor() } else { 0.0 };
        lowest + step * steps.clamp(0.0, last)
    };
    components.iter().map(round).collect()
}
