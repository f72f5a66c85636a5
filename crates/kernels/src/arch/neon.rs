//! 64-bit ARM with its 128-bit vectors, which every such CPU has.

use super::Kernel;
use super::simd::{BYTES, HALF, LANES, Simd};
use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

/// Proof that the CPU has the features of this level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neon(());

impl Neon {
    pub(super) fn detect() -> Option<Neon> {
        is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "neon")]
        fn with_features<K: Kernel>(simd: Neon, kernel: K) -> K::Output {
            kernel.run(simd)
        }
        // SAFETY: a token is made by `detect` alone, after it found the feature named above.
        unsafe { with_features(self, kernel) }
    }
}

/// An intrinsic of this level, called from a method of the token.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: the method has a token, which `detect` makes only where the CPU has the
        // feature. Pointers come from references to arrays of the size the intrinsic reads or
        // writes; none of these instructions asks for alignment, and a prefetch never faults.
        unsafe { $call }
    };
}

/// The same for the four quarters of vectors.
macro_rules! each_quarter {
    ($($vector:ident),+ => $call:expr) => {{
        let quarter = |at: usize| {
            let ($($vector,)+) = ($($vector[at],)+);
            intrinsic!($call)
        };
        [quarter(0), quarter(1), quarter(2), quarter(3)]
    }};
}

/// The same for two of them.
macro_rules! each_of_two {
    ($($vector:ident),+ => $call:expr) => {{
        let quarter = |at: usize| {
            let ($($vector,)+) = ($($vector[at],)+);
            intrinsic!($call)
        };
        [quarter(0), quarter(1)]
    }};
}

impl Simd for Neon {
    const REGISTERS: usize = 8;

    type F32s = [float32x4_t; 4];
    type I32s = [int32x4_t; 4];
    type Bytes = [uint16x8_t; 4];
    type Half = [float32x4_t; 2];
    /// The lower and the upper halves of bytes.
    type Places = [[uint16x8_t; 4]; 2];
    /// For either half, 16-bit sums in which every second code's are mixed, 256 times, with those of the
    /// code between; and those of the latter.
    type Sums = [[uint16x8_t; 4]; 4];

    #[inline(always)]
    fn splat(self, value: f32) -> [float32x4_t; 4] {
        [intrinsic!(vdupq_n_f32(value)); 4]
    }

    #[inline(always)]
    fn load(self, lanes: &[f32; LANES]) -> [float32x4_t; 4] {
        let quarter = quarters(lanes);
        each_quarter!(quarter => vld1q_f32(quarter.as_ptr()))
    }

    #[inline(always)]
    fn store(self, vector: [float32x4_t; 4], lanes: &mut [f32; LANES]) {
        for (vector, quarter) in vector.into_iter().zip(lanes.as_chunks_mut::<4>().0) {
            intrinsic!(vst1q_f32(quarter.as_mut_ptr(), vector));
        }
    }

