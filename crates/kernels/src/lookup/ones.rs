//! Codes of bits: how many of them differ from a query's, or are set where a query has weights.
//!
//! These loops are plain: a level makes one or a few instructions of each count.

use crate::Level;
use crate::arch::{BYTES, Kernel, LANES, Simd};
use crate::prefetch::Scattered;

/// Codes with some numbers are far from each other: so many are asked for before they are read.
const CODES_AHEAD: usize = 8;

/// Bits of the weights of 64 components: bit `i` of plane `p` is bit `p` of weight `i`. A plane is eight
/// bytes, the lowest bits first.
pub type Planes = [u8; BYTES];

/// Writes how many bits of each code differ from those of a query of as many bytes.
///
/// # Panics
/// If the query is empty, or there is not one code for each of `counts`.
pub fn differing(level: Level, query: &[u8], codes: &[u8], counts: &mut [f32]) {
    assert!(!query.is_empty());
    assert_eq!(codes.len(), counts.len() * query.len());
    level.run(Differing { query, codes, counts });
}

/// The same for those of the codes with some numbers.
///
/// # Panics
/// If the query is empty, a code is not there, or there is not one number for each of `counts`.
pub fn differing_at(level: Level, query: &[u8], codes: &[u8], numbers: &[u32], counts: &mut [f32]) {
    assert!(!query.is_empty());
    assert_eq!(numbers.len(), counts.len());
    level.run(DifferingAt { query, codes, numbers, counts });
}

/// The lowest and the highest component; anything where one is not a number.
///
/// # Panics
/// If there are none.
pub fn extremes(level: Level, components: &[f32]) -> (f32, f32) {
    assert!(!components.is_empty());
    level.run(Extremes(components))
}

/// How many steps, from 0 to `last`, each component is above the lowest, to the nearest whole number.
/// `inverse` is one step, inverted.
///
/// # Panics
/// If `last` is above 255.
pub fn steps(level: Level, components: &[f32], lowest: f32, inverse: f32, last: f32) -> Vec<u8> {
    assert!(last <= 255.0);
    let mut steps = vec![0; components.len()];
    level.run(Steps { components, lowest, inverse, last: last as u8, steps: &mut steps });
    steps
}

/// Weights in planes: how many steps, from 0 to `last`, each component is above the lowest, to the
/// nearest whole number; and their sum. `inverse` is one step, inverted.
///
/// # Panics
/// If `last` is above 255.
pub fn planes(
    level: Level,
    components: &[f32],
    lowest: f32,
    inverse: f32,
    last: f32,
) -> (Vec<Planes>, u32) {
    assert!(last <= 255.0);
    let mut planes = vec![[0; BYTES]; components.len().div_ceil(64)];
    let sum = level.run(Weigh { components, lowest, inverse, last, planes: &mut planes });
    (planes, sum)
}

/// Writes for codes that lie one behind another how many of a code's first `components` bits are set,
/// and the sum of the weights of those.
///
/// # Panics
/// If there is not one code of `code_bytes` for each of `sums`, codes have fewer bits, or there are not
/// weights for each.
pub fn weighted(
    level: Level,
    planes: &[Planes],
    components: usize,
    codes: &[u8],
    code_bytes: usize,
    sums: &mut [(u32, u32)],
) {
    assert!(components.div_ceil(8) <= code_bytes && planes.len() == components.div_ceil(64));
    assert_eq!(codes.len(), sums.len() * code_bytes);
    level.run(Weighted { planes, bytes: components.div_ceil(8), codes, code_bytes, sums });
}

struct Extremes<'a>(&'a [f32]);

impl Kernel for Extremes<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> (f32, f32) {
        let (vectors, rest) = self.0.as_chunks::<LANES>();
        let (zero, mut last) = (simd.splat(0.0), [self.0[0]; LANES]);
        last[..rest.len()].copy_from_slice(rest);
        let mut highest = simd.load(&last);
        let mut lowest = simd.sub(zero, highest);
        for vector in vectors {
            let vector = simd.load(vector);
            highest = simd.max(vector, highest);
            lowest = simd.max(simd.sub(zero, vector), lowest);
        }
        (-simd.largest(lowest), simd.largest(highest))
    }
}

struct Steps<'a> {
    components: &'a [f32],
    lowest: f32,
    inverse: f32,
    last: u8,
    steps: &'a mut [u8],
}

