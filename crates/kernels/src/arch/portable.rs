//! Arrays and plain loops, which the compiler turns into whatever vectors the
//! target has.

use super::simd::{BYTES, HALF, LANES, Simd};
use half::f16;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portable;

type Lanes = [f32; LANES];

#[inline(always)]
fn zip<T: Copy>(a: [T; LANES], b: [T; LANES], op: impl Fn(T, T) -> T) -> [T; LANES] {
    std::array::from_fn(|lane| op(a[lane], b[lane]))
}

/// Halves the lanes until one is left, as the vector levels do.
#[inline(always)]
fn fold<T: Copy>(mut a: [T; LANES], op: impl Fn(T, T) -> T) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            a[lane] = op(a[lane], a[lane + half]);
        }
        half /= 2;
    }
    a[0]
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn is_not_above(a: f32, b: f32) -> bool {
    a.partial_cmp(&b) != Some(Ordering::Greater)
}

/// The 64-bit numbers in pairs of lanes.
#[inline(always)]
fn numbers(a: [u32; LANES]) -> impl Iterator<Item = u64> {
    (0..LANES / 2).map(move |at| u64::from(a[2 * at]) | u64::from(a[2 * at + 1]) << 32)
}

impl Simd for Portable {
    const REGISTERS: usize = 4;

