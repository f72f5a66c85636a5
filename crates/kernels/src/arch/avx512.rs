//! x86-64 with AVX-512 and its extensions for integers: Intel since Ice Lake (2019), AMD since
//! Zen 4 (2022).

use super::Kernel;
use super::simd::{BYTES, HALF, LANES, Simd};
use std::arch::x86_64::*;

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        has_all.then_some(Avx512(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(
            enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vpopcntdq,fma,f16c,popcnt,bmi1,bmi2"
        )]
        fn with_features<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: a token is made by `detect` alone, after it found every feature named above.
        unsafe { with_features(self, kernel) }
    }
}

/// An intrinsic of this level, called from a method of the token.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: the method has a token, which `detect` makes only where the CPU has the
        // features. Pointers come from references to arrays of the size the intrinsic reads or
        // writes, and the unaligned forms are used.
        unsafe { $call }
    };
}

impl Simd for Avx512 {
    const REGISTERS: usize = 32;

    type F32s = __m512;
    type I32s = __m512i;
    type Bytes = __m512i;
    type Half = __m256;

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
    fn load_f16(self, bits: &[u16; LANES]) -> __m512 {
        intrinsic!(_mm512_cvtph_ps(_mm256_loadu_si256(bits.as_ptr().cast())))
    }

    #[inline(always)]
    fn splat_i32(self, value: i32) -> __m512i {
        intrinsic!(_mm512_set1_epi32(value))
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
    fn look_up(self, table: __m512i, places: __m512i) -> __m512i {
        intrinsic!(_mm512_shuffle_epi8(table, places))
    }

    #[inline(always)]
    fn lower_halves(self, a: __m512i) -> __m512i {
        intrinsic!(_mm512_and_si512(a, _mm512_set1_epi8(15)))
    }

    #[inline(always)]
    fn upper_halves(self, a: __m512i) -> __m512i {
        self.lower_halves(intrinsic!(_mm512_srli_epi16::<4>(a)))
    }

    #[inline(always)]
    fn upper_bytes(self, a: __m512i) -> __m512i {
        intrinsic!(_mm512_srli_epi16::<8>(a))
    }

    #[inline(always)]
    fn add_u16(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_add_epi16(a, b))
    }

    #[inline(always)]
    fn untangled_sums(self, [a, b, c, d]: [__m512i; 4]) -> __m512i {
        intrinsic!({
            let first = _mm512_shuffle_i64x2::<0b01_00_01_00>(a, b);
            let ab = _mm512_add_epi16(first, _mm512_shuffle_i64x2::<0b11_10_11_10>(a, b));
            let first = _mm512_shuffle_i64x2::<0b01_00_01_00>(c, d);
            let cd = _mm512_add_epi16(first, _mm512_shuffle_i64x2::<0b11_10_11_10>(c, d));
            let even = _mm512_shuffle_i64x2::<0b10_00_10_00>(ab, cd);
            let sums = _mm512_add_epi16(even, _mm512_shuffle_i64x2::<0b11_01_11_01>(ab, cd));
            // The second and the last quarter in the places of those before them, zeros elsewhere.
            let upper = _mm512_maskz_shuffle_i64x2::<0b11_11_01_01>(0b0011_0011, sums, sums);
            _mm512_sub_epi16(sums, _mm512_slli_epi16::<8>(upper))
        })
    }

    #[inline(always)]
    fn not_above_u16(self, a: __m512i, b: __m512i) -> u32 {
        intrinsic!(_mm512_cmple_epu16_mask(a, b))
    }

    #[inline(always)]
    fn splat_u64(self, value: u64) -> __m512i {
        intrinsic!(_mm512_set1_epi64(value.cast_signed()))
    }

    #[inline(always)]
    fn add_ones(self, sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_and_si512(a, b))))
    }

    #[inline(always)]
    fn sum_doubling(self, a: __m512i) -> u64 {
        intrinsic!({
            let shifts = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
            _mm512_reduce_add_epi64(_mm512_sllv_epi64(a, shifts)).cast_unsigned()
        })
    }

    #[inline(always)]
    fn store_bytes(self, a: __m512i, bytes: &mut [u8; BYTES]) {
        intrinsic!(_mm512_storeu_si512(bytes.as_mut_ptr().cast(), a));
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
