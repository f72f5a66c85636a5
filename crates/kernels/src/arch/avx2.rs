//! x86-64 with AVX2, FMA, F16C and POPCNT: Intel since Haswell (2013), AMD since Excavator (2015).

use super::Kernel;
use super::simd::{BYTES, HALF, LANES, SIX_BITS, Simd};
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

/// The same for both halves of vectors.
macro_rules! each_half {
    ($($vector:ident),+ => $call:expr) => {
        [
            {
                let ($($vector,)+) = ($($vector[0],)+);
                intrinsic!($call)
            },
            {
                let ($($vector,)+) = ($($vector[1],)+);
                intrinsic!($call)
            },
        ]
    };
}

impl Avx2Fma {
    /// For each byte of `places`, which is below 16, the byte of `table` at that place of the same
    /// quarter of 16.
    #[inline(always)]
    fn look_up(self, table: [__m256i; 2], places: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(table, places => _mm256_shuffle_epi8(table, places))
    }

    /// The lower four bits of each byte.
    #[inline(always)]
    fn lower_halves(self, a: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(a => _mm256_and_si256(a, _mm256_set1_epi8(15)))
    }

    /// The upper four bits of each byte.
    #[inline(always)]
    fn upper_halves(self, a: [__m256i; 2]) -> [__m256i; 2] {
        self.lower_halves(each_half!(a => _mm256_srli_epi16::<4>(a)))
    }
}

impl Simd for Avx2Fma {
    const REGISTERS: usize = 8;

    type F32s = [__m256; 2];
    type I32s = [__m256i; 2];
    type Bytes = [__m256i; 2];
    type Half = __m256;
    /// The lower and the upper halves of bytes.
    type Places = [[__m256i; 2]; 2];
    /// For either half, 16-bit sums in which every second code's are mixed, 256 times, with those of the
    /// code between; and those of the latter.
    type Sums = [[__m256i; 2]; 4];

    #[inline(always)]
    fn splat(self, value: f32) -> [__m256; 2] {
        [intrinsic!(_mm256_set1_ps(value)); 2]
    }

    #[inline(always)]
    fn load(self, lanes: &[f32; LANES]) -> [__m256; 2] {
        let half = halves(lanes);
        each_half!(half => _mm256_loadu_ps(half.as_ptr()))
    }

