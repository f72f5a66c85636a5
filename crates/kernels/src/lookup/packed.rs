//! Codes of 4-bit numbers in groups of 32, looked up in tables of 16 bytes by shuffles.
//!
//! A group holds 32 codes, pair of parts by pair: 16 bytes of the first part and 16 of the second. The
//! lower halves of bytes 0, 2, 4 .. 14 are the numbers of codes 0 to 7, those of bytes 1, 3 .. 15 those of
//! codes 8 to 15; the upper halves are codes 16 to 31 in the same order (as in FAISS's fast scan, and
//! in André, Kermarrec and Le Scouarnec, "Cache locality is not enough", 2015).
//!
//! A vector holds four parts. Bytes are added in pairs, as 16-bit numbers, of which each is the entry
//! of one code and 256 times that of another; the upper bytes are added once more by themselves, so
//! that they can be taken away in the end.

use crate::Level;
use crate::arch::{BYTES, Kernel, Simd};

/// Codes in a group.
pub const GROUP: usize = 32;
/// Entries of a table.
pub const ENTRIES: usize = 16;
/// Bytes of a pair of parts in a group.
const PAIR_BYTES: usize = 2 * ENTRIES;
/// Vectors of which a sum cannot leave 16 bits: those of 256 parts, with entries up to 255.
const VECTORS_IN_SUM: usize = 64;

/// The tables of a query, and what becomes of a sum: `(start + sum) * factor + added`.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// 16 entries a part.
    pub entries: &'a [u8],
    /// What sums begin at.
    pub start: u32,
    /// What they are multiplied by.
    pub factor: f32,
    /// What is added then.
    pub added: f32,
}

/// Writes the scores of the codes in groups of so many bytes, which begin with as many parts as there are
/// tables (with one more if they are odd). The last group may hold more codes than there are scores.
///
/// # Panics
/// If groups are not as many as scores need, or too short.
pub fn scores(
    level: Level,
    tables: Tables<'_>,
    groups: &[u8],
    group_bytes: usize,
    scores: &mut [f32],
) {
    let parts = tables.entries.len() / ENTRIES;
    assert!(parts > 0 && tables.entries.len().is_multiple_of(ENTRIES));
    let looked_up = parts.div_ceil(2) * PAIR_BYTES;
    assert!(looked_up <= group_bytes && groups.len() == scores.len().div_ceil(GROUP) * group_bytes);
    level.run(Scores { tables, looked_up, groups, group_bytes, scores });
}

struct Scores<'a> {
    tables: Tables<'a>,
    /// Bytes of a group that are looked up, the first of it.
    looked_up: usize,
    groups: &'a [u8],
    group_bytes: usize,
    scores: &'a mut [f32],
}

impl Kernel for Scores<'_> {
    type Output = ();

    // Loops, not closures: what is called in a closure may be compiled without the instructions.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Scores { tables, looked_up, groups, group_bytes, scores } = self;
        let (entries, rest) = tables.entries.as_chunks::<BYTES>();
        let mut last = [0; BYTES];
        last[..rest.len()].copy_from_slice(rest);
        let mut found = [0.0; GROUP];
        for (group, scores) in groups.chunks_exact(group_bytes).zip(scores.chunks_mut(GROUP)) {
            let sums = sums(simd, entries, &last, &group[..looked_up]);
            for (score, sum) in found.iter_mut().zip(sums) {
                *score = (tables.start + sum) as i32 as f32 * tables.factor + tables.added;
            }
            match scores.as_chunks_mut::<GROUP>() {
                ([scores], _) => *scores = found,
                (_, some) => some.copy_from_slice(&found[..some.len()]),
            }
        }
    }
}

