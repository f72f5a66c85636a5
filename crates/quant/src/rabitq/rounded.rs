//! A query rounded to a few bits, and the sums of those components where a code has a bit.

use super::bit;
use crate::codec::Rounding;
use anear_kernels::Level;
use anear_kernels::lookup::ones::{self, Planes};

/// Codes whose sums are taken at a time.
const PIECE: usize = 64;

/// How far from zero steps about it reach, for 1 to 8 bits, in standard deviations: where the mean square of
/// what rounding normally distributed numbers leaves out is least. Source: FAISS 1.15, `Z_MAX_BY_QB` in
/// `faiss/impl/RaBitQUtils.cpp`.
pub(super) const REACH: [f32; 8] =
    [0.79688, 1.49375, 2.05078, 2.50938, 2.91250, 3.26406, 3.59844, 3.91016];

/// Components in equal steps: from the lowest to the highest of them, or about zero.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    lowest: f32,
    step: f32,
    steps: Steps,
    /// The sum of all components.
    pub(super) sum: f32,
}

/// How many steps each component is above the lowest.
#[derive(Debug)]
enum Steps {
    /// As whole numbers, in planes of bits, and how many there are.
    Whole(Vec<Planes>, usize),
    /// Components that are not rounded; the lowest is 0 and a step is 1.
    Exact(Vec<f32>),
}

impl Default for Steps {
    fn default() -> Steps {
        Steps::Exact(Vec::new())
    }
}

impl Rounded {
    /// Rounds components, the sum of whose squares is `square`.
    pub(super) fn new(components: &[f32], square: f32, rounding: Rounding) -> Rounded {
        if rounding.bits == 0 {
            let (steps, sum) = (Steps::Exact(components.to_vec()), components.iter().sum());
            return Rounded { lowest: 0.0, step: 1.0, steps, sum };
        }
        let last = ((1u32 << rounding.bits) - 1) as f32;
        if rounding.centered {
            let reach = REACH[usize::from(rounding.bits) - 1];
            return Rounded::about_zero(components, square, reach, last);
        }
        let (lowest, highest) = ones::extremes(Level::best(), components);
        let step = (highest - lowest) / last;
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let (planes, total) = ones::planes(Level::best(), components, lowest, inverse, last);
        let sum = lowest * components.len() as f32 + step * total as f32;
        Rounded { lowest, step, steps: Steps::Whole(planes, components.len()), sum }
    }

    /// Steps about zero, stretched so that their squares sum up to those of the components.
    fn about_zero(components: &[f32], square: f32, reach: f32, last: f32) -> Rounded {
        let end = reach * (square / components.len() as f32).sqrt();
        let step = 2.0 * end / last;
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let (planes, total) = ones::planes(Level::best(), components, -end, inverse, last);
        let doubled = |component: &f32| {
            let steps = ((component + end) * inverse + 0.5).min(last) as u8;
            2.0 * f64::from(steps) - f64::from(last)
        };
        let squares: f64 = components.iter().map(|component| doubled(component).powi(2)).sum();
        let half = (f64::from(square) / squares).sqrt() as f32;
        let sum = half * (2.0 * total as f32 - last * components.len() as f32);
        let steps = Steps::Whole(planes, components.len());
        Rounded { lowest: -half * last, step: 2.0 * half, steps, sum }
    }

    /// Writes for each code the sum of the components whose bit is set.
    pub(super) fn sums(&self, codes: &[u8], code_bytes: usize, sums: &mut [f32]) {
        match &self.steps {
            Steps::Whole(planes, dim) => {
                let mut counts = [(0, 0); PIECE];
                let pieces = codes.chunks(PIECE * code_bytes).zip(sums.chunks_mut(PIECE));
                for (codes, sums) in pieces {
                    let counts = &mut counts[..sums.len()];
                    ones::weighted(Level::best(), planes, *dim, codes, code_bytes, counts);
                    for (sum, (set, steps)) in sums.iter_mut().zip(counts) {
                        *sum = self.lowest * *set as f32 + self.step * *steps as f32;
                    }
                }
            }
            Steps::Exact(components) => {
                for (code, sum) in codes.chunks_exact(code_bytes).zip(sums) {
                    let set = components.iter().enumerate().filter(|(at, _)| bit(code, *at));
                    *sum = set.map(|(_, component)| component).sum();
                }
            }
        }
    }
}
