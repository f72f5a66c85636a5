//! x86-64 with AVX2, FMA, F16C and POPCNT: Intel since Haswell (2013), AMD since Excavator (2015).

use super::Kernel;
use super::simd::{LANES, Simd};
use std::arch::x86_64::*;

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2Fma(());

impl Avx2Fma {
    pub(super) fn detect() -> Option<Avx2Fma> {
        let has_all = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        has_all.then_some(Avx2Fma(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma,f16c,popcnt,bmi1,bmi2")]
        fn with_features<K: Kernel>(simd: Avx2Fma, kernel: K) -> K::Output {
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

impl Simd for Avx2Fma {
    type F32s = __m256;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        intrinsic!(_mm256_set1_ps(value))
    }

    #[inline(always)]
    fn load(self, lanes: &[f32; LANES]) -> __m256 {
        intrinsic!(_mm256_loadu_ps(lanes.as_ptr()))
    }

    #[inline(always)]
    fn store(self, vector: __m256, lanes: &mut [f32; LANES]) {
        intrinsic!(_mm256_storeu_ps(lanes.as_mut_ptr(), vector));
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn abs(self, a: __m256) -> __m256 {
        intrinsic!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        intrinsic!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn neg_mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        intrinsic!(_mm256_fnmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn not_above(self, a: __m256, b: __m256) -> u8 {
        intrinsic!(_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGT_UQ>(a, b))) as u8
    }

    #[inline(always)]
    fn sum(self, a: __m256) -> f32 {
        intrinsic!({
            let four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn largest(self, a: __m256) -> f32 {
        intrinsic!({
            let four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn load_f16(self, bits: &[u16; LANES]) -> __m256 {
        intrinsic!(_mm256_cvtph_ps(_mm_loadu_si128(bits.as_ptr().cast())))
    }
}
