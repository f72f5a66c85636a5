//! From numbers to codes.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Sums kept side by side.
const PARTS: usize = 8;

/// What coding a row leaves to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Encoded {
    /// The sum of squares of the codes, counted from the origin; exact.
    pub square: f64,
    /// The sum of squares of `value - scale * (code - origin)`.
    pub residual: f64,
}

/// Writes for each value the code `c` for which `scale * (c - origin)` is nearest to it, as far as
/// a byte goes. With a scale of 0 every code is the origin.
///
/// # Panics
/// If the lengths differ.
pub fn encode(level: Level, values: &[f64], scale: f32, origin: u8, codes: &mut [u8]) -> Encoded {
    assert_eq!(values.len(), codes.len());
    level.run(Encode { values, scale: f64::from(scale), origin: f64::from(origin), codes })
}

struct Encode<'a> {
    values: &'a [f64],
    scale: f64,
    origin: f64,
    codes: &'a mut [u8],
}

impl Kernel for Encode<'_> {
    type Output = Encoded;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Encoded {
        let Encode { scale, origin, .. } = self;
        let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
        let mut squares = [0.0; PARTS];
        let mut residuals = [0.0; PARTS];
        let mut one = |value: f64, code: &mut u8, part: usize| {
            let step = (value * inverse).clamp(-origin, 255.0 - origin).round_ties_even();
            squares[part] += step * step;
            let rest = value - step * scale;
            residuals[part] += rest * rest;
            *code = (step + origin) as i32 as u8;
        };
        let (value_blocks, value_rest) = self.values.as_chunks::<PARTS>();
        let (code_blocks, code_rest) = self.codes.as_chunks_mut::<PARTS>();
        for (values, codes) in value_blocks.iter().zip(code_blocks) {
            for part in 0..PARTS {
                one(values[part], &mut codes[part], part);
            }
        }
        for (value, code) in value_rest.iter().zip(code_rest) {
            one(*value, code, 0);
        }
        Encoded { square: squares.iter().sum(), residual: residuals.iter().sum() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_nearest_and_what_is_left_is_known() {
        let values = [-3.0, -0.26, 0.0, 0.24, 0.26, 1.0, 63.4, 63.9, 70.0, 1e300];
        for level in Level::available() {
            let mut codes = [0; 10];
            let encoded = encode(level, &values[..9], 0.5, 128, &mut codes[..9]);
            assert_eq!(codes[..9], [122, 127, 128, 128, 129, 130, 255, 255, 255]);
            let steps = [-6.0f64, -1.0, 0.0, 0.0, 1.0, 2.0, 127.0, 127.0, 127.0];
            assert_eq!(encoded.square, steps.iter().map(|step| step * step).sum::<f64>());
            let left = values.iter().zip(steps).map(|(value, step)| value - 0.5 * step);
            let residual: f64 = left.map(|rest| rest * rest).sum();
            assert!((encoded.residual - residual).abs() < 1e-12);
            let encoded = encode(level, &values, 0.0, 7, &mut codes);
            assert_eq!((codes, encoded.square), ([7; 10], 0.0));
            assert_eq!(encoded.residual, f64::INFINITY);
        }
    }
}
