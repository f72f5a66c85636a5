//! Whole numbers of a few bits, of which the highest is written apart from the others.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Bytes of the bits of a vector at most, and what is read beyond them.
const ROOM: usize = 3 * size_of::<u64>();

/// Sums that are kept side by side, so that none waits for the one before.
const CHAINS: usize = 4;

/// Numbers, one for each component: their highest bits, and `bits` others of each, both one behind another
/// and the lowest first.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a> {
    /// A bit a number.
    pub highest: &'a [u8],
    /// How many others there are, 1 to 8.
    pub bits: u32,
    /// The others.
    pub others: &'a [u8],
}

/// The sum of all components, each times its number less `middle`.
///
/// # Panics
/// If there are fewer numbers than components, or bits are not 1 to 8.
pub fn dot(level: Level, components: &[f32], numbers: Numbers<'_>, middle: f32) -> f32 {
    assert!((1..=8).contains(&numbers.bits));
    assert!(components.len().div_ceil(8) <= numbers.highest.len());
    assert!((components.len() * numbers.bits as usize).div_ceil(8) <= numbers.others.len());
    level.run(Dot { components, numbers, middle })
}

struct Dot<'a> {
    components: &'a [f32],
    numbers: Numbers<'a>,
    middle: f32,
}

impl Kernel for Dot<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let Numbers { bits, .. } = self.numbers;
        let scale = Scale {
            share: simd.splat((1 << bits) as f32),
            less: simd.splat(-self.middle),
            one: simd.splat(1.0),
        };
        let (vectors, rest) = self.components.as_chunks::<LANES>();
        let (rounds, some) = vectors.as_chunks::<CHAINS>();
        let mut sums = match bits {
            1 => self.numbers.masked_rounds(simd, scale, rounds),
            _ => self.numbers.rounds(simd, scale, rounds),
        };
        let done = rounds.len() * CHAINS;
        for chain in 0..CHAINS {
            if chain < some.len() {
                let number = self.numbers.load(simd, scale, done + chain);
                sums[chain] = simd.mul_add(simd.load(&some[chain]), number, sums[chain]);
            }
        }
        if !rest.is_empty() {
            let mut vector = [0.0; LANES];
            vector[..rest.len()].copy_from_slice(rest);
            let number = self.numbers.load(simd, scale, vectors.len());
            sums[0] = simd.mul_add(simd.load(&vector), number, sums[0]);
        }
        simd.sum(simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3])))
    }
}

/// What becomes of the bits of numbers: what the highest is worth, what is added to all, and 1.
#[derive(Clone, Copy)]
struct Scale<S: Simd> {
    share: S::F32s,
    less: S::F32s,
    one: S::F32s,
}

impl Numbers<'_> {
    /// The sums of whole rounds, where there is one bit beside the highest.
    #[inline(always)]
    fn masked_rounds<S: Simd>(
        self,
        simd: S,
        scale: Scale<S>,
        rounds: &[[[f32; LANES]; CHAINS]],
    ) -> [S::F32s; CHAINS] {
        let highest = self.highest.as_chunks::<{ 2 * CHAINS }>().0;
        let others = self.others.as_chunks::<{ 2 * CHAINS }>().0;
        let mut sums = [simd.splat(0.0); CHAINS];
        for ((vectors, highest), others) in rounds.iter().zip(highest).zip(others) {
            for chain in 0..CHAINS {
                let highest = u16::from_le_bytes([highest[2 * chain], highest[2 * chain + 1]]);
                let others = u16::from_le_bytes([others[2 * chain], others[2 * chain + 1]]);
                let number = simd.add_where(others, scale.less, scale.one);
                let number = simd.add_where(highest, number, scale.share);
                sums[chain] = simd.mul_add(simd.load(&vectors[chain]), number, sums[chain]);
            }
        }
        sums
    }

    /// The sums of whole rounds.
    #[inline(always)]
    fn rounds<S: Simd>(
        self,
        simd: S,
        scale: Scale<S>,
        rounds: &[[[f32; LANES]; CHAINS]],
    ) -> [S::F32s; CHAINS] {
        let mut sums = [simd.splat(0.0); CHAINS];
        for (round, vectors) in rounds.iter().enumerate() {
            for chain in 0..CHAINS {
                let number = self.load(simd, scale, round * CHAINS + chain);
                sums[chain] = simd.mul_add(simd.load(&vectors[chain]), number, sums[chain]);
            }
        }
        sums
    }

    /// A vector of numbers, each less the middle.
    #[inline(always)]
    fn load<S: Simd>(self, simd: S, scale: Scale<S>, vector: usize) -> S::F32s {
        let Numbers { highest, bits, others } = self;
        let others = match bits {
            1 => simd.add_where(lanes(others, vector), scale.less, scale.one),
            _ => {
                let others = simd.load_bits(words(others, vector, bits), bits);
                simd.add(simd.to_f32(others), scale.less)
            }
        };
        simd.add_where(lanes(highest, vector), others, scale.share)
    }
}

/// The bits of a vector.
#[inline(always)]
fn lanes(bytes: &[u8], vector: usize) -> u16 {
    let bytes = &bytes[2 * vector..];
    match bytes.first_chunk() {
        Some(both) => u16::from_le_bytes(*both),
        None => u16::from(bytes[0]),
    }
}

/// The bits of the first and the second half of a vector, and anything behind them.
#[inline(always)]
fn words(bytes: &[u8], vector: usize, bits: u32) -> [u64; 2] {
    let half = bits as usize * LANES / 2 / 8;
    let bytes = &bytes[2 * vector * half..];
    let mut room = [0; ROOM];
    let bytes = match bytes.first_chunk::<ROOM>() {
        Some(bytes) => bytes,
        None => {
            room[..bytes.len()].copy_from_slice(bytes);
            &room
        }
    };
    let word = |at: usize| u64::from_le_bytes(*bytes[at..].first_chunk().expect("a word"));
    [word(0), word(half)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_weighs_numbers_as_a_plain_loop_does() {
        let byte = |at: usize| (at * at * 31 + at * 7 + at / 256) as u8;
        for count in [1_usize, 8, 15, 16, 17, 64, 100, 384] {
            let components: Vec<f32> = (0..count).map(|at| f32::from(byte(at)) / 16.0).collect();
            let highest: Vec<u8> = (3..3 + count.div_ceil(8)).map(byte).collect();
            for bits in 1..=8_u32 {
                let bytes = (count * bits as usize).div_ceil(8);
                let others: Vec<u8> = (9..9 + bytes).map(byte).collect();
                let is_set = |bytes: &[u8], bit: usize| bytes[bit / 8] >> (bit % 8) & 1 != 0;
                let number = |at: usize| {
                    let bit = |place: u32| is_set(&others, at * bits as usize + place as usize);
                    let others = (0..bits).filter(|place| bit(*place)).map(|place| 1 << place);
                    others.sum::<u32>() + (u32::from(is_set(&highest, at)) << bits)
                };
                let terms = components.iter().enumerate();
                let expected: f32 = terms.map(|(at, x)| x * (number(at) as f32 - 1.5)).sum();
                let numbers = Numbers { highest: &highest, bits, others: &others };
                for level in Level::available() {
                    let found = dot(level, &components, numbers, 1.5);
                    let near = (found - expected).abs() <= expected.abs() * 1e-5;
                    assert!(near, "{} {count} {bits}: {found} {expected}", level.name());
                }
            }
        }
    }
}
