//! From numbers to codes.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Sums kept side by side.
const PARTS: usize = 8;
/// The last place of sums with this is 1: they are rounded to whole numbers.
const ONES: f64 = 1.5 * (1u64 << 52) as f64;

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
            // The last eight bits of a sum whose last place is 1.
            *code = (step + origin + ONES).to_bits() as u8;
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

/// What is known of a row when its centre was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Centered {
    /// The largest component without its sign.
    pub largest: f64,
    /// The sum of squares of the row before, and of the centre.
    pub size: f64,
}

/// Takes a centre away from values.
///
/// # Panics
/// If the lengths differ.
pub fn center(level: Level, values: &mut [f64], center: &[f32]) -> Centered {
    assert_eq!(values.len(), center.len());
    level.run(Center { values, center })
}

struct Center<'a> {
    values: &'a mut [f64],
    center: &'a [f32],
}

impl Kernel for Center<'_> {
    type Output = Centered;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Centered {
        let mut largest = [0.0f64; PARTS];
        let mut sizes = [0.0; PARTS];
        let mut one = |value: &mut f64, center: f32, part: usize| {
            let center = f64::from(center);
            sizes[part] += *value * *value + center * center;
            *value -= center;
            let size = value.abs();
            largest[part] = if size > largest[part] { size } else { largest[part] };
        };
        let (value_blocks, value_rest) = self.values.as_chunks_mut::<PARTS>();
        let (center_blocks, center_rest) = self.center.as_chunks::<PARTS>();
        for (values, centers) in value_blocks.iter_mut().zip(center_blocks) {
            for part in 0..PARTS {
                one(&mut values[part], centers[part], part);
            }
        }
        for (value, center) in value_rest.iter_mut().zip(center_rest) {
            one(value, *center, 0);
        }
        let largest = largest.into_iter().fold(0.0, f64::max);
        Centered { largest, size: sizes.iter().sum() }
    }
}

/// The least and the largest of some values, if all are whole numbers below 2^51.
pub fn whole_range(level: Level, values: &[f64]) -> Option<(f64, f64)> {
    level.run(WholeRange(values))
}

struct WholeRange<'a>(&'a [f64]);

impl Kernel for WholeRange<'_> {
    type Output = Option<(f64, f64)>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Option<(f64, f64)> {
        let mut lowest = [f64::INFINITY; PARTS];
        let mut highest = [f64::NEG_INFINITY; PARTS];
        let mut are_whole = [true; PARTS];
        let mut one = |value: f64, part: usize| {
            are_whole[part] &= (value + ONES) - ONES == value;
            lowest[part] = if value < lowest[part] { value } else { lowest[part] };
            highest[part] = if value > highest[part] { value } else { highest[part] };
        };
        let (blocks, rest) = self.0.as_chunks::<PARTS>();
        for values in blocks {
            for (part, value) in values.iter().enumerate() {
                one(*value, part);
            }
        }
        rest.iter().for_each(|value| one(*value, 0));
        let lowest = lowest.into_iter().fold(f64::INFINITY, f64::min);
        let highest = highest.into_iter().fold(f64::NEG_INFINITY, f64::max);
        are_whole.into_iter().all(|is_whole| is_whole).then_some((lowest, highest))
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

    #[test]
    fn centres_are_taken_away_and_whole_numbers_are_known() {
        let values: Vec<f64> = (0..19).map(|at| f64::from(at) * 3.0 - 20.0).collect();
        let middle: Vec<f32> = (0..19).map(|at| at as f32 * 0.5).collect();
        let expected: Vec<f64> =
            values.iter().zip(&middle).map(|(value, center)| value - f64::from(*center)).collect();
        let squares = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        let middle_squares: f64 = middle.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        for level in Level::available() {
            let mut found = values.clone();
            let centered = center(level, &mut found, &middle);
            assert_eq!((found, centered.largest), (expected.clone(), 25.0));
            assert_eq!(centered.size, squares(&values) + middle_squares);
            assert_eq!(whole_range(level, &values), Some((-20.0, 34.0)));
            assert_eq!(whole_range(level, &[1.0, 2.0, -0.5]), None);
            assert_eq!(whole_range(level, &[0.0, f64::NAN]), None);
            assert_eq!(whole_range(level, &expected), None);
        }
    }
}