    #[inline(always)]
    fn store(self, vector: [__m256; 2], lanes: &mut [f32; LANES]) {
        let (low, high) = lanes.split_at_mut(LANES / 2);
        intrinsic!(_mm256_storeu_ps(low.as_mut_ptr(), vector[0]));
        intrinsic!(_mm256_storeu_ps(high.as_mut_ptr(), vector[1]));
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b => _mm256_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b => _mm256_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b => _mm256_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b => _mm256_div_ps(a, b))
    }

    #[inline(always)]
    fn abs(self, a: [__m256; 2]) -> [__m256; 2] {
        each_half!(a => _mm256_andnot_ps(_mm256_set1_ps(-0.0), a))
    }

    #[inline(always)]
    fn mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b, c => _mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn neg_mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b, c => _mm256_fnmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        each_half!(a, b => _mm256_max_ps(a, b))
    }

    #[inline(always)]
    fn not_above(self, a: [__m256; 2], b: [__m256; 2]) -> u16 {
        let masks = each_half!(a, b => _mm256_cmp_ps::<_CMP_NGT_UQ>(a, b));
        let [low, high] = each_half!(masks => _mm256_movemask_ps(masks));
        low as u16 | (high as u16) << 8
    }

    #[inline(always)]
    fn sum(self, a: [__m256; 2]) -> f32 {
        intrinsic!({
            let eight = _mm256_add_ps(a[0], a[1]);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn largest(self, a: [__m256; 2]) -> f32 {
        intrinsic!({
            let eight = _mm256_max_ps(a[0], a[1]);
            let four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn largest_of(self, [a, b, c, d]: [[__m256; 2]; 4]) -> [f32; 4] {
        // In each half first two lanes of each of two, then one of each of four.
        let mut largest = [0.0; 4];
        intrinsic!({
            let (a, b) = (_mm256_max_ps(a[0], a[1]), _mm256_max_ps(b[0], b[1]));
            let (c, d) = (_mm256_max_ps(c[0], c[1]), _mm256_max_ps(d[0], d[1]));
            let ab = _mm256_max_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let cd = _mm256_max_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let low = _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd);
            let all = _mm256_max_ps(low, _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd));
            let one = _mm_max_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
            _mm_storeu_ps(largest.as_mut_ptr(), one);
        });
        largest
    }

    #[inline(always)]
    fn add_where(self, lanes: u16, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        let lanes = [i32::from(lanes), i32::from(lanes >> HALF)];
        each_half!(lanes, a, b => {
            let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let set = _mm256_and_si256(_mm256_set1_epi32(lanes), bits);
            let mask = _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, bits));
            _mm256_add_ps(a, _mm256_and_ps(b, mask))
        })
    }

    #[inline(always)]
    fn load_f16(self, bits: &[u16; LANES]) -> [__m256; 2] {
        let half = halves(bits);
        each_half!(half => _mm256_cvtph_ps(_mm_loadu_si128(half.as_ptr().cast())))
    }

    #[inline(always)]
    fn splat_i32(self, value: i32) -> [__m256i; 2] {
        [intrinsic!(_mm256_set1_epi32(value)); 2]
    }

    #[inline(always)]
    fn load_six_bits(self, bytes: &[u8; SIX_BITS]) -> [__m256i; 2] {
        let mut filled_up = [0; 16];
        filled_up[..SIX_BITS].copy_from_slice(bytes);
        // Three bytes hold four numbers: each lane takes them, and shifts its own down.
        let threes = [[0x0f_02_01_00, 0x0f_05_04_03], [0x0f_08_07_06, 0x0f_0b_0a_09]];
        each_half!(threes => {
            let bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(filled_up.as_ptr().cast()));
            let threes = _mm256_setr_m128i(_mm_set1_epi32(threes[0]), _mm_set1_epi32(threes[1]));
            let shifts = _mm256_broadcastsi128_si256(_mm_setr_epi32(0, 6, 12, 18));
            let numbers = _mm256_srlv_epi32(_mm256_shuffle_epi8(bytes, threes), shifts);
            _mm256_and_si256(numbers, _mm256_set1_epi32(63))
        })
    }

    #[inline(always)]
    fn load_bits(self, words: [u64; 2], bits: u32) -> [__m256i; 2] {
        let words = words.map(u64::cast_signed);
        each_half!(words => {
            let places = _mm256_mul_epu32(
                _mm256_set1_epi64x(i64::from(bits)),
                _mm256_setr_epi64x(0, 1, 4, 5),
            );
            let further = _mm256_add_epi64(places, _mm256_set1_epi64x(2 * i64::from(bits)));
            let word = _mm256_set1_epi64x(words);
            let (low, high) = (_mm256_srlv_epi64(word, places), _mm256_srlv_epi64(word, further));
            // The lower halves: numbers 0 1 2 3 from the first, 4 5 6 7 from the second part of both.
            let lower = _mm256_shuffle_ps::<0b10_00_10_00>(
                _mm256_castsi256_ps(low),
                _mm256_castsi256_ps(high),
            );
            let mask = _mm256_set1_epi32((1 << bits) - 1);
            _mm256_and_si256(_mm256_castps_si256(lower), mask)
        })
    }

    #[inline(always)]
    fn load_i32(self, lanes: &[i32; LANES]) -> [__m256i; 2] {
        let half = halves(lanes);
        each_half!(half => _mm256_loadu_si256(half.as_ptr().cast()))
    }

    #[inline(always)]
    fn add_i32(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(a, b => _mm256_add_epi32(a, b))
    }

    #[inline(always)]
    fn to_f32(self, a: [__m256i; 2]) -> [__m256; 2] {
        each_half!(a => _mm256_cvtepi32_ps(a))
    }

    /// The larger of what is no number and 0 is 0, in this order. Numbers are packed within halves, and
    /// put in order in the end.
    #[inline(always)]
    fn to_bytes(self, a: [__m256; 2]) -> [u8; LANES] {
        let whole = each_half!(a => {
            let within = _mm256_min_ps(_mm256_max_ps(a, _mm256_setzero_ps()), _mm256_set1_ps(255.0));
            _mm256_cvttps_epi32(within)
        });
        let mut bytes = [0; LANES];
        intrinsic!({
            let short = _mm256_packs_epi32(whole[0], whole[1]);
            let fours = _mm256_packus_epi16(short, short);
            let order = _mm256_setr_epi32(0, 4, 1, 5, 0, 0, 0, 0);
            let ordered = _mm256_permutevar8x32_epi32(fours, order);
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm256_castsi256_si128(ordered));
        });
        bytes
    }

    #[inline(always)]
    fn sum_i32(self, a: [__m256i; 2]) -> i32 {
        intrinsic!({
            let eight = _mm256_add_epi32(a[0], a[1]);
            let high = _mm256_extracti128_si256::<1>(eight);
            let four = _mm_add_epi32(_mm256_castsi256_si128(eight), high);
            let two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
            _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<1>(two)))
        })
    }

    #[inline(always)]
    fn prefetch(self, address: *const u8) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T0>(address.cast()));
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; BYTES]) -> [__m256i; 2] {
        let half = halves(bytes);
        each_half!(half => _mm256_loadu_si256(half.as_ptr().cast()))
    }

    #[inline(always)]
    fn splat_bytes(self, bytes: [u8; 4]) -> [__m256i; 2] {
        self.splat_i32(i32::from_le_bytes(bytes))
    }

    #[inline(always)]
    fn top_bits(self, a: [__m256i; 2]) -> u64 {
        let [low, high] = each_half!(a => _mm256_movemask_epi8(a));
        u64::from(high.cast_unsigned()) << 32 | u64::from(low.cast_unsigned())
    }

    /// The bytes of even and odd places are widened to 16 bits apart, since adding pairs of
    /// products in 16 bits (`vpmaddubsw`) would saturate. The compiler moves the widening of what
    /// stays the same out of loops.
    #[inline(always)]
    fn add_products(self, sum: [__m256i; 2], a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        let products = each_half!(a, b => {
            let even = _mm256_and_si256(a, _mm256_set1_epi16(0xff));
            let odd = _mm256_srli_epi16::<8>(a);
            let even_b = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(b));
            let odd_b = _mm256_srai_epi16::<8>(b);
            _mm256_add_epi32(_mm256_madd_epi16(even, even_b), _mm256_madd_epi16(odd, odd_b))
        });
        self.add_i32(sum, products)
    }

    #[inline(always)]
    fn fused(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        self.mul_add(a, b, c)
    }

    #[inline(always)]
    fn no_sums(self) -> [[__m256i; 2]; 4] {
        [self.splat_i32(0); 4]
    }

    #[inline(always)]
    fn places(self, numbers: [__m256i; 2]) -> [[__m256i; 2]; 2] {
        [self.lower_halves(numbers), self.upper_halves(numbers)]
    }

    #[inline(always)]
    fn entries(self, tables: [__m256i; 2], places: [[__m256i; 2]; 2]) -> [[__m256i; 2]; 2] {
        [self.look_up(tables, places[0]), self.look_up(tables, places[1])]
    }

    const ADDS_BYTES: bool = true;

    #[inline(always)]
    fn add_bytes(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(a, b => _mm256_add_epi8(a, b))
    }

    #[inline(always)]
    fn add_entries(
        self,
        [low, low_upper, high, high_upper]: [[__m256i; 2]; 4],
        [found, further]: [[__m256i; 2]; 2],
    ) -> [[__m256i; 2]; 4] {
        [
            each_half!(low, found => _mm256_add_epi16(low, found)),
            each_half!(low_upper, found => {
                _mm256_add_epi16(low_upper, _mm256_srli_epi16::<8>(found))
            }),
            each_half!(high, further => _mm256_add_epi16(high, further)),
            each_half!(high_upper, further => {
                _mm256_add_epi16(high_upper, _mm256_srli_epi16::<8>(further))
            }),
        ]
    }

    #[inline(always)]
    fn add_sums(self, mut a: [[__m256i; 2]; 4], b: [[__m256i; 2]; 4]) -> [[__m256i; 2]; 4] {
        for (a, b) in a.iter_mut().zip(b) {
            let sum = *a;
            *a = each_half!(sum, b => _mm256_add_epi16(sum, b));
        }
        a
    }

    #[inline(always)]
    fn totals(self, sums: [[__m256i; 2]; 4]) -> [[__m256i; 2]; 2] {
        let mut halves = [intrinsic!(_mm256_setzero_si256()); 4];
        for at in 0..4 {
            halves[at] = intrinsic!(_mm256_add_epi16(sums[at][0], sums[at][1]));
        }
        let (mixed, upper) = ([halves[0], halves[2]], [halves[1], halves[3]]);
        let both = each_half!(mixed, upper => {
            let first = _mm256_permute2x128_si256::<0x20>(mixed, upper);
            let second = _mm256_permute2x128_si256::<0x31>(mixed, upper);
            let sums = _mm256_add_epi16(first, second);
            // The upper half moves to the lower one, zeros to the upper.
            let upper = _mm256_permute2x128_si256::<0x81>(sums, sums);
            _mm256_sub_epi16(sums, _mm256_slli_epi16::<8>(upper))
        });
        let [low, high] = each_half!(both => _mm256_castsi256_si128(both));
        let [low_upper, high_upper] = each_half!(both => _mm256_extracti128_si256::<1>(both));
        let (first, second) = ([low, high], [low_upper, high_upper]);
        let first = each_half!(first => _mm256_cvtepu16_epi32(first));
        let second = each_half!(second => _mm256_cvtepu16_epi32(second));
        [[first[0], second[0]], [first[1], second[1]]]
    }

    #[inline(always)]
    fn splat_u64(self, value: u64) -> [__m256i; 2] {
        [intrinsic!(_mm256_set1_epi64x(value.cast_signed())); 2]
    }

    #[inline(always)]
    fn and(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(a, b => _mm256_and_si256(a, b))
    }

    #[inline(always)]
    fn xor(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        each_half!(a, b => _mm256_xor_si256(a, b))
    }

    #[inline(always)]
    fn add_ones(self, sum: [__m256i; 2], a: [__m256i; 2]) -> [__m256i; 2] {
        // The ones of 0 to 15.
        let ones: [u8; 16] = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];
        let ones = [intrinsic!(_mm256_broadcastsi128_si256(_mm_loadu_si128(
            ones.as_ptr().cast::<__m128i>()
        ))); 2];
        let low = self.look_up(ones, self.lower_halves(a));
        let high = self.look_up(ones, self.upper_halves(a));
        each_half!(sum, low, high => {
            let in_words = _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
            _mm256_add_epi64(sum, in_words)
        })
    }

    #[inline(always)]
    fn sum_u64(self, a: [__m256i; 2]) -> u64 {
        intrinsic!({
            let four = _mm256_add_epi64(a[0], a[1]);
            let high = _mm256_extracti128_si256::<1>(four);
            let two = _mm_add_epi64(_mm256_castsi256_si128(four), high);
            let sum = _mm_add_epi64(two, _mm_unpackhi_epi64(two, two));
            _mm_cvtsi128_si64(sum).cast_unsigned()
        })
    }

    #[inline(always)]
    fn sum_doubling(self, a: [__m256i; 2]) -> u64 {
        intrinsic!({
            let first = _mm256_sllv_epi64(a[0], _mm256_setr_epi64x(0, 1, 2, 3));
            let second = _mm256_sllv_epi64(a[1], _mm256_setr_epi64x(4, 5, 6, 7));
            self.sum_u64([first, second])
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

/// The low and the high half of the lanes.
#[inline(always)]
fn halves<T, const LANES: usize>(lanes: &[T; LANES]) -> [&[T]; 2] {
    let (low, high) = lanes.split_at(LANES / 2);
    [low, high]
}