    type F32s = Lanes;
    type I32s = [i32; LANES];
    type Bytes = [u32; LANES];
    type Half = [f32; HALF];
    type Places = [u32; LANES];
    type Sums = [[i32; LANES]; 2];

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, lanes: &[f32; LANES]) -> Lanes {
        *lanes
    }

    #[inline(always)]
    fn store(self, vector: Lanes, lanes: &mut [f32; LANES]) {
        *lanes = vector;
    }

    #[inline(always)]
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn abs(self, a: Lanes) -> Lanes {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| c[lane] - a[lane] * b[lane])
    }

    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        zip(a, b, larger)
    }

    #[inline(always)]
    fn not_above(self, a: Lanes, b: Lanes) -> u16 {
        (0..LANES).fold(0, |mask, lane| mask | u16::from(is_not_above(a[lane], b[lane])) << lane)
    }

    #[inline(always)]
    fn sum(self, a: Lanes) -> f32 {
        fold(a, |a, b| a + b)
    }

    #[inline(always)]
    fn largest(self, a: Lanes) -> f32 {
        fold(a, larger)
    }

    #[inline(always)]
    fn add_where(self, lanes: u16, a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| if lanes >> lane & 1 == 1 { a[lane] + b[lane] } else { a[lane] })
    }

    #[inline(always)]
    fn load_f16(self, bits: &[u16; LANES]) -> Lanes {
        bits.map(|bits| f16::from_bits(bits).to_f32_const())
    }

    #[inline(always)]
    fn splat_i32(self, value: i32) -> [i32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn load_i32(self, lanes: &[i32; LANES]) -> [i32; LANES] {
        *lanes
    }

    #[inline(always)]
    fn add_i32(self, a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] {
        zip(a, b, i32::wrapping_add)
    }

    #[inline(always)]
    fn to_f32(self, a: [i32; LANES]) -> Lanes {
        a.map(|a| a as f32)
    }

    #[inline(always)]
    fn to_bytes(self, a: Lanes) -> [u8; LANES] {
        a.map(|a| a as u8)
    }

    #[inline(always)]
    fn sum_i32(self, a: [i32; LANES]) -> i32 {
        fold(a, i32::wrapping_add)
    }

    #[inline(always)]
    fn prefetch(self, _: *const u8) {}

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; BYTES]) -> [u32; LANES] {
        let words = bytes.as_chunks().0;
        std::array::from_fn(|lane| u32::from_le_bytes(words[lane]))
    }

    #[inline(always)]
    fn splat_bytes(self, bytes: [u8; 4]) -> [u32; LANES] {
        [u32::from_le_bytes(bytes); LANES]
    }

    #[inline(always)]
    fn top_bits(self, a: [u32; LANES]) -> u64 {
        let mut bits = 0;
        for pair in 0..LANES / 2 {
            let eight = u64::from(a[2 * pair + 1]) << 32 | u64::from(a[2 * pair]);
            // The product moves the eight bits, which are 8 apart, next to each other to the top.
            let packed = (eight >> 7 & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080);
            bits |= packed >> 56 << (8 * pair);
        }
        bits
    }

    /// The bytes are cut out of words by shifts, which the compiler does for many lanes at once;
    /// arrays of bytes it takes one by one (docs/notes/0005-levels.md).
    #[inline(always)]
    fn add_products(self, mut sum: [i32; LANES], a: [u32; LANES], b: [u32; LANES]) -> [i32; LANES] {
        for byte in 0..4 {
            for lane in 0..LANES {
                let a = (a[lane] >> (8 * byte)) as u8;
                let b = (b[lane] >> (8 * byte)) as i8;
                sum[lane] = sum[lane].wrapping_add(i32::from(a) * i32::from(b));
            }
        }
        sum
    }

    #[inline(always)]
    fn fused(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }

    #[inline(always)]
    fn no_sums(self) -> [[i32; LANES]; 2] {
        [[0; LANES]; 2]
    }

    #[inline(always)]
    fn places(self, numbers: [u32; LANES]) -> [u32; LANES] {
        numbers
    }

    #[inline(always)]
    fn entries(self, tables: [u32; LANES], places: [u32; LANES]) -> [[u32; LANES]; 2] {
        let tables = tables.map(u32::to_le_bytes);
        let tables = tables.as_flattened().as_chunks::<16>().0;
        let entry = |lane: usize, byte: usize, shift: usize| {
            tables[lane / 4][(places[lane] >> (8 * byte + shift) & 15) as usize]
        };
        [0, 4].map(|shift| {
            std::array::from_fn(|lane| {
                u32::from_le_bytes(std::array::from_fn(|byte| entry(lane, byte, shift)))
            })
        })
    }

    #[inline(always)]
    fn add_bytes(self, a: [u32; LANES], b: [u32; LANES]) -> [u32; LANES] {
        zip(a, b, |a, b| {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            u32::from_le_bytes(std::array::from_fn(|byte| a[byte].wrapping_add(b[byte])))
        })
    }

    #[inline(always)]
    fn add_entries(
        self,
        mut sums: [[i32; LANES]; 2],
        entries: [[u32; LANES]; 2],
    ) -> [[i32; LANES]; 2] {
        for (sums, entries) in sums.iter_mut().zip(entries) {
            for part in entries.as_chunks::<4>().0 {
                for (code, sum) in sums.iter_mut().enumerate() {
                    let byte = if code < 8 { 2 * code } else { 2 * (code - 8) + 1 };
                    *sum += (part[byte / 4] >> (byte % 4 * 8) & 255) as i32;
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn add_sums(self, a: [[i32; LANES]; 2], b: [[i32; LANES]; 2]) -> [[i32; LANES]; 2] {
        [self.add_i32(a[0], b[0]), self.add_i32(a[1], b[1])]
    }

    #[inline(always)]
    fn totals(self, sums: [[i32; LANES]; 2]) -> [[i32; LANES]; 2] {
        sums
    }

    #[inline(always)]
    fn splat_u64(self, value: u64) -> [u32; LANES] {
        std::array::from_fn(|lane| (value >> (lane % 2 * 32)) as u32)
    }

    /// Counts are below 2 to the power of 32, so that the upper lane of each two stays 0.
    #[inline(always)]
    fn and(self, a: [u32; LANES], b: [u32; LANES]) -> [u32; LANES] {
        std::array::from_fn(|lane| a[lane] & b[lane])
    }

    #[inline(always)]
    fn xor(self, a: [u32; LANES], b: [u32; LANES]) -> [u32; LANES] {
        std::array::from_fn(|lane| a[lane] ^ b[lane])
    }

    #[inline(always)]
    fn add_ones(self, mut sum: [u32; LANES], a: [u32; LANES]) -> [u32; LANES] {
        for (lane, bits) in a.into_iter().enumerate() {
            sum[lane / 2 * 2] += bits.count_ones();
        }
        sum
    }

    #[inline(always)]
    fn sum_u64(self, a: [u32; LANES]) -> u64 {
        numbers(a).sum()
    }

    #[inline(always)]
    fn sum_doubling(self, a: [u32; LANES]) -> u64 {
        numbers(a).enumerate().fold(0, |sum, (at, number)| sum + (number << at))
    }

    #[inline(always)]
    fn load_half(self, lanes: &[f32; HALF]) -> [f32; HALF] {
        *lanes
    }

    #[inline(always)]
    fn store_half(self, half: [f32; HALF], lanes: &mut [f32; HALF]) {
        *lanes = half;
    }

    #[inline(always)]
    fn add_halves(self, a: [f32; HALF], b: [f32; HALF]) -> [f32; HALF] {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    #[inline(always)]
    fn sub_halves(self, a: [f32; HALF], b: [f32; HALF]) -> [f32; HALF] {
        std::array::from_fn(|lane| a[lane] - b[lane])
    }

    #[inline(always)]
    fn mul_halves(self, a: [f32; HALF], b: [f32; HALF]) -> [f32; HALF] {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    #[inline(always)]
    fn abs_half(self, a: [f32; HALF]) -> [f32; HALF] {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn fused_halves(self, a: [f32; HALF], b: [f32; HALF], c: [f32; HALF]) -> [f32; HALF] {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }
}
