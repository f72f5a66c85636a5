//! The operations an instruction set must have.

use std::fmt::Debug;

/// 32-bit numbers in a vector, at every level: one register of AVX-512, two of AVX2, four of SSE2
/// or NEON.
pub(crate) const LANES: usize = 16;
/// 8-bit numbers in a vector.
pub(crate) const BYTES: usize = 4 * LANES;
/// Bytes of numbers of six bits, one for each lane.
pub(crate) const SIX_BITS: usize = LANES * 6 / 8;

/// How far ahead of a loop that streams through rows its memory is asked for: beyond the page that
/// is being read, since the CPU's own foresight ends there. From 1 kB to 64 kB were tried on Zen 5
/// (docs/notes/0004-exact-search.md).
pub(crate) const AHEAD: usize = 6 << 10;

/// 32-bit numbers in half a vector.
pub(crate) const HALF: usize = LANES / 2;

/// An instruction set, as a token. Operations are lane by lane unless they say otherwise.
pub(crate) trait Simd: Copy + Debug {
    /// Vectors that fit in the registers.
    const REGISTERS: usize;

    /// Sixteen f32.
    type F32s: Copy;
    /// Sixteen i32.
    type I32s: Copy;
    /// 64 bytes, four to a lane.
    type Bytes: Copy;
    /// Eight f32.
    type Half: Copy;
    /// What is looked up in tables for 32 codes: four numbers of 4 bits each.
    type Places: Copy;
    /// What has been found for 32 codes.
    type Sums: Copy;

