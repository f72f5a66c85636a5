//! The operations an instruction set must have.

use std::fmt::Debug;

/// Numbers in a vector, at every level: enough for AVX2, and two registers of SSE2 or NEON.
pub(crate) const LANES: usize = 8;

/// An instruction set, as a token. Operations are lane by lane unless they say otherwise.
pub(crate) trait Simd: Copy + Debug {
    /// Eight f32.
    type F32s: Copy;

    fn splat(self, value: f32) -> Self::F32s;
    fn load(self, lanes: &[f32; LANES]) -> Self::F32s;
    fn store(self, vector: Self::F32s, lanes: &mut [f32; LANES]);
    fn add(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn sub(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn div(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn abs(self, a: Self::F32s) -> Self::F32s;

    /// `a * b + c`, rounded once or twice.
    fn mul_add(self, a: Self::F32s, b: Self::F32s, c: Self::F32s) -> Self::F32s;

    /// `c - a * b`, rounded once or twice.
    fn neg_mul_add(self, a: Self::F32s, b: Self::F32s, c: Self::F32s) -> Self::F32s;

    /// The larger; `b` when either is NaN.
    fn max(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;

    /// Bit `i` is set unless `a[i] > b[i]`; so it is set when either is NaN.
    fn not_above(self, a: Self::F32s, b: Self::F32s) -> u8;

    /// The sum of all lanes.
    fn sum(self, a: Self::F32s) -> f32;

    /// The largest lane; anything when a lane is NaN.
    fn largest(self, a: Self::F32s) -> f32;

    /// Eight half-precision numbers from their bits, exactly.
    fn load_f16(self, bits: &[u16; LANES]) -> Self::F32s;
}
