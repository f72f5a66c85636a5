//! With permutations of bytes (VBMI) and counts of ones: Intel since Ice Lake (2019), AMD since Zen 4 (2022).

use super::{Avx512, Extension};
use crate::arch::Kernel;
use crate::arch::simd::{BYTES, LANES};
use std::arch::x86_64::*;

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::arch) struct Vbmi(());

impl Avx512<Vbmi> {
    pub(in crate::arch) fn detect() -> Option<Avx512<Vbmi>> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        has_all.then_some(Avx512(Vbmi(())))
    }

    pub(in crate::arch) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(
            enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx512vpopcntdq,fma,f16c,popcnt,bmi1,bmi2"
        )]
        fn with_features<K: Kernel>(simd: Avx512<Vbmi>, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: a token is made by `detect` alone, after it found every feature named above.
        unsafe { with_features(self, kernel) }
    }
}

/// Where the numbers of a code are in four times 16 bytes: those of codes 0 to 7 in every second byte,
/// those of codes 8 to 15 between them.
const BY_CODE: [u8; BYTES] = {
    let mut order = [0; BYTES];
    let mut at = 0;
    while at < BYTES {
        let (code, part) = (at / 4, at % 4);
        order[at] = (part * 16 + if code < 8 { 2 * code } else { 2 * (code - 8) + 1 }) as u8;
        at += 1;
    }
    order
};

impl Extension for Vbmi {
    const ORDER: Option<[u8; BYTES]> = Some(BY_CODE);
    type Sums = [__m512i; 2];

    #[inline(always)]
    fn pick(self, groups: &[[u8; 2 * LANES]; 4], place: usize) -> [u8; 8] {
        intrinsic!({
            let address = groups.as_ptr().cast::<u8>();
            let low = _mm512_loadu_epi8(address.cast());
            let high = _mm512_loadu_epi8(address.add(4 * LANES).cast());
            let from_zero = _mm512_castsi128_si512(_mm_cvtsi64_si128(0x70_50_30_10_60_40_20_00));
            let places = _mm512_add_epi8(from_zero, _mm512_set1_epi8(place as i8));
            let picked = _mm512_permutex2var_epi8(low, places, high);
            _mm_cvtsi128_si64(_mm512_castsi512_si128(picked)).to_le_bytes()
        })
    }

    #[inline(always)]
    fn load_bits(self, words: [u64; 2], bits: u32) -> __m512i {
        intrinsic!({
            let words = _mm_set_epi64x(words[1].cast_signed(), words[0].cast_signed());
            let places = i64::from(bits) * 0x07_06_05_04_03_02_01_00;
            let numbers = _mm_multishift_epi64_epi8(_mm_set1_epi64x(places), words);
            let mask = _mm_set1_epi8(((1 << bits) - 1) as i8);
            _mm512_cvtepu8_epi32(_mm_and_si128(numbers, mask))
        })
    }

    #[inline(always)]
    fn no_sums(self) -> [__m512i; 2] {
        [intrinsic!(_mm512_setzero_si512()); 2]
    }

    /// The four numbers of a code lie side by side.
    #[inline(always)]
    fn arrange(self, numbers: __m512i) -> __m512i {
        intrinsic!({
            let order = _mm512_loadu_si512(BY_CODE.as_ptr().cast());
            _mm512_permutexvar_epi8(order, numbers)
        })
    }

    /// Each as a place in all four tables.
    #[inline(always)]
    fn places(self, by_code: __m512i) -> [__m512i; 2] {
        intrinsic!({
            let (half, tables) = (_mm512_set1_epi8(15), _mm512_set1_epi32(0x3020_1000));
            // The lower half of a byte, and in the upper half which table.
            const HALF_AND_TABLE: i32 = 0b1110_1010;
            [
                _mm512_ternarylogic_epi32::<HALF_AND_TABLE>(by_code, half, tables),
                _mm512_ternarylogic_epi32::<HALF_AND_TABLE>(
                    _mm512_srli_epi16::<4>(by_code),
                    half,
                    tables,
                ),
            ]
        })
    }

    #[inline(always)]
    fn entries(self, tables: __m512i, places: [__m512i; 2]) -> [__m512i; 2] {
        intrinsic!([
            _mm512_permutexvar_epi8(places[0], tables),
            _mm512_permutexvar_epi8(places[1], tables),
        ])
    }

    /// One instruction for either.
    const ADDS_BYTES: bool = false;

    #[inline(always)]
    fn add_entries(self, [low, high]: [__m512i; 2], entries: [__m512i; 2]) -> [__m512i; 2] {
        intrinsic!({
            let ones = _mm512_set1_epi8(1);
            [
                _mm512_dpbusd_epi32(low, entries[0], ones),
                _mm512_dpbusd_epi32(high, entries[1], ones),
            ]
        })
    }

    #[inline(always)]
    fn add_sums(self, a: [__m512i; 2], b: [__m512i; 2]) -> [__m512i; 2] {
        intrinsic!([_mm512_add_epi32(a[0], b[0]), _mm512_add_epi32(a[1], b[1])])
    }

    #[inline(always)]
    fn totals(self, sums: [__m512i; 2]) -> [__m512i; 2] {
        sums
    }

    #[inline(always)]
    fn add_ones(self, sum: __m512i, a: __m512i) -> __m512i {
        intrinsic!(_mm512_add_epi64(sum, _mm512_popcnt_epi64(a)))
    }
}
