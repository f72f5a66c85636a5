//! The processor's own guess at the reciprocal of a root.

/// About `1 / sqrt(square)`, to some twelve bits; how it is rounded depends on the processor.
/// Elsewhere than on x86-64, as exact as it gets.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn reciprocal_root(square: f32) -> f32 {
    use std::arch::x86_64::{_mm_cvtss_f32, _mm_rsqrt_ss, _mm_set_ss};
    // SAFETY: every x86-64 processor has SSE, and nothing but registers is touched.
    unsafe { _mm_cvtss_f32(_mm_rsqrt_ss(_mm_set_ss(square))) }
}

/// `1 / sqrt(square)`.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn reciprocal_root(square: f32) -> f32 {
    1.0 / square.sqrt()
}