impl Kernel for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Steps { components, lowest, inverse, last, steps } = self;
        let scale = Scale::new(simd, lowest, inverse);
        let (vectors, rest) = components.as_chunks();
        let (steps, rest_steps) = steps.as_chunks_mut();
        for (vector, steps) in vectors.iter().zip(steps) {
            *steps = scale.of(simd, vector).map(|step| step.min(last));
        }
        for (step, found) in rest_steps.iter_mut().zip(scale.steps(simd, rest)) {
            *step = found.min(last);
        }
    }
}

/// Equal steps above the lowest component.
#[derive(Clone, Copy)]
struct Scale<S: Simd> {
    lowest: f32,
    lowests: S::F32s,
    inverse: S::F32s,
}

impl<S: Simd> Scale<S> {
    #[inline(always)]
    fn new(simd: S, lowest: f32, inverse: f32) -> Scale<S> {
        Scale { lowest, lowests: simd.splat(lowest), inverse: simd.splat(inverse) }
    }

    /// The steps of up to a vector of components; 0 for those that it lacks.
    #[inline(always)]
    fn steps(self, simd: S, components: &[f32]) -> [u8; LANES] {
        match components.first_chunk() {
            Some(lanes) => self.of(simd, lanes),
            None => {
                let mut lanes = [self.lowest; LANES];
                lanes[..components.len()].copy_from_slice(components);
                self.of(simd, &lanes)
            }
        }
    }

    /// The steps of a vector of components.
    #[inline(always)]
    fn of(self, simd: S, components: &[f32; LANES]) -> [u8; LANES] {
        let above = simd.sub(simd.load(components), self.lowests);
        simd.to_bytes(simd.add(simd.mul(above, self.inverse), simd.splat(0.5)))
    }
}

struct Weigh<'a> {
    components: &'a [f32],
    lowest: f32,
    inverse: f32,
    last: f32,
    planes: &'a mut [Planes],
}

impl Kernel for Weigh<'_> {
    type Output = u32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> u32 {
        let (scale, last) = (Scale::new(simd, self.lowest, self.inverse), self.last as u8);
        let mut sum = 0;
        for (components, planes) in self.components.chunks(BYTES).zip(self.planes) {
            let mut weights = [0; BYTES];
            for (components, weights) in components.chunks(LANES).zip(weights.as_chunks_mut().0) {
                *weights = scale.steps(simd, components);
            }
            for weight in &mut weights {
                *weight = (*weight).min(last);
            }
            for weight in &weights {
                sum += u32::from(*weight);
            }
            let mut shifted = weights;
            for plane in planes.as_chunks_mut().0.iter_mut().rev() {
                *plane = simd.top_bits(simd.load_bytes(&shifted)).to_le_bytes();
                for weight in &mut shifted {
                    *weight <<= 1;
                }
            }
        }
        sum
    }
}

struct Differing<'a> {
    query: &'a [u8],
    codes: &'a [u8],
    counts: &'a mut [f32],
}

impl Kernel for Differing<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.query.len() {
            4 => self.of_length::<4>(),
            8 => self.of_length::<8>(),
            16 => self.of_length::<16>(),
            20 => self.of_length::<20>(),
            24 => self.of_length::<24>(),
            32 => self.of_length::<32>(),
            40 => self.of_length::<40>(),
            48 => self.of_length::<48>(),
            56 => self.of_length::<56>(),
            64 => self.of_vectors::<S, 1>(simd),
            128 => self.of_vectors::<S, 2>(simd),
            192 => self.of_vectors::<S, 3>(simd),
            256 => self.of_vectors::<S, 4>(simd),
            length if length > BYTES => self.of_more_than_a_vector(simd),
            _ => self.of_few_bytes(),
        }
    }
}

impl Differing<'_> {
    /// Codes of a length that the compiler knows.
    #[inline(always)]
    fn of_length<const LENGTH: usize>(self) {
        let query: &[u8; LENGTH] = self.query.try_into().expect("of this length");
        for (code, count) in self.codes.as_chunks::<LENGTH>().0.iter().zip(self.counts) {
            *count = differ(query, code) as f32;
        }
    }

    /// Codes that fill some vectors.
    #[inline(always)]
    fn of_vectors<S: Simd, const VECTORS: usize>(self, simd: S) {
        let query: &[[u8; BYTES]; VECTORS] = self.query.as_chunks().0.try_into().expect("so many");
        let query = query.each_ref().map(|bytes| simd.load_bytes(bytes));
        let codes = self.codes.as_chunks::<BYTES>().0.as_chunks::<VECTORS>().0;
        for (code, count) in codes.iter().zip(self.counts) {
            let mut ones = simd.splat_u64(0);
            for (x, y) in code.iter().zip(query) {
                ones = simd.add_ones(ones, simd.xor(simd.load_bytes(x), y));
            }
            *count = simd.sum_u64(ones) as f32;
        }
    }

    #[inline(always)]
    fn of_more_than_a_vector<S: Simd>(self, simd: S) {
        let long = Long::new(simd, self.query);
        for (code, count) in self.codes.chunks_exact(self.query.len()).zip(self.counts) {
            *count = long.differing(simd, code) as f32;
        }
    }

    #[inline(always)]
    fn of_few_bytes(self) {
        for (code, count) in self.codes.chunks_exact(self.query.len()).zip(self.counts) {
            *count = differ(self.query, code) as f32;
        }
    }
}

