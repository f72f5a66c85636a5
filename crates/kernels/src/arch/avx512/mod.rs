//! x86-64 with AVX-512 and its dot products of bytes: what all such CPUs have, over an [`Extension`] for the
//! operations that newer ones do otherwise.

use super::simd::{BYTES, HALF, LANES, SIX_BITS, Simd};
use std::arch::x86_64::*;
use std::fmt::Debug;

/// An intrinsic of this level, called from a method of the token.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: the method has a token, which `detect` makes only where the CPU has the
        // features. Pointers come from references to arrays of the size the intrinsic reads or
        // writes, and the unaligned forms are used.
        unsafe { $call }
    };
}

mod vbmi;
mod vnni;

pub(super) use vbmi::Vbmi;
pub(super) use vnni::Vnni;

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx512<E>(E);

/// The operations that CPUs with AVX-512 do in different ways; as in [`Simd`].
pub(super) trait Extension: Copy + Debug {
    const ORDER: Option<[u8; BYTES]>;
    type Sums: Copy;

    fn pick(self, groups: &[[u8; 2 * LANES]; 4], place: usize) -> [u8; 8];
    fn load_bits(self, words: [u64; 2], bits: u32) -> __m512i;
    fn no_sums(self) -> Self::Sums;
    fn arrange(self, numbers: __m512i) -> __m512i;
    fn places(self, numbers: __m512i) -> [__m512i; 2];
    const ADDS_BYTES: bool;
    fn entries(self, tables: __m512i, places: [__m512i; 2]) -> [__m512i; 2];
    fn add_entries(self, sums: Self::Sums, entries: [__m512i; 2]) -> Self::Sums;
    fn add_sums(self, a: Self::Sums, b: Self::Sums) -> Self::Sums;
    fn totals(self, sums: Self::Sums) -> [__m512i; 2];
    fn add_ones(self, sum: __m512i, a: __m512i) -> __m512i;
}

impl<E: Extension> Simd for Avx512<E> {
    const REGISTERS: usize = 32;

