//! From numbers to codes.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Sums kept side by side.
const PARTS: usize = 8;
/// Values coded at a time.
const RUN: usize = 64;
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
        let (mut steps, mut rests) = ([0.0; RUN], [0.0; RUN]);
        for (values, codes) in self.values.chunks(RUN).zip(self.codes.chunks_mut(RUN)) {
            // Without sums, the compiler makes vectors of it.
            let places = steps.iter_mut().zip(&mut rests).zip(codes);
            for (value, ((step, rest), code)) in values.iter().zip(places) {
                *step = (value * inverse).clamp(-origin, 255.0 - origin).round_ties_even();
                *rest = value - *step * scale;
                // The last eight bits of a sum whose last place is 1.
                *code = (*step + origin + ONES).to_bits() as u8;
            }
            steps[values.len()..].fill(0.0);
            rests[values.len()..].fill(0.0);
            for (steps, rests) in steps.as_chunks::<PARTS>().0.iter().zip(rests.as_chunks().0) {
                add_squares(&mut squares, steps);
                add_squares(&mut residuals, rests);
            }
        }
        Encoded { square: squares.iter().sum(), residual: residuals.iter().sum() }
    }
}

#[inline(always)]
fn add_squares(sums: &mut [f64; PARTS], values: &[f64; PARTS]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value * value;
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
        let mut before = [[0.0; RUN]; 2];
        let mut rests = [0.0; RUN];
        for (values, centers) in self.values.chunks_mut(RUN).zip(self.center.chunks(RUN)) {
            let [olds, wide] = &mut before;
            let places = olds.iter_mut().zip(wide).zip(&mut rests);
            for ((value, center), ((old, wide), rest)) in values.iter_mut().zip(centers).zip(places)
            {
                (*old, *wide) = (*value, f64::from(*center));
                *value -= *wide;
                *rest = value.abs();
            }
            for numbers in before.iter_mut().chain([&mut rests]) {
                numbers[values.len()..].fill(0.0);
            }
            for numbers in before.iter().flat_map(|numbers| numbers.as_chunks().0) {
                add_squares(&mut sizes, numbers);
            }
            for rests in rests.as_chunks::<PARTS>().0 {
                for (largest, rest) in largest.iter_mut().zip(rests) {
                    *largest = if *rest > *largest { *rest } else { *largest };
                }
            }
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
