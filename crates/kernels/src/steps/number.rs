//! How numbers are read.

use crate::arch::{LANES, SIX_BITS, Simd};

/// Numbers, a vector of them at a time.
pub(super) trait Number {
    /// Bytes of a vector of numbers.
    const BYTES: usize;

    /// The first vector in some bytes.
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s;

    /// The numbers in fewer bytes, and zeros.
    #[inline(always)]
    fn load_some<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        let mut vector = [0; 2 * LANES];
        vector[..bytes.len()].copy_from_slice(bytes);
        Self::load(simd, &vector[..Self::BYTES])
    }
}

pub(super) struct Byte;
pub(super) struct Nibble;
pub(super) struct SixBits;
pub(super) struct F16;
pub(super) struct Bf16;

impl Number for Byte {
    const BYTES: usize = LANES;

    #[inline(always)]
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        let bytes: &[u8; LANES] = bytes.first_chunk().expect("a vector of bytes");
        simd.to_f32(simd.load_i32(&std::array::from_fn(|lane| i32::from(bytes[lane]))))
    }
}

impl Number for Nibble {
    const BYTES: usize = LANES / 2;

    #[inline(always)]
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        let bytes: &[u8; LANES / 2] = bytes.first_chunk().expect("a vector of halves of bytes");
        let half = |lane: usize| i32::from(bytes[lane / 2] >> (lane % 2 * 4) & 15);
        simd.to_f32(simd.load_i32(&std::array::from_fn(half)))
    }
}

impl Number for SixBits {
    const BYTES: usize = SIX_BITS;

    #[inline(always)]
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        let bytes = bytes.first_chunk().expect("a vector of six bits each");
        simd.to_f32(simd.load_six_bits(bytes))
    }
}

impl Number for F16 {
    const BYTES: usize = 2 * LANES;

    #[inline(always)]
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        simd.load_f16(&halves(bytes))
    }
}

impl Number for Bf16 {
    const BYTES: usize = 2 * LANES;

    #[inline(always)]
    fn load<S: Simd>(simd: S, bytes: &[u8]) -> S::F32s {
        let halves = halves(bytes);
        let float = |lane: usize| f32::from_bits(u32::from(halves[lane]) << 16);
        simd.load(&std::array::from_fn(float))
    }
}

#[inline(always)]
fn halves(bytes: &[u8]) -> [u16; LANES] {
    let (pairs, _) = bytes.as_chunks::<2>();
    std::array::from_fn(|lane| u16::from_le_bytes(pairs[lane]))
}