/// The sums of a group of codes. The tables of parts that do not fill a vector are in `last`.
#[inline(always)]
fn sums<S: Simd>(
    simd: S,
    entries: &[[u8; BYTES]],
    last: &[u8; BYTES],
    group: &[u8],
) -> [u32; GROUP] {
    let (numbers, rest) = group.as_chunks::<BYTES>();
    let (numbers, further) = numbers.split_at(entries.len().min(numbers.len()));
    let mut total = [0; GROUP];
    let in_sums = entries.chunks(VECTORS_IN_SUM).zip(numbers.chunks(VECTORS_IN_SUM));
    for (entries, numbers) in in_sums {
        add_sums(simd, entries, numbers, &mut total);
    }
    if let [numbers] = further {
        add_sums(simd, std::slice::from_ref(last), std::slice::from_ref(numbers), &mut total);
    } else if !rest.is_empty() {
        let mut numbers = [0; BYTES];
        numbers[..rest.len()].copy_from_slice(rest);
        add_sums(simd, std::slice::from_ref(last), std::slice::from_ref(&numbers), &mut total);
    }
    total
}

/// Adds the sums of up to [`VECTORS_IN_SUM`] vectors of numbers.
#[inline(always)]
fn add_sums<S: Simd>(
    simd: S,
    entries: &[[u8; BYTES]],
    numbers: &[[u8; BYTES]],
    total: &mut [u32; GROUP],
) {
    let zero = simd.splat_bytes([0; 4]);
    let (mut low, mut low_upper, mut high, mut high_upper) = (zero, zero, zero, zero);
    for (entries, numbers) in entries.iter().zip(numbers) {
        let (entries, numbers) = (simd.load_bytes(entries), simd.load_bytes(numbers));
        let found = simd.look_up(entries, simd.lower_halves(numbers));
        low = simd.add_u16(low, found);
        low_upper = simd.add_u16(low_upper, simd.upper_bytes(found));
        let found = simd.look_up(entries, simd.upper_halves(numbers));
        high = simd.add_u16(high, found);
        high_upper = simd.add_u16(high_upper, simd.upper_bytes(found));
    }
    let (low, low_upper) = (simd.sum_quarters_u16(low), simd.sum_quarters_u16(low_upper));
    let (high, high_upper) = (simd.sum_quarters_u16(high), simd.sum_quarters_u16(high_upper));
    for at in 0..8 {
        total[at] += u32::from(low[at].wrapping_sub(low_upper[at] << 8));
        total[8 + at] += u32::from(low_upper[at]);
        total[16 + at] += u32::from(high[at].wrapping_sub(high_upper[at] << 8));
        total[24 + at] += u32::from(high_upper[at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of a part in the code at a place of its group.
    fn number(group: &[u8], place: usize, part: usize) -> usize {
        let row = place % 16;
        let byte = part * ENTRIES + if row < 8 { 2 * row } else { 2 * (row - 8) + 1 };
        usize::from(group[byte] >> (place / 16 * 4) & 15)
    }

    #[test]
    fn every_level_sums_as_a_plain_loop_does() {
        let byte = |at: usize| (at * at * 31 + at * 7 + at / 256) as u8;
        for (parts, codes) in
            [(1_usize, 1_usize), (2, 32), (3, 70), (4, 64), (7, 33), (96, 100), (513, 40)]
        {
            let group_bytes = parts.div_ceil(2) * PAIR_BYTES + codes % 3;
            let groups: Vec<u8> = (0..codes.div_ceil(GROUP) * group_bytes).map(byte).collect();
            for highest in [false, true] {
                let entry = |at: usize| if highest { u8::MAX } else { byte(at * 3 + 1) };
                let entries: Vec<u8> = (0..parts * ENTRIES).map(entry).collect();
                let tables = Tables { entries: &entries, start: 70_000, factor: 0.5, added: -3.0 };
                let expected: Vec<f32> = (0..codes)
                    .map(|code| {
                        let group = &groups[code / GROUP * group_bytes..];
                        let entry =
                            |part| entries[part * ENTRIES + number(group, code % GROUP, part)];
                        let sum: u32 = (0..parts).map(|part| u32::from(entry(part))).sum();
                        (70_000 + sum) as f32 * 0.5 - 3.0
                    })
                    .collect();
                for level in Level::available() {
                    let mut found = vec![0.0; codes];
                    scores(level, tables, &groups, group_bytes, &mut found);
                    assert_eq!(found, expected, "{} {parts} {highest}", level.name());
                }
            }
        }
    }
}