struct DifferingAt<'a> {
    query: &'a [u8],
    codes: &'a [u8],
    numbers: &'a [u32],
    counts: &'a mut [f32],
}

impl Kernel for DifferingAt<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let DifferingAt { query, codes, numbers, counts } = self;
        let codes = Scattered::new(simd, (codes, query.len()), numbers, CODES_AHEAD);
        let long = if query.len() < BYTES { None } else { Some(Long::new(simd, query)) };
        for (at, count) in counts.iter_mut().enumerate() {
            let code = codes.at(simd, at);
            *count = match long {
                Some(long) => long.differing(simd, code) as f32,
                None => differ(query, code) as f32,
            };
        }
    }
}

/// A query of a vector or more. Where it ends within one, the last vector reaches back to what was counted,
/// which is masked.
#[derive(Clone, Copy)]
struct Long<'a, S: Simd> {
    vectors: &'a [[u8; BYTES]],
    last: S::Bytes,
    mask: S::Bytes,
}

impl<'a, S: Simd> Long<'a, S> {
    #[inline(always)]
    fn new(simd: S, query: &'a [u8]) -> Long<'a, S> {
        let (vectors, rest) = query.as_chunks::<BYTES>();
        let mut mask = [0; BYTES];
        mask[BYTES - rest.len()..].fill(u8::MAX);
        let last = simd.load_bytes(query.last_chunk().expect("a vector or more"));
        Long { vectors, last, mask: simd.load_bytes(&mask) }
    }

    #[inline(always)]
    fn differing(self, simd: S, code: &[u8]) -> u64 {
        let last = simd.load_bytes(code.last_chunk().expect("a vector or more"));
        let differ = simd.and(simd.xor(last, self.last), self.mask);
        let mut ones = simd.add_ones(simd.splat_u64(0), differ);
        for (x, y) in code.as_chunks().0.iter().zip(self.vectors) {
            ones = simd.add_ones(ones, simd.xor(simd.load_bytes(x), simd.load_bytes(y)));
        }
        simd.sum_u64(ones)
    }
}

/// How many bits differ, word by word.
#[inline(always)]
fn differ(query: &[u8], code: &[u8]) -> u32 {
    let (words, rest) = code.as_chunks();
    let (query_words, query_rest) = query.as_chunks();
    let mut count = 0;
    for (x, y) in words.iter().zip(query_words) {
        count += (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y)).count_ones();
    }
    let (words, rest) = rest.as_chunks();
    let (query_words, query_rest) = query_rest.as_chunks();
    for (x, y) in words.iter().zip(query_words) {
        count += (u32::from_le_bytes(*x) ^ u32::from_le_bytes(*y)).count_ones();
    }
    for (x, y) in rest.iter().zip(query_rest) {
        count += (x ^ y).count_ones();
    }
    count
}

struct Weighted<'a> {
    planes: &'a [Planes],
    bytes: usize,
    codes: &'a [u8],
    code_bytes: usize,
    sums: &'a mut [(u32, u32)],
}

impl Kernel for Weighted<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (code, sum) in self.codes.chunks_exact(self.code_bytes).zip(self.sums) {
            let (words, rest) = code[..self.bytes].as_chunks::<8>();
            let (mut set, mut counts) = (0, simd.splat_u64(0));
            for (word, planes) in words.iter().zip(self.planes) {
                let word = u64::from_le_bytes(*word);
                set += word.count_ones();
                let met = simd.and(simd.splat_u64(word), simd.load_bytes(planes));
                counts = simd.add_ones(counts, met);
            }
            if let Some(planes) = self.planes.get(words.len()) {
                let word = last_word(&code[..self.bytes], rest);
                set += word.count_ones();
                let met = simd.and(simd.splat_u64(word), simd.load_bytes(planes));
                counts = simd.add_ones(counts, met);
            }
            *sum = (set, simd.sum_doubling(counts) as u32);
        }
    }
}

