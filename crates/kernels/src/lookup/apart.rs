//! One code out of a group of them.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Rows whose codes lie together.
const GROUP: usize = 2 * LANES;
/// Pairs of numbers that are taken at a time.
const PAIRS: usize = 4;

/// Writes the numbers of 4 bits of one code, two to a byte. Each pair lies in 32 bytes: the first number is the half
/// of the byte at a place below 16 that `shift`, 0 or 4, says, the second one that of the byte 16 behind it.
///
/// # Panics
/// If there are fewer pairs than bytes to be written, or there is no such place.
pub fn code(level: Level, pairs: &[[u8; GROUP]], place: usize, shift: usize, code: &mut [u8]) {
    assert!(place < LANES && (shift == 0 || shift == 4));
    level.run(Apart { pairs: &pairs[..code.len()], place, shift, code });
}

struct Apart<'a> {
    pairs: &'a [[u8; GROUP]],
    place: usize,
    shift: usize,
    code: &'a mut [u8],
}

impl Kernel for Apart<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        const HALVES: u64 = 0x0f0f_0f0f_0f0f_0f0f;
        let Apart { pairs, place, shift, code } = self;
        let (fours, pairs) = pairs.as_chunks::<PAIRS>();
        let (bytes, rest) = code.as_chunks_mut::<PAIRS>();
        for (four, bytes) in fours.iter().zip(bytes) {
            let numbers = u64::from_le_bytes(simd.pick(four, place)) >> shift & HALVES;
            *bytes = ((numbers | numbers >> 28) as u32).to_le_bytes();
        }
        for (pair, byte) in pairs.iter().zip(rest) {
            *byte = pair[place] >> shift & 15 | (pair[LANES + place] >> shift & 15) << 4;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_takes_the_same_code() {
        for count in [0, 1, 4, 7, 12, 98] {
            let pairs: Vec<[u8; GROUP]> = (0..count)
                .map(|pair| std::array::from_fn(|at| (pair * 131 + at * at * 37 + at) as u8))
                .collect();
            for (place, shift) in [(0, 0), (0, 4), (7, 4), (15, 0), (15, 4)] {
                let number = |byte: u8| byte >> shift & 15;
                let expected =
                    pairs.iter().map(|pair| number(pair[place]) | number(pair[place + 16]) << 4);
                let expected: Vec<u8> = expected.collect();
                for level in Level::available() {
                    let mut found = vec![0; count];
                    code(level, &pairs, place, shift, &mut found);
                    assert_eq!(found, expected, "{} {count} {place} {shift}", level.name());
                }
            }
        }
    }
}
