//! Which numbers of a column lie in an interval.

use crate::Level;
use crate::arch::{BYTES, Kernel, Simd};

/// Numbers that are compared at once: as many as a word of the set has bits.
const NUMBERS: usize = BYTES;

/// A number that columns are made of.
pub trait Number: Copy + PartialOrd {}

impl Number for i8 {}
impl Number for i16 {}
impl Number for i32 {}
impl Number for i64 {}
impl Number for f64 {}

/// Takes those rows out of a set whose value does not lie from `low` to `high`, both included; with
/// `outside`, those whose value does. Row `r` is bit `r % 64` of word `r / 64`, and bits of rows
/// beyond the values must be zero. No value is NaN.
pub fn keep_between<T: Number>(
    level: Level,
    values: &[T],
    low: T,
    high: T,
    outside: bool,
    words: &mut [u64],
) {
    level.run(Between { values, low, high, outside, words });
}

struct Between<'a, T> {
    values: &'a [T],
    low: T,
    high: T,
    outside: bool,
    words: &'a mut [u64],
}

impl<T: Number> Kernel for Between<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Between { values, low, high, outside, words } = self;
        let flip = if outside { u64::MAX } else { 0 };
        let (whole, rest) = values.as_chunks::<NUMBERS>();
        let mut flags = [0; NUMBERS];
        for (chunk, word) in whole.iter().zip(&mut *words) {
            if *word == 0 {
                continue;
            }
            // The compiler makes vector instructions of this.
            for (flag, value) in flags.iter_mut().zip(chunk) {
                *flag = if (*value >= low) & (*value <= high) { u8::MAX } else { 0 };
            }
            *word &= simd.top_bits(simd.load_bytes(&flags)) ^ flip;
        }
        if let Some(word) = words.get_mut(whole.len()) {
            let mut bits = 0;
            for (bit, value) in rest.iter().enumerate() {
                bits |= u64::from((*value >= low) & (*value <= high)) << bit;
            }
            *word &= bits ^ flip;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_keeps_what_a_plain_loop_keeps() {
        for len in [0, 1, 63, 64, 65, 130, 200] {
            check::<i8>(len, |row| (row as i8).wrapping_mul(37));
            check::<i16>(len, |row| (row as i16).wrapping_mul(9973));
            check::<i32>(len, |row| (row as i32).wrapping_mul(1_000_000_007));
            check::<i64>(len, |row| (row as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64));
            check::<f64>(len, |row| (row as f64 * 0.7).sin() * 1e9);
        }
    }

    fn check<T: Number>(len: usize, value: impl Fn(usize) -> T) {
        let values: Vec<T> = (0..len).map(value).collect();
        let mut ends: Vec<(T, T)> = values.windows(2).map(|two| (two[0], two[1])).collect();
        ends.extend(values.iter().map(|value| (*value, *value)));
        for (low, high) in ends {
            for outside in [false, true] {
                // A set with holes, and an empty word.
                let is_in = |row: usize| row < len && row % 5 != 3 && !(64..128).contains(&row);
                let passes = |value: T| (value >= low && value <= high) != outside;
                let set = |test: &dyn Fn(usize) -> bool| -> Vec<u64> {
                    let bit = |row: usize| u64::from(test(row)) << (row % 64);
                    (0..len.div_ceil(64))
                        .map(|word| (0..64).map(|b| bit(64 * word + b)).sum())
                        .collect()
                };
                let expected = set(&|row| is_in(row) && passes(values[row]));
                for level in Level::available() {
                    let mut words = set(&is_in);
                    keep_between(level, &values, low, high, outside, &mut words);
                    assert_eq!(words, expected, "{} {len} {outside}", level.name());
                }
            }
        }
    }
}