/// The bytes that do not fill a word, the last of a code.
#[inline(always)]
fn last_word(code: &[u8], rest: &[u8]) -> u64 {
    match code.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(at: usize) -> u8 {
        (at * at * 31 + at * 7 + at / 256) as u8
    }

    fn is_set(bytes: &[u8], bit: usize) -> bool {
        bytes[bit / 8] >> (bit % 8) & 1 != 0
    }

    #[test]
    fn every_level_counts_bits_that_differ() {
        for length in [1, 4, 7, 8, 16, 20, 24, 32, 40, 48, 56, 64, 70, 96, 100, 128, 133, 192, 256]
        {
            let query: Vec<u8> = (5..5 + length).map(byte).collect();
            let codes: Vec<u8> = (0..9 * length).map(byte).collect();
            let expected: Vec<f32> = codes
                .chunks_exact(length)
                .map(|code| {
                    let differs = |bit: &usize| is_set(code, *bit) != is_set(&query, *bit);
                    (0..8 * length).filter(differs).count() as f32
                })
                .collect();
            for level in Level::available() {
                let mut counts = vec![0.0; 9];
                differing(level, &query, &codes, &mut counts);
                assert_eq!(counts, expected, "{} {length}", level.name());
                let numbers = [8, 0, 3, 3, 1, 7, 2, 6, 5, 4, 8];
                let mut some = [0.0; 11];
                differing_at(level, &query, &codes, &numbers, &mut some);
                assert_eq!(some, numbers.map(|number| expected[number as usize]));
            }
        }
    }

    #[test]
    fn every_level_finds_the_ends() {
        for count in [1, 15, 16, 17, 100] {
            let mut components: Vec<f32> =
                (0..count).map(|at| f32::from(byte(at)) - 99.0).collect();
            for turn in 0..count.min(20) {
                let low = components.iter().copied().fold(f32::INFINITY, f32::min);
                let high = components.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                for level in Level::available() {
                    assert_eq!(
                        extremes(level, &components),
                        (low, high),
                        "{} {turn}",
                        level.name()
                    );
                }
                components.rotate_left(1);
            }
        }
    }

    #[test]
    fn every_level_weighs_as_a_plain_loop_does() {
        for count in [1, 63, 64, 130] {
            let components: Vec<f32> = (0..count).map(|at| f32::from(byte(at)) - 20.0).collect();
            for (inverse, last) in [(1.0, 255.0), (1.0 / 17.0, 15.0), (0.0, 3.0)] {
                let weight =
                    |at: usize| ((f32::from(byte(at)) * inverse + 0.5) as u32).min(last as u32);
                for level in Level::available() {
                    let expected: Vec<u8> = (0..count).map(|at| weight(at) as u8).collect();
                    assert_eq!(steps(level, &components, -20.0, inverse, last), expected);
                    let (planes, sum) = planes(level, &components, -20.0, inverse, last);
                    assert_eq!(sum, (0..count).map(weight).sum::<u32>(), "{}", level.name());
                    for at in 0..64 * planes.len() {
                        let (planes, _) = planes[at / 64].as_chunks::<8>();
                        let bit = |plane: &[u8; 8]| u32::from(is_set(plane, at % 64));
                        let found = planes.iter().rev().fold(0, |sum, plane| 2 * sum + bit(plane));
                        let expected = if at < count { weight(at) } else { 0 };
                        assert_eq!(found, expected, "{} {count} {at}", level.name());
                    }
                }
            }
        }
    }

    #[test]
    fn every_level_sums_the_weights_of_set_bits() {
        for components in [8_usize, 40, 64, 72, 200, 384] {
            let code_bytes = components / 8 + 3;
            let codes: Vec<u8> = (0..7 * code_bytes).map(byte).collect();
            let weights: Vec<f32> = (0..components).map(|at| f32::from(byte(at))).collect();
            let (planes, _) = planes(Level::PORTABLE, &weights, 0.0, 1.0, 255.0);
            let expected: Vec<(u32, u32)> = codes
                .chunks_exact(code_bytes)
                .map(|code| {
                    let set = || (0..components).filter(|bit| is_set(code, *bit));
                    (set().count() as u32, set().map(|bit| u32::from(byte(bit))).sum())
                })
                .collect();
            for level in Level::available() {
                let mut sums = vec![(0, 0); 7];
                weighted(level, &planes, components, &codes, code_bytes, &mut sums);
                assert_eq!(sums, expected, "{} {components}", level.name());
            }
        }
    }
}
