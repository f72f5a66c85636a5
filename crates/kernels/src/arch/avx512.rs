//! x86-64 with AVX-512 and its extensions for integers: Intel since Ice Lake (2019), AMD since
//! Zen 4 (2022).

use super::Kernel;
use super::simd::{BYTES, HALF, LANES, SIX_BITS, Simd};
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
            && is_x86_feature_detected!("avx512vbmi")
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
            enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx512vpopcntdq,fma,f16c,popcnt,bmi1,bmi2"
        )]
        fn with_features<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
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
    type Places = [__m512i; 2];
    type Sums = [__m512i; 2];

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
        intrinsic!({
            let words = _mm_set_epi64x(words[1].cast_signed(), words[0].cast_signed());
            let places = i64::from(bits) * 0x07_06_05_04_03_02_01_00;
            let numbers = _mm_multishift_epi64_epi8(_mm_set1_epi64x(places), words);
            let mask = _mm_set1_epi8(((1 << bits) - 1) as i8);
            _mm512_cvtepu8_epi32(_mm_and_si128(numbers, mask))
        })
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
    fn no_sums(self) -> [__m512i; 2] {
        [intrinsic!(_mm512_setzero_si512()); 2]
    }

    const ORDER: Option<[u8; BYTES]> = Some(BY_CODE);

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
    fn add_entries(
        self,
        [low, high]: [__m512i; 2],
        tables: __m512i,
        places: [__m512i; 2],
    ) -> [__m512i; 2] {
        intrinsic!({
            let ones = _mm512_set1_epi8(1);
            let found = _mm512_permutexvar_epi8(places[0], tables);
            let further = _mm512_permutexvar_epi8(places[1], tables);
            [_mm512_dpbusd_epi32(low, found, ones), _mm512_dpbusd_epi32(high, further, ones)]
        })
    }

    #[inline(always)]
    fn totals(self, sums: [__m512i; 2]) -> [__m512i; 2] {
        sums
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
        intrinsic!(_mm512_add_epi64(sum, _mm512_popcnt_epi64(a)))
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
