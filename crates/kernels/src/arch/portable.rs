//! Arrays of eight numbers and plain loops, which the compiler turns into whatever vectors the
//! target has.

use super::simd::{LANES, Simd};
use half::f16;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portable;

type Lanes = [f32; LANES];

#[inline(always)]
fn zip(a: Lanes, b: Lanes, op: impl Fn(f32, f32) -> f32) -> Lanes {
    std::array::from_fn(|lane| op(a[lane], b[lane]))
}

/// Halves the lanes until one is left, as the vector levels do.
#[inline(always)]
fn fold(a: Lanes, op: impl Fn(f32, f32) -> f32) -> f32 {
    let four: [f32; 4] = std::array::from_fn(|lane| op(a[lane], a[lane + 4]));
    op(op(four[0], four[2]), op(four[1], four[3]))
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn is_not_above(a: f32, b: f32) -> bool {
    a.partial_cmp(&b) != Some(Ordering::Greater)
}

impl Simd for Portable {
    type F32s = Lanes;

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
    fn not_above(self, a: Lanes, b: Lanes) -> u8 {
        (0..LANES).fold(0, |mask, lane| mask | u8::from(is_not_above(a[lane], b[lane])) << lane)
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
    fn load_f16(self, bits: &[u16; LANES]) -> Lanes {
        bits.map(|bits| f16::from_bits(bits).to_f32_const())
    }
}
