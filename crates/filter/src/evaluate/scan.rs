//! Loops over the values of a column that take rows out of a set.
//!
//! They are written so that the compiler makes vector instructions of them, whatever the
//! processor has: 64 comparisons into 64 bytes, then eight bytes at a time into a byte of bits.

use super::interval::Interval;
use crate::columns::integers::{Narrow, with_values};
use crate::columns::{Integers, WORD_ROWS};
use anear_kernels::{Level, Number, keep_between};

/// Takes those rows out of the set whose values do not pass the test. Bits of rows beyond the
/// values are zero already.
#[inline]
pub(super) fn keep<T: Copy>(values: &[T], words: &mut [u64], test: impl Fn(T) -> bool) {
    let (whole, rest) = values.as_chunks::<WORD_ROWS>();
    for (chunk, word) in whole.iter().zip(&mut *words) {
        if *word != 0 {
            *word &= flags(chunk, &test);
        }
    }
    if let Some(word) = words.get_mut(whole.len()) {
        let bits = rest.iter().enumerate().map(|(bit, value)| u64::from(test(*value)) << bit);
        *word &= bits.fold(0, |all, bit| all | bit);
    }
}

/// The outcome of a test of 64 values, the first one in the lowest bit.
#[inline]
pub(super) fn flags<T: Copy>(values: &[T; WORD_ROWS], test: impl Fn(T) -> bool) -> u64 {
    let bytes = values.map(|value| u8::from(test(value)));
    let (eights, _) = bytes.as_chunks::<8>();
    let mut word = 0;
    for (position, eight) in eights.iter().enumerate() {
        // The product moves the eight bits, which are 8 apart, next to each other to the top.
        let packed = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= packed << (8 * position);
    }
    word
}

/// Keeps the rows with an integer that lies in an interval or, with `outside`, does not.
pub(super) fn keep_whole(
    integers: &Integers,
    interval: Interval<i64>,
    outside: bool,
    words: &mut [u64],
) {
    with_values!(integers, values => keep_narrow(values, interval, outside, words));
}

fn keep_narrow<T: Narrow + Number>(
    values: &[T],
    interval: Interval<i64>,
    outside: bool,
    words: &mut [u64],
) {
    let (low, high) = (interval.low.max(T::MIN), interval.high.min(T::MAX));
    if low > high {
        if !outside {
            words.fill(0);
        }
        return;
    }
    let (low, high) = (T::from_wide(low), T::from_wide(high));
    keep_between(Level::best(), values, low, high, outside, words);
}

/// Keeps the rows with a real number that lies in an interval or, with `outside`, does not.
pub(super) fn keep_reals(
    values: &[f64],
    interval: Interval<f64>,
    outside: bool,
    words: &mut [u64],
) {
    keep_between(Level::best(), values, interval.low, interval.high, outside, words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Bits, ones};

    #[test]
    fn every_width_and_length_is_scanned_to_its_end() {
        for largest in [100i64, 30_000, 2_000_000_000, i64::MAX] {
            for len in [0, 1, 63, 64, 65, 130, 200] {
                let mut integers = Integers::zeros(0);
                for row in 0..len {
                    integers.put(row, if row % 3 == 0 { largest - row as i64 } else { row as i64 });
                }
                for (low, high) in [(5, 60), (i64::MIN, i64::MAX), (largest, i64::MAX), (3, 2)] {
                    check(&integers, low, high);
                }
            }
        }
    }

    fn check(integers: &Integers, low: i64, high: i64) {
        for outside in [false, true] {
            let mut set = Bits::all(integers.len());
            // An empty word, and one with a hole.
            (64..128)
                .chain([5])
                .filter(|row| *row < integers.len())
                .for_each(|row| set.put(row, false));
            let mut words = set.words().to_vec();
            keep_whole(integers, Interval { low, high }, outside, &mut words);
            let expected: Vec<usize> = ones(set.words())
                .filter(|row| (low..=high).contains(&integers.get(*row)) != outside)
                .collect();
            assert_eq!(ones(&words).collect::<Vec<usize>>(), expected, "{low}..={high} {outside}");
        }
    }
}
