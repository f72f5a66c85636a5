//! Without permutations of bytes: Intel Cascade Lake (2019) and Cooper Lake (2020).

use super::{Avx512, Extension};
use crate::arch::Kernel;
use crate::arch::simd::{BYTES, LANES};
use std::arch::x86_64::*;

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::arch) struct Vnni(());

impl Avx512<Vnni> {
    pub(in crate::arch) fn detect() -> Option<Avx512<Vnni>> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2");
        has_all.then_some(Avx512(Vnni(())))
    }

    pub(in crate::arch) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(
            enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c,popcnt,bmi1,bmi2"
        )]
        fn with_features<K: Kernel>(simd: Avx512<Vnni>, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: a token is made by `detect` alone, after it found every feature named above.
        unsafe { with_features(self, kernel) }
    }
}

/// Still arranged, so that vectors begin where lines of the cache do.
const AS_THEY_LIE: [u8; BYTES] = {
    let mut order = [0; BYTES];
    let mut at = 0;
    while at < BYTES {
        order[at] = at as u8;
        at += 1;
    }
    order
};

impl Extension for Vnni {
    const ORDER: Option<[u8; BYTES]> = Some(AS_THEY_LIE);
    /// In 16 bits: of the lower halves of the numbers the bytes as they lie, then those of odd places
    /// again, and both of the upper halves.
    type Sums = [__m512i; 4];

    /// Words are picked, and of each the byte.
    #[inline(always)]
    fn pick(self, groups: &[[u8; 2 * LANES]; 4], place: usize) -> [u8; 8] {
        intrinsic!({
            let address = groups.as_ptr().cast::<u8>();
            let low = _mm512_loadu_epi8(address.cast());
            let high = _mm512_loadu_epi8(address.add(4 * LANES).cast());
            let from_zero = _mm512_castsi128_si512(_mm_setr_epi16(0, 16, 32, 48, 8, 24, 40, 56));
            let places = _mm512_add_epi16(from_zero, _mm512_set1_epi16((place / 2) as i16));
            let words = _mm512_castsi512_si128(_mm512_permutex2var_epi16(low, places, high));
            let byte = _mm_srl_epi16(words, _mm_cvtsi32_si128(8 * (place % 2) as i32));
            let byte = _mm_and_si128(byte, _mm_set1_epi16(0xff));
            _mm_cvtsi128_si64(_mm_packus_epi16(byte, byte)).to_le_bytes()
        })
    }

    #[inline(always)]
    fn load_bits(self, words: [u64; 2], bits: u32) -> __m512i {
        intrinsic!({
            let places = _mm512_mullo_epi64(
                _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7),
                _mm512_set1_epi64(i64::from(bits)),
            );
            let first = _mm512_srlv_epi64(_mm512_set1_epi64(words[0].cast_signed()), places);
            let second = _mm512_srlv_epi64(_mm512_set1_epi64(words[1].cast_signed()), places);
            let first = _mm512_castsi256_si512(_mm512_cvtepi64_epi32(first));
            let both = _mm512_inserti64x4::<1>(first, _mm512_cvtepi64_epi32(second));
            _mm512_and_si512(both, _mm512_set1_epi32((1 << bits) - 1))
        })
    }

    #[inline(always)]
    fn no_sums(self) -> [__m512i; 4] {
        [intrinsic!(_mm512_setzero_si512()); 4]
    }

    #[inline(always)]
    fn arrange(self, numbers: __m512i) -> __m512i {
        numbers
    }

    #[inline(always)]
    fn places(self, numbers: __m512i) -> [__m512i; 2] {
        intrinsic!({
            let half = _mm512_set1_epi8(15);
            let upper = _mm512_srli_epi16::<4>(numbers);
            [_mm512_and_si512(numbers, half), _mm512_and_si512(upper, half)]
        })
    }

    #[inline(always)]
    fn entries(self, tables: __m512i, places: [__m512i; 2]) -> [__m512i; 2] {
        intrinsic!(
            [_mm512_shuffle_epi8(tables, places[0]), _mm512_shuffle_epi8(tables, places[1]),]
        )
    }

    const ADDS_BYTES: bool = true;

    #[inline(always)]
    fn add_entries(
        self,
        [low, low_upper, high, high_upper]: [__m512i; 4],
        [found, further]: [__m512i; 2],
    ) -> [__m512i; 4] {
        intrinsic!({
            [
                _mm512_add_epi16(low, found),
                _mm512_add_epi16(low_upper, _mm512_srli_epi16::<8>(found)),
                _mm512_add_epi16(high, further),
                _mm512_add_epi16(high_upper, _mm512_srli_epi16::<8>(further)),
            ]
        })
    }

    #[inline(always)]
    fn add_sums(self, a: [__m512i; 4], b: [__m512i; 4]) -> [__m512i; 4] {
        intrinsic!([
            _mm512_add_epi16(a[0], b[0]),
            _mm512_add_epi16(a[1], b[1]),
            _mm512_add_epi16(a[2], b[2]),
            _mm512_add_epi16(a[3], b[3]),
        ])
    }

    /// Of each 16 codes the upper sums are those of the last eight, and the mixed ones have 256 times as much beside
    /// those of the first eight.
    #[inline(always)]
    fn totals(self, [low, low_upper, high, high_upper]: [__m512i; 4]) -> [__m512i; 2] {
        let low = over_two_parts(self, low, low_upper);
        let high = over_two_parts(self, high, high_upper);
        intrinsic!({
            let first = _mm512_shuffle_i64x2::<0b10_00_10_00>(low, high);
            let second = _mm512_shuffle_i64x2::<0b11_01_11_01>(low, high);
            let sums = _mm512_add_epi16(first, second);
            let upper = _mm512_maskz_shuffle_i64x2::<0b00_11_00_01>(0b0011_0011, sums, sums);
            let sums = _mm512_sub_epi16(sums, _mm512_slli_epi16::<8>(upper));
            let high = _mm512_extracti64x4_epi64::<1>(sums);
            [_mm512_cvtepu16_epi32(_mm512_castsi512_si256(sums)), _mm512_cvtepu16_epi32(high)]
        })
    }

    /// Those of 4 bits from a table.
    #[inline(always)]
    fn add_ones(self, sum: __m512i, a: __m512i) -> __m512i {
        intrinsic!({
            let ones = _mm512_broadcast_i32x4(_mm_setr_epi8(
                0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
            ));
            let [low, high] = self.places(a);
            let (low, high) = (_mm512_shuffle_epi8(ones, low), _mm512_shuffle_epi8(ones, high));
            let in_words = _mm512_sad_epu8(_mm512_add_epi8(low, high), _mm512_setzero_si512());
            _mm512_add_epi64(sum, in_words)
        })
    }
}

/// Mixed and upper sums of parts one and three, and of two and four.
#[inline(always)]
fn over_two_parts(_: Vnni, mixed: __m512i, upper: __m512i) -> __m512i {
    intrinsic!({
        let first = _mm512_shuffle_i64x2::<0b01_00_01_00>(mixed, upper);
        let second = _mm512_shuffle_i64x2::<0b11_10_11_10>(mixed, upper);
        _mm512_add_epi16(first, second)
    })
}