    type F32s = __m512;
    type I32s = __m512i;
    type Bytes = __m512i;
    type Half = __m256;
    type Places = [__m512i; 2];
    type Sums = E::Sums;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        intrinsic!(_mm512_set1_ps(value))
    }

    #[inline(always)]
    fn load(self, lanes: &[f32; LANES]) -> __m512 {
        intrinsic!(_mm512_loadu_ps(lanes.as_ptr()))
    }

    #[inline(always)]
    fn store(self, vector: __m512, lanes: &mut [f32; LANES]) {
        intrinsic!(_mm512_storeu_ps(lanes.as_mut_ptr(), vector));
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn abs(self, a: __m512) -> __m512 {
        intrinsic!(_mm512_abs_ps(a))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        intrinsic!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn neg_mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        intrinsic!(_mm512_fnmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn not_above(self, a: __m512, b: __m512) -> u16 {
        intrinsic!(_mm512_cmp_ps_mask::<_CMP_NGT_UQ>(a, b))
    }

    #[inline(always)]
    fn sum(self, a: __m512) -> f32 {
        intrinsic!(_mm512_reduce_add_ps(a))
    }

    #[inline(always)]
    fn largest(self, a: __m512) -> f32 {
        intrinsic!(_mm512_reduce_max_ps(a))
    }

    #[inline(always)]
    fn largest_of(self, [a, b, c, d]: [__m512; 4]) -> [f32; 4] {
        // In each quarter first two lanes of each of two, then one of each of four.
        let mut largest = [0.0; 4];
        intrinsic!({
            let ab = _mm512_max_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let cd = _mm512_max_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let low = _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd);
            let all = _mm512_max_ps(low, _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd));
            let half = _mm256_max_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps::<1>(all));
            let one = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps::<1>(half));
            _mm_storeu_ps(largest.as_mut_ptr(), one);
        });
        largest
    }

    #[inline(always)]
    fn add_where(self, lanes: u16, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_mask_add_ps(a, lanes, a, b))
    }

    #[inline(always)]
    fn load_f16(self, bits: &[u16; LANES]) -> __m512 {
        intrinsic!(_mm512_cvtph_ps(_mm256_loadu_si256(bits.as_ptr().cast())))
    }

    #[inline(always)]
    fn splat_i32(self, value: i32) -> __m512i {
        intrinsic!(_mm512_set1_epi32(value))
    }

    #[inline(always)]
    fn pick(self, groups: &[[u8; 2 * LANES]; 4], place: usize) -> [u8; 8] {
        self.0.pick(groups, place)
    }

    #[inline(always)]
    fn load_six_bits(self, bytes: &[u8; SIX_BITS]) -> __m512i {
        intrinsic!({
            let bytes = _mm_maskz_loadu_epi8((1 << SIX_BITS) - 1, bytes.as_ptr().cast());
            // Three bytes hold four numbers: each lane takes them, and shifts its own down.
            let threes = _mm512_setr_epi32(
                0x0f_02_01_00,
                0x0f_02_01_00,
                0x0f_02_01_00,
                0x0f_02_01_00,
                0x0f_05_04_03,
                0x0f_05_04_03,
                0x0f_05_04_03,
                0x0f_05_04_03,
                0x0f_08_07_06,
                0x0f_08_07_06,
                0x0f_08_07_06,
                0x0f_08_07_06,
                0x0f_0b_0a_09,
                0x0f_0b_0a_09,
                0x0f_0b_0a_09,
                0x0f_0b_0a_09,
            );
            let fours = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(bytes), threes);
            let shifts = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 6, 12, 18));
            _mm512_and_si512(_mm512_srlv_epi32(fours, shifts), _mm512_set1_epi32(63))
        })
    }

    #[inline(always)]
    fn load_bits(self, words: [u64; 2], bits: u32) -> __m512i {
        self.0.load_bits(words, bits)
    }

    #[inline(always)]
    fn load_i32(self, lanes: &[i32; LANES]) -> __m512i {
        intrinsic!(_mm512_loadu_si512(lanes.as_ptr().cast()))
    }

    #[inline(always)]
    fn add_i32(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_add_epi32(a, b))
    }

    #[inline(always)]
    fn to_f32(self, a: __m512i) -> __m512 {
        intrinsic!(_mm512_cvtepi32_ps(a))
    }

    /// The larger of what is no number and 0 is 0, in this order.
    #[inline(always)]
    fn to_bytes(self, a: __m512) -> [u8; LANES] {
        let mut bytes = [0; LANES];
        intrinsic!({
            let within =
                _mm512_min_ps(_mm512_max_ps(a, _mm512_setzero_ps()), _mm512_set1_ps(255.0));
            let whole = _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(within));
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), whole);
        });
        bytes
    }

    #[inline(always)]
    fn sum_i32(self, a: __m512i) -> i32 {
        intrinsic!(_mm512_reduce_add_epi32(a))
    }

    #[inline(always)]
    fn prefetch(self, address: *const u8) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T0>(address.cast()));
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; BYTES]) -> __m512i {
        intrinsic!(_mm512_loadu_si512(bytes.as_ptr().cast()))
    }

    #[inline(always)]
    fn splat_bytes(self, bytes: [u8; 4]) -> __m512i {
        intrinsic!(_mm512_set1_epi32(i32::from_le_bytes(bytes)))
    }

    #[inline(always)]
    fn top_bits(self, a: __m512i) -> u64 {
        intrinsic!(_mm512_movepi8_mask(a))
    }

    #[inline(always)]
    fn add_products(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_dpbusd_epi32(sum, a, b))
    }

    #[inline(always)]
    fn fused(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        self.mul_add(a, b, c)
    }

    #[inline(always)]
    fn no_sums(self) -> E::Sums {
        self.0.no_sums()
    }

    const ORDER: Option<[u8; BYTES]> = E::ORDER;

    #[inline(always)]
    fn arrange(self, numbers: __m512i) -> __m512i {
        self.0.arrange(numbers)
    }

    #[inline(always)]
    fn places(self, numbers: __m512i) -> [__m512i; 2] {
        self.0.places(numbers)
    }

    #[inline(always)]
    fn entries(self, tables: __m512i, places: [__m512i; 2]) -> [__m512i; 2] {
        self.0.entries(tables, places)
    }

    const ADDS_BYTES: bool = E::ADDS_BYTES;

    #[inline(always)]
    fn add_bytes(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_add_epi8(a, b))
    }

    #[inline(always)]
    fn add_entries(self, sums: E::Sums, entries: [__m512i; 2]) -> E::Sums {
        self.0.add_entries(sums, entries)
    }

    #[inline(always)]
    fn add_sums(self, a: E::Sums, b: E::Sums) -> E::Sums {
        self.0.add_sums(a, b)
    }

    #[inline(always)]
    fn totals(self, sums: E::Sums) -> [__m512i; 2] {
        self.0.totals(sums)
    }

    #[inline(always)]
    fn splat_u64(self, value: u64) -> __m512i {
        intrinsic!(_mm512_set1_epi64(value.cast_signed()))
    }

    #[inline(always)]
    fn and(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_and_si512(a, b))
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_xor_si512(a, b))
    }

    #[inline(always)]
    fn add_ones(self, sum: __m512i, a: __m512i) -> __m512i {
        self.0.add_ones(sum, a)
    }

    #[inline(always)]
    fn sum_u64(self, a: __m512i) -> u64 {
        intrinsic!(_mm512_reduce_add_epi64(a).cast_unsigned())
    }

    #[inline(always)]
    fn sum_doubling(self, a: __m512i) -> u64 {
        intrinsic!({
            let shifts = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
            _mm512_reduce_add_epi64(_mm512_sllv_epi64(a, shifts)).cast_unsigned()
        })
    }

    #[inline(always)]
    fn load_half(self, lanes: &[f32; HALF]) -> __m256 {
        intrinsic!(_mm256_loadu_ps(lanes.as_ptr()))
    }

    #[inline(always)]
    fn store_half(self, half: __m256, lanes: &mut [f32; HALF]) {
        intrinsic!(_mm256_storeu_ps(lanes.as_mut_ptr(), half));
    }

    #[inline(always)]
    fn add_halves(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub_halves(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul_halves(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn abs_half(self, a: __m256) -> __m256 {
        intrinsic!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn fused_halves(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        intrinsic!(_mm256_fmadd_ps(a, b, c))
    }
}
