//! Queries as seen from a center, against codes with all their bits.

use super::Rabitq;
use anear_kernels::Level;
use anear_kernels::lookup::split::{self, Numbers};

impl Rabitq {
    /// The fine score of a code: `moved` is the query as seen from the center, and `start` what scores
    /// begin at.
    pub(super) fn fine_score(&self, moved: &[f32], start: f32, code: &[u8]) -> f32 {
        let code = self.parts_of(code);
        let (others, code_start, factor) = code.fine.expect("more than one bit");
        let score = start + code_start + factor * self.fine_dot(moved, code.signs, others);
        if self.is_product { -score } else { score.max(0.0) }
    }

    /// The product of a query and the whole numbers that a code stands for, less their middle.
    fn fine_dot(&self, moved: &[f32], signs: &[u8], others: &[u8]) -> f32 {
        let bits = self.bits as u32 - 1;
        let numbers = Numbers { highest: signs, bits, others };
        split::dot(Level::best(), moved, numbers, (1 << bits) as f32 - 0.5)
    }
}

/// Components in lanes, so that no addition waits for the one before.
pub(super) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f32>() + x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum::<f32>()
}