    #[inline(always)]
    fn add(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a, b => vaddq_f32(a, b))
    }

    #[inline(always)]
    fn sub(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a, b => vsubq_f32(a, b))
    }

    #[inline(always)]
    fn mul(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a, b => vmulq_f32(a, b))
    }

    #[inline(always)]
    fn div(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a, b => vdivq_f32(a, b))
    }

    #[inline(always)]
    fn abs(self, a: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a => vabsq_f32(a))
    }

    #[inline(always)]
    fn mul_add(
        self,
        a: [float32x4_t; 4],
        b: [float32x4_t; 4],
        c: [float32x4_t; 4],
    ) -> [float32x4_t; 4] {
        each_quarter!(a, b, c => vfmaq_f32(c, a, b))
    }

    #[inline(always)]
    fn neg_mul_add(
        self,
        a: [float32x4_t; 4],
        b: [float32x4_t; 4],
        c: [float32x4_t; 4],
    ) -> [float32x4_t; 4] {
        each_quarter!(a, b, c => vfmsq_f32(c, a, b))
    }

    /// By comparison, since the instruction for it gives NaN when either is.
    #[inline(always)]
    fn max(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a, b => vbslq_f32(vcgtq_f32(a, b), a, b))
    }

    #[inline(always)]
    fn not_above(self, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> u16 {
        let above = each_quarter!(a, b => vmovn_u32(vcgtq_f32(a, b)));
        let bits: [u8; 8] = std::array::from_fn(|lane| 1 << lane);
        intrinsic!({
            let bits = vld1_u8(bits.as_ptr());
            let low = vmovn_u16(vcombine_u16(above[0], above[1]));
            let high = vmovn_u16(vcombine_u16(above[2], above[3]));
            let [low, high] = [low, high].map(|above| vaddv_u8(vbic_u8(bits, above)));
            u16::from_le_bytes([low, high])
        })
    }

    #[inline(always)]
    fn sum(self, a: [float32x4_t; 4]) -> f32 {
        intrinsic!(vaddvq_f32(vaddq_f32(vaddq_f32(a[0], a[2]), vaddq_f32(a[1], a[3]))))
    }

    #[inline(always)]
    fn largest(self, a: [float32x4_t; 4]) -> f32 {
        intrinsic!(vmaxvq_f32(vmaxq_f32(vmaxq_f32(a[0], a[2]), vmaxq_f32(a[1], a[3]))))
    }

    #[inline(always)]
    fn add_where(self, lanes: u16, a: [float32x4_t; 4], b: [float32x4_t; 4]) -> [float32x4_t; 4] {
        let lanes = [0, 4, 8, 12].map(|first| u32::from(lanes >> first));
        each_quarter!(lanes, a, b => {
            let mask = vtstq_u32(vdupq_n_u32(lanes), vld1q_u32([1, 2, 4, 8].as_ptr()));
            vaddq_f32(a, vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(b), mask)))
        })
    }

    /// The instruction by its name: the intrinsic for it came with a later Rust.
    #[inline(always)]
    fn load_f16(self, bits: &[u16; LANES]) -> [float32x4_t; 4] {
        let quarter = quarters(bits);
        each_quarter!(quarter => {
            let halves = vld1_u16(quarter.as_ptr());
            let singles: float32x4_t;
            asm!(
                "fcvtl {0:v}.4s, {1:v}.4h",
                out(vreg) singles,
                in(vreg) halves,
                options(pure, nomem, nostack, preserves_flags),
            );
            singles
        })
    }

    #[inline(always)]
    fn splat_i32(self, value: i32) -> [int32x4_t; 4] {
        [intrinsic!(vdupq_n_s32(value)); 4]
    }

    #[inline(always)]
    fn load_i32(self, lanes: &[i32; LANES]) -> [int32x4_t; 4] {
        let quarter = quarters(lanes);
        each_quarter!(quarter => vld1q_s32(quarter.as_ptr()))
    }

    #[inline(always)]
    fn add_i32(self, a: [int32x4_t; 4], b: [int32x4_t; 4]) -> [int32x4_t; 4] {
        each_quarter!(a, b => vaddq_s32(a, b))
    }

    #[inline(always)]
    fn to_f32(self, a: [int32x4_t; 4]) -> [float32x4_t; 4] {
        each_quarter!(a => vcvtq_f32_s32(a))
    }

    /// Conversions and narrowing stop at the ends of what there is room for.
    #[inline(always)]
    fn to_bytes(self, a: [float32x4_t; 4]) -> [u8; LANES] {
        let short = each_quarter!(a => vqmovn_u32(vcvtq_u32_f32(a)));
        let mut bytes = [0; LANES];
        intrinsic!({
            let low = vqmovn_u16(vcombine_u16(short[0], short[1]));
            let high = vqmovn_u16(vcombine_u16(short[2], short[3]));
            vst1q_u8(bytes.as_mut_ptr(), vcombine_u8(low, high));
        });
        bytes
    }

    #[inline(always)]
    fn sum_i32(self, a: [int32x4_t; 4]) -> i32 {
        intrinsic!(vaddvq_s32(vaddq_s32(vaddq_s32(a[0], a[2]), vaddq_s32(a[1], a[3]))))
    }

    #[inline(always)]
    fn prefetch(self, address: *const u8) {
        intrinsic!(asm!(
            "prfm pldl1keep, [{0}]",
            in(reg) address,
            options(readonly, nostack, preserves_flags),
        ));
    }

    #[inline(always)]
    fn load_bytes(self, bytes: &[u8; BYTES]) -> [uint16x8_t; 4] {
        let quarter = quarters(bytes);
        each_quarter!(quarter => vreinterpretq_u16_u8(vld1q_u8(quarter.as_ptr())))
    }

    #[inline(always)]
    fn splat_bytes(self, bytes: [u8; 4]) -> [uint16x8_t; 4] {
        [intrinsic!(vreinterpretq_u16_u32(vdupq_n_u32(u32::from_le_bytes(bytes)))); 4]
    }

    #[inline(always)]
    fn top_bits(self, a: [uint16x8_t; 4]) -> u64 {
        let bits: [u8; 16] = std::array::from_fn(|byte| 1 << (byte % 8));
        let quarters = each_quarter!(a => {
            let is_set = vcltzq_s8(vreinterpretq_s8_u16(a));
            let bits = vandq_u8(is_set, vld1q_u8(bits.as_ptr()));
            u16::from_le_bytes([vaddv_u8(vget_low_u8(bits)), vaddv_u8(vget_high_u8(bits))])
        });
        quarters.into_iter().rev().fold(0, |all, quarter| all << 16 | u64::from(quarter))
    }

    /// A product of an unsigned and a signed byte fits in 16 bits; two of them are added to 32
    /// bits at a time. The bytes of even and odd places are widened apart, and the compiler moves
    /// the widening of what stays the same out of loops.
    #[inline(always)]
    fn add_products(
        self,
        sum: [int32x4_t; 4],
        a: [uint16x8_t; 4],
        b: [uint16x8_t; 4],
    ) -> [int32x4_t; 4] {
        each_quarter!(sum, a, b => {
            let even = vreinterpretq_s16_u16(vandq_u16(a, vdupq_n_u16(0xff)));
            let odd = vreinterpretq_s16_u16(vshrq_n_u16::<8>(a));
            let even_b = vshrq_n_s16::<8>(vreinterpretq_s16_u16(vshlq_n_u16::<8>(b)));
            let odd_b = vshrq_n_s16::<8>(vreinterpretq_s16_u16(b));
            let sum = vpadalq_s16(sum, vmulq_s16(even, even_b));
            vpadalq_s16(sum, vmulq_s16(odd, odd_b))
        })
    }

    #[inline(always)]
    fn fused(
        self,
        a: [float32x4_t; 4],
        b: [float32x4_t; 4],
        c: [float32x4_t; 4],
    ) -> [float32x4_t; 4] {
        self.mul_add(a, b, c)
    }

    #[inline(always)]
    fn no_sums(self) -> [[uint16x8_t; 4]; 4] {
        [[intrinsic!(vdupq_n_u16(0)); 4]; 4]
    }

    #[inline(always)]
    fn places(self, numbers: [uint16x8_t; 4]) -> [[uint16x8_t; 4]; 2] {
        let lower = each_quarter!(numbers => vandq_u16(numbers, vdupq_n_u16(0x0f0f)));
        let upper = each_quarter!(numbers => {
            vreinterpretq_u16_u8(vshrq_n_u8::<4>(vreinterpretq_u8_u16(numbers)))
        });
        [lower, upper]
    }

    #[inline(always)]
    fn entries(
        self,
        tables: [uint16x8_t; 4],
        places: [[uint16x8_t; 4]; 2],
    ) -> [[uint16x8_t; 4]; 2] {
        [look_up(tables, places[0]), look_up(tables, places[1])]
    }

    const ADDS_BYTES: bool = true;

    #[inline(always)]
    fn add_bytes(self, a: [uint16x8_t; 4], b: [uint16x8_t; 4]) -> [uint16x8_t; 4] {
        each_quarter!(a, b => {
            vreinterpretq_u16_u8(vaddq_u8(vreinterpretq_u8_u16(a), vreinterpretq_u8_u16(b)))
        })
    }

    #[inline(always)]
    fn add_entries(
        self,
        [low, low_upper, high, high_upper]: [[uint16x8_t; 4]; 4],
        [found, further]: [[uint16x8_t; 4]; 2],
    ) -> [[uint16x8_t; 4]; 4] {
        [
            each_quarter!(low, found => vaddq_u16(low, found)),
            each_quarter!(low_upper, found => vsraq_n_u16::<8>(low_upper, found)),
            each_quarter!(high, further => vaddq_u16(high, further)),
            each_quarter!(high_upper, further => vsraq_n_u16::<8>(high_upper, further)),
        ]
    }

    #[inline(always)]
    fn add_sums(
        self,
        mut a: [[uint16x8_t; 4]; 4],
        b: [[uint16x8_t; 4]; 4],
    ) -> [[uint16x8_t; 4]; 4] {
        for (a, b) in a.iter_mut().zip(b) {
            let sum = *a;
            *a = each_quarter!(sum, b => vaddq_u16(sum, b));
        }
        a
    }

    #[inline(always)]
    fn totals(self, sums: [[uint16x8_t; 4]; 4]) -> [[int32x4_t; 4]; 2] {
        let mut all = [intrinsic!(vdupq_n_u16(0)); 4];
        for (all, sums) in all.iter_mut().zip(sums) {
            *all = intrinsic!(vaddq_u16(vaddq_u16(sums[0], sums[1]), vaddq_u16(sums[2], sums[3])));
        }
        let [low, low_upper, high, high_upper] = all;
        intrinsic!({
            let low = vsubq_u16(low, vshlq_n_u16::<8>(low_upper));
            let high = vsubq_u16(high, vshlq_n_u16::<8>(high_upper));
            [widened(low, low_upper), widened(high, high_upper)]
        })
    }

    #[inline(always)]
    fn splat_u64(self, value: u64) -> [uint16x8_t; 4] {
        [intrinsic!(vreinterpretq_u16_u64(vdupq_n_u64(value))); 4]
    }

    #[inline(always)]
    fn and(self, a: [uint16x8_t; 4], b: [uint16x8_t; 4]) -> [uint16x8_t; 4] {
        each_quarter!(a, b => vandq_u16(a, b))
    }

    #[inline(always)]
    fn xor(self, a: [uint16x8_t; 4], b: [uint16x8_t; 4]) -> [uint16x8_t; 4] {
        each_quarter!(a, b => veorq_u16(a, b))
    }

    #[inline(always)]
    fn add_ones(self, sum: [uint16x8_t; 4], a: [uint16x8_t; 4]) -> [uint16x8_t; 4] {
        each_quarter!(sum, a => {
            let ones = vcntq_u8(vreinterpretq_u8_u16(a));
            let in_words = vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(ones)));
            vreinterpretq_u16_u64(vaddq_u64(vreinterpretq_u64_u16(sum), in_words))
        })
    }

    #[inline(always)]
    fn sum_u64(self, a: [uint16x8_t; 4]) -> u64 {
        each_quarter!(a => vaddvq_u64(vreinterpretq_u64_u16(a))).into_iter().sum()
    }

    #[inline(always)]
    fn sum_doubling(self, a: [uint16x8_t; 4]) -> u64 {
        let numbers = each_quarter!(a => {
            let two = vreinterpretq_u64_u16(a);
            vgetq_lane_u64::<0>(two) + (vgetq_lane_u64::<1>(two) << 1)
        });
        numbers.into_iter().rev().fold(0, |sum, two| (sum << 2) + two)
    }

    #[inline(always)]
    fn load_half(self, lanes: &[f32; HALF]) -> [float32x4_t; 2] {
        let quarter = lanes.as_chunks::<4>().0;
        each_of_two!(quarter => vld1q_f32(quarter.as_ptr()))
    }

    #[inline(always)]
    fn store_half(self, half: [float32x4_t; 2], lanes: &mut [f32; HALF]) {
        for (vector, quarter) in half.into_iter().zip(lanes.as_chunks_mut::<4>().0) {
            intrinsic!(vst1q_f32(quarter.as_mut_ptr(), vector));
        }
    }

    #[inline(always)]
    fn add_halves(self, a: [float32x4_t; 2], b: [float32x4_t; 2]) -> [float32x4_t; 2] {
        each_of_two!(a, b => vaddq_f32(a, b))
    }

    #[inline(always)]
    fn sub_halves(self, a: [float32x4_t; 2], b: [float32x4_t; 2]) -> [float32x4_t; 2] {
        each_of_two!(a, b => vsubq_f32(a, b))
    }

    #[inline(always)]
    fn mul_halves(self, a: [float32x4_t; 2], b: [float32x4_t; 2]) -> [float32x4_t; 2] {
        each_of_two!(a, b => vmulq_f32(a, b))
    }

    #[inline(always)]
    fn abs_half(self, a: [float32x4_t; 2]) -> [float32x4_t; 2] {
        each_of_two!(a => vabsq_f32(a))
    }

    #[inline(always)]
    fn fused_halves(
        self,
        a: [float32x4_t; 2],
        b: [float32x4_t; 2],
        c: [float32x4_t; 2],
    ) -> [float32x4_t; 2] {
        each_of_two!(a, b, c => vfmaq_f32(c, a, b))
    }
}

/// The lanes in fours.
#[inline(always)]
fn quarters<T, const LANES: usize>(lanes: &[T; LANES]) -> [&[T]; 4] {
    std::array::from_fn(|at| &lanes[at * (LANES / 4)..][..LANES / 4])
}

/// For each byte of `places`, which is below 16, the byte of `table` at that place of the same
/// quarter of 16.
#[inline(always)]
fn look_up(table: [uint16x8_t; 4], places: [uint16x8_t; 4]) -> [uint16x8_t; 4] {
    each_quarter!(table, places => {
        let (table, places) = (vreinterpretq_u8_u16(table), vreinterpretq_u8_u16(places));
        vreinterpretq_u16_u8(vqtbl1q_u8(table, places))
    })
}

/// Sixteen numbers of 16 bits as ones of 32.
#[inline(always)]
fn widened(first: uint16x8_t, second: uint16x8_t) -> [int32x4_t; 4] {
    let halves = intrinsic!([
        vget_low_u16(first),
        vget_high_u16(first),
        vget_low_u16(second),
        vget_high_u16(second)
    ]);
    each_quarter!(halves => vreinterpretq_s32_u32(vmovl_u16(halves)))
}
