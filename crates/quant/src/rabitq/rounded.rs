//! A query rounded to a few bits, and the sums of those components where a code has a bit.

use super::bit;
use anear_kernels::Level;
use anear_kernels::lookup::ones::{self, Planes};

/// Codes whose sums are taken at a time.
const PIECE: usize = 64;

/// Components in equal steps from the lowest to the highest of them.
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
    /// Rounds to so many bits, up to 8; not at all for 0.
    pub(super) fn new(components: &[f32], bits: u32) -> Rounded {
        if bits == 0 {
            let (steps, sum) = (Steps::Exact(components.to_vec()), components.iter().sum());
            return Rounded { lowest: 0.0, step: 1.0, steps, sum };
        }
        let last = ((1u32 << bits) - 1) as f32;
        let (lowest, highest) = ones::extremes(Level::best(), components);
        let step = (highest - lowest) / last;
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let (planes, total) = ones::planes(Level::best(), components, lowest, inverse, last);
        let sum = lowest * components.len() as f32 + step * total as f32;
        Rounded { lowest, step, steps: Steps::Whole(planes, components.len()), sum }
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