    fn splat(self, value: f32) -> Self::F32s;
    fn load(self, lanes: &[f32; LANES]) -> Self::F32s;
    fn store(self, vector: Self::F32s, lanes: &mut [f32; LANES]);
    fn add(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn sub(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn mul(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;
    fn div(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;

    /// Adds `b` in those lanes whose bit is set, the lowest for the first.
    fn add_where(self, lanes: u16, a: Self::F32s, b: Self::F32s) -> Self::F32s;

    fn abs(self, a: Self::F32s) -> Self::F32s;

    /// `a * b + c`, rounded once or twice.
    fn mul_add(self, a: Self::F32s, b: Self::F32s, c: Self::F32s) -> Self::F32s;

    /// `a * b + c`, rounded once.
    fn fused(self, a: Self::F32s, b: Self::F32s, c: Self::F32s) -> Self::F32s;

    /// `c - a * b`, rounded once or twice.
    fn neg_mul_add(self, a: Self::F32s, b: Self::F32s, c: Self::F32s) -> Self::F32s;

    /// The larger; `b` when either is NaN.
    fn max(self, a: Self::F32s, b: Self::F32s) -> Self::F32s;

    /// Bit `i` is set unless `a[i] > b[i]`; so it is set when either is NaN.
    fn not_above(self, a: Self::F32s, b: Self::F32s) -> u16;

    /// The sum of all lanes.
    fn sum(self, a: Self::F32s) -> f32;

    /// The largest lane; anything when a lane is NaN.
    fn largest(self, a: Self::F32s) -> f32;

    /// The largest lane of each.
    #[inline(always)]
    fn largest_of(self, four: [Self::F32s; 4]) -> [f32; 4] {
        let [a, b, c, d] = four;
        [self.largest(a), self.largest(b), self.largest(c), self.largest(d)]
    }

    /// Half-precision numbers from their bits, exactly.
    fn load_f16(self, bits: &[u16; LANES]) -> Self::F32s;

    fn splat_i32(self, value: i32) -> Self::I32s;
    fn load_i32(self, lanes: &[i32; LANES]) -> Self::I32s;

    /// Numbers of six bits, the lowest ones of a byte first.
    #[inline(always)]
    fn load_six_bits(self, bytes: &[u8; SIX_BITS]) -> Self::I32s {
        let (threes, _) = bytes.as_chunks::<3>();
        let four = |at: usize| u32::from_le_bytes([threes[at][0], threes[at][1], threes[at][2], 0]);
        self.load_i32(&std::array::from_fn(|lane| (four(lane / 4) >> (lane % 4 * 6) & 63) as i32))
    }

    /// Of each of four groups the bytes at a place below 16 and 16 behind it: all of the former, then the latter.
    #[inline(always)]
    fn pick(self, groups: &[[u8; 2 * LANES]; 4], place: usize) -> [u8; 8] {
        std::array::from_fn(|at| groups[at % 4][place % LANES + at / 4 * LANES])
    }

    /// Numbers of up to eight bits each, eight in a word, the lowest bits first.
    #[inline(always)]
    fn load_bits(self, words: [u64; 2], bits: u32) -> Self::I32s {
        let number = |lane: usize| words[lane / 8] >> (lane as u32 % 8 * bits) & ((1 << bits) - 1);
        self.load_i32(&std::array::from_fn(|lane| number(lane) as i32))
    }

    fn add_i32(self, a: Self::I32s, b: Self::I32s) -> Self::I32s;

    /// Rounded to nearest.
    fn to_f32(self, a: Self::I32s) -> Self::F32s;

    /// The whole parts, as bytes: 255 for what is above, 0 for what is below and for what is no number.
    fn to_bytes(self, a: Self::F32s) -> [u8; LANES];

    /// The sum of all lanes, which must fit.
    fn sum_i32(self, a: Self::I32s) -> i32;

    /// Asks for a cache line, which need not exist.
    fn prefetch(self, address: *const u8);

    /// Asks for the cache line [`AHEAD`] bytes behind `from`.
    #[inline(always)]
    fn prefetch_ahead<T: ?Sized>(self, from: &T) {
        let address: *const T = from;
        self.prefetch(address.cast::<u8>().wrapping_add(AHEAD));
    }

    fn load_bytes(self, bytes: &[u8; BYTES]) -> Self::Bytes;

    /// The same four bytes in each lane.
    fn splat_bytes(self, bytes: [u8; 4]) -> Self::Bytes;

    /// The highest bit of each byte, that of the first byte lowest.
    fn top_bits(self, a: Self::Bytes) -> u64;

    /// Adds to each lane its four products of an unsigned byte of `a` and a signed byte of `b`.
    fn add_products(self, sum: Self::I32s, a: Self::Bytes, b: Self::Bytes) -> Self::I32s;

    /// The sums of 32 codes for which nothing has been added.
    fn no_sums(self) -> Self::Sums;

    /// The order in which this level wants the bytes of four parts in a group of 32 codes, which are packed 16 bytes a
    /// part (`lookup::packed`); none if that is the one.
    const ORDER: Option<[u8; BYTES]> = None;

    /// Such bytes in that order.
    #[inline(always)]
    fn arrange(self, numbers: Self::Bytes) -> Self::Bytes {
        numbers
    }

    /// Where the numbers of bytes in that order are in their tables.
    fn places(self, numbers: Self::Bytes) -> Self::Places;

    /// The entries at some places of four tables of 16: those of the first 16 codes, and of the others.
    fn entries(self, tables: Self::Bytes, places: Self::Places) -> [Self::Bytes; 2];

    /// Whether bytes are added faster than entries are to sums.
    const ADDS_BYTES: bool = false;

    /// The sums of bytes, which are bytes.
    fn add_bytes(self, a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;

    /// Adds entries; at most 64 times, or up to what as many of 255 come to.
    fn add_entries(self, sums: Self::Sums, entries: [Self::Bytes; 2]) -> Self::Sums;

    /// Sums that together are of as many.
    fn add_sums(self, a: Self::Sums, b: Self::Sums) -> Self::Sums;

    /// The sums of the first 16 codes and of the others.
    fn totals(self, sums: Self::Sums) -> [Self::I32s; 2];

    /// The same eight bytes, eight times.
    fn splat_u64(self, value: u64) -> Self::Bytes;

    fn and(self, a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    fn xor(self, a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;

    /// Adds to each 64-bit number how many bits of that of `a` are set.
    fn add_ones(self, sum: Self::Bytes, a: Self::Bytes) -> Self::Bytes;

    /// The sum of the eight 64-bit numbers.
    fn sum_u64(self, a: Self::Bytes) -> u64;

    /// The sum of the eight 64-bit numbers, the first of them once, each next one twice as often.
    fn sum_doubling(self, a: Self::Bytes) -> u64;

    fn load_half(self, lanes: &[f32; HALF]) -> Self::Half;
    fn store_half(self, half: Self::Half, lanes: &mut [f32; HALF]);
    fn add_halves(self, a: Self::Half, b: Self::Half) -> Self::Half;
    fn sub_halves(self, a: Self::Half, b: Self::Half) -> Self::Half;
    fn mul_halves(self, a: Self::Half, b: Self::Half) -> Self::Half;
    fn abs_half(self, a: Self::Half) -> Self::Half;

    /// `a * b + c`, rounded once.
    fn fused_halves(self, a: Self::Half, b: Self::Half, c: Self::Half) -> Self::Half;
}
