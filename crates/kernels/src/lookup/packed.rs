//! Codes of 4-bit numbers in groups of 32, looked up in tables of 16 bytes by shuffles.
//!
//! A group holds 32 codes, pair of parts by pair: 16 bytes of the first part and 16 of the second. The
//! lower halves of bytes 0, 2, 4 .. 14 are the numbers of codes 0 to 7, those of bytes 1, 3 .. 15 those of
//! codes 8 to 15; the upper halves are codes 16 to 31 in the same order (as in FAISS's fast scan, and
//! in André, Kermarrec and Le Scouarnec, "Cache locality is not enough", 2015).
//!
//! A vector holds four parts. Where bytes of a table can be found across a vector, the numbers of a code
//! are put side by side, and what is found for them is summed up by a product with ones. Elsewhere bytes
//! are added in pairs, as 16-bit numbers, of which each is the entry of one code and 256 times that of
//! another; the upper bytes are added once more by themselves, and taken away in the end.
//!
//! Where only the nearest codes are asked for and sums are distances, they can only grow, so a group is left as soon as
//! all of its codes are too far; after how many vectors that is looked at follows from the groups before.

use super::leaving::Leaving;
use super::near::{PIECE, Taker};
use crate::Level;
use crate::arch::{BYTES, Kernel, LANES, Simd};
use std::ops::Range;

/// Codes in a group.
pub const GROUP: usize = 32;
/// Entries of a table.
pub const ENTRIES: usize = 16;
/// Bytes of a pair of parts in a group.
const PAIR_BYTES: usize = 2 * ENTRIES;
/// Vectors of which a sum cannot leave 16 bits: those of 256 parts, with entries up to 255.
const VECTORS_IN_SUM: usize = 64;

const _: () = assert!(GROUP == PIECE && GROUP == 2 * LANES);

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

/// A query, up to which score a code may be near to it, and what is told of those that are.
pub struct Asked<'a> {
    /// Its tables.
    pub tables: Tables<'a>,
    /// The limit.
    pub limit: f32,
    /// What is told.
    pub taker: &'a mut dyn Taker,
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
    let looked_up = looked_up(tables);
    assert!(looked_up <= group_bytes && groups.len() == scores.len().div_ceil(GROUP) * group_bytes);
    level.run(Scores { tables, looked_up, groups, group_bytes, scores });
}

/// Groups of codes that hold nothing but parts.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// As they are packed.
    Packed(&'a [u8]),
    /// [Arranged](super::arranged) for the level that looks at them.
    Arranged(&'a [u8]),
}

/// Tells queries of the same parts of the scores of `count` codes, the first of which is that of row
/// `first`, that are not above their limits. Up to four of them look at each group together, so that it
/// is taken apart once.
///
/// # Panics
/// If groups are not as many as codes need, or tables are not as many for each query.
pub fn near(level: Level, asked: &mut [Asked<'_>], groups: Groups<'_>, count: usize, first: usize) {
    let Some(Asked { tables, .. }) = asked.first() else { return };
    let packed_bytes = looked_up(*tables);
    let (group_bytes, groups, are_arranged) = match groups {
        Groups::Packed(groups) => (packed_bytes, groups, false),
        Groups::Arranged(groups) => (packed_bytes.next_multiple_of(BYTES), groups, true),
    };
    assert_eq!(groups.len(), count.div_ceil(GROUP) * group_bytes);
    for other in &*asked {
        assert_eq!(other.tables.entries.len(), tables.entries.len());
    }
    let codes = Codes { group_bytes, groups, count, first };
    level.run(Near { asked, codes, are_arranged });
}

/// Bytes of a group that are looked up.
fn looked_up(tables: Tables<'_>) -> usize {
    let parts = tables.entries.len() / ENTRIES;
    assert!(parts > 0 && tables.entries.len().is_multiple_of(ENTRIES));
    parts.div_ceil(2) * PAIR_BYTES
}

/// Tables of some queries, by vectors.
#[derive(Clone, Copy)]
struct Vectors<'a, const N: usize> {
    whole: [&'a [[u8; BYTES]]; N],
    /// Whether there are parts that do not fill a vector, and their tables.
    has_last: bool,
    last: [[u8; BYTES]; N],
}

impl<'a, const N: usize> Vectors<'a, N> {
    #[inline(always)]
    fn new(tables: [Tables<'a>; N]) -> Vectors<'a, N> {
        let (mut whole, mut last) = ([[].as_slice(); N], [[0; BYTES]; N]);
        let mut has_last = false;
        for at in 0..N {
            let (entries, rest) = tables[at].entries.as_chunks::<BYTES>();
            whole[at] = entries;
            last[at][..rest.len()].copy_from_slice(rest);
            has_last |= !rest.is_empty();
        }
        Vectors { whole, has_last, last }
    }
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
        let vectors = Vectors::new([tables]);
        let scale = Scale::new(simd, tables);
        let mut found = [0.0; GROUP];
        for (group, scores) in groups.chunks_exact(group_bytes).zip(scores.chunks_mut(GROUP)) {
            let all = 0..vectors.whole[0].len();
            let [sums] = sums::<S, 1, false>(simd, &vectors, &group[..looked_up], all);
            scale.store(simd, scale.scores(simd, sums), &mut found);
            match scores.as_chunks_mut::<GROUP>() {
                ([scores], _) => *scores = found,
                (_, some) => some.copy_from_slice(&found[..some.len()]),
            }
        }
    }
}

/// What becomes of sums.
#[derive(Clone, Copy)]
struct Scale<S: Simd> {
    start: S::I32s,
    factor: S::F32s,
    added: S::F32s,
}

impl<S: Simd> Scale<S> {
    #[inline(always)]
    fn new(simd: S, tables: Tables<'_>) -> Scale<S> {
        Scale {
            start: simd.splat_i32(tables.start as i32),
            factor: simd.splat(tables.factor),
            added: simd.splat(tables.added),
        }
    }

    /// Multiplied and added apart, as levels without instructions for both do.
    #[inline(always)]
    fn scores(self, simd: S, sums: [S::I32s; 2]) -> [S::F32s; 2] {
        let [low, high] = sums;
        let low = simd.mul(simd.to_f32(simd.add_i32(low, self.start)), self.factor);
        let high = simd.mul(simd.to_f32(simd.add_i32(high, self.start)), self.factor);
        [simd.add(low, self.added), simd.add(high, self.added)]
    }

    #[inline(always)]
    fn store(self, simd: S, [low, high]: [S::F32s; 2], scores: &mut [f32; GROUP]) {
        let [lows, highs] = scores.as_chunks_mut().0 else { unreachable!("two halves") };
        simd.store(low, lows);
        simd.store(high, highs);
    }
}

struct Near<'a, 'b> {
    asked: &'a mut [Asked<'b>],
    codes: Codes<'a>,
    are_arranged: bool,
}

impl Kernel for Near<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.are_arranged {
            false => self.tell_all::<S, false>(simd),
            true => self.tell_all::<S, true>(simd),
        }
    }
}

impl Near<'_, '_> {
    #[inline(always)]
    fn tell_all<S: Simd, const ARRANGED: bool>(self, simd: S) {
        let Near { asked, codes, .. } = self;
        // Sums are a few registers for each, beside those of the numbers and what is found for them.
        let together = if S::REGISTERS >= 32 { asked.len() } else { 0 };
        let (together, alone) = asked.split_at_mut(together);
        let (fours, rest) = together.as_chunks_mut::<4>();
        for four in fours {
            codes.tell::<S, 4, ARRANGED>(simd, four);
        }
        let (twos, rest) = rest.as_chunks_mut::<2>();
        for two in twos {
            codes.tell::<S, 2, ARRANGED>(simd, two);
        }
        for one in rest.iter_mut().chain(alone) {
            codes.tell::<S, 1, ARRANGED>(simd, std::array::from_mut(one));
        }
    }
}

/// Codes in groups.
#[derive(Clone, Copy)]
struct Codes<'a> {
    group_bytes: usize,
    groups: &'a [u8],
    count: usize,
    first: usize,
}

impl Codes<'_> {
    /// Tells some queries of the scores that are not above their limits.
    #[inline(always)]
    fn tell<S: Simd, const N: usize, const ARRANGED: bool>(
        self,
        simd: S,
        asked: &mut [Asked<'_>; N],
    ) {
        let mut tables = [asked[0].tables; N];
        let mut scales = [Scale::new(simd, tables[0]); N];
        let mut limits = [simd.splat(asked[0].limit); N];
        for at in 0..N {
            tables[at] = asked[at].tables;
            scales[at] = Scale::new(simd, tables[at]);
            limits[at] = simd.splat(asked[at].limit);
        }
        let vectors = Vectors::new(tables);
        let count = vectors.whole[0].len();
        let mut leaving = Leaving::new(count, tables.iter().all(|tables| tables.factor >= 0.0));
        for (number, group) in self.groups.chunks_exact(self.group_bytes).enumerate() {
            let first = number * GROUP;
            let those = u32::MAX >> (GROUP - (self.count - first).min(GROUP));
            let place = leaving.next();
            let mut sums = sums::<S, N, ARRANGED>(simd, &vectors, group, 0..place);
            if place < count {
                let mut near = 0;
                for at in 0..N {
                    near |= not_above(simd, scales[at].scores(simd, sums[at]), limits[at]);
                }
                if near & those == 0 {
                    leaving.left();
                    continue;
                }
                leaving.stayed();
                let rest = self::sums::<S, N, ARRANGED>(simd, &vectors, group, place..count);
                sums = added(simd, sums, rest);
            }
            for at in 0..N {
                let scored = scales[at].scores(simd, sums[at]);
                let which = not_above(simd, scored, limits[at]) & those;
                if which != 0 {
                    let mut scores = [0.0; GROUP];
                    scales[at].store(simd, scored, &mut scores);
                    let taker = &mut asked[at].taker;
                    let limit = taker.take(self.first + first, which, &scores);
                    asked[at].limit = limit;
                    limits[at] = simd.splat(limit);
                }
            }
        }
    }
}

/// Which of the scores of a group are not above a limit.
#[inline(always)]
fn not_above<S: Simd>(simd: S, [low, high]: [S::F32s; 2], limit: S::F32s) -> u32 {
    u32::from(simd.not_above(low, limit)) | u32::from(simd.not_above(high, limit)) << LANES
}

/// The sums of entries that some vectors of a group say, and what does not fill one if they go to the end.
#[inline(always)]
fn sums<S: Simd, const N: usize, const ARRANGED: bool>(
    simd: S,
    vectors: &Vectors<'_, N>,
    group: &[u8],
    range: Range<usize>,
) -> [[S::I32s; 2]; N] {
    let (numbers, rest) = group.as_chunks::<BYTES>();
    let count = vectors.whole[0].len();
    let has_last = vectors.has_last && range.end == count;
    if range.len() <= VECTORS_IN_SUM && !has_last {
        let mut tables = vectors.whole;
        for tables in &mut tables {
            *tables = &tables[range.clone()];
        }
        return some_sums::<S, N, ARRANGED>(simd, tables, &numbers[range]);
    }
    let mut totals = [[simd.splat_i32(0); 2]; N];
    for first in range.clone().step_by(VECTORS_IN_SUM) {
        let end = range.end.min(first + VECTORS_IN_SUM);
        let mut tables = vectors.whole;
        for tables in &mut tables {
            *tables = &tables[first..end];
        }
        let more = some_sums::<S, N, ARRANGED>(simd, tables, &numbers[first..end]);
        totals = added(simd, totals, more);
    }
    if has_last {
        let mut last = [0; BYTES];
        match numbers.get(count) {
            Some(numbers) => last = *numbers,
            None => last[..rest.len()].copy_from_slice(rest),
        }
        let mut tables = [[].as_slice(); N];
        for (tables, last) in tables.iter_mut().zip(&vectors.last) {
            *tables = std::slice::from_ref(last);
        }
        totals = added(simd, totals, some_sums::<S, N, ARRANGED>(simd, tables, &[last]));
    }
    totals
}

#[inline(always)]
fn added<S: Simd, const N: usize>(
    simd: S,
    sums: [[S::I32s; 2]; N],
    others: [[S::I32s; 2]; N],
) -> [[S::I32s; 2]; N] {
    let mut totals = sums;
    for query in 0..N {
        let ([low, high], [more_low, more_high]) = (sums[query], others[query]);
        totals[query] = [simd.add_i32(low, more_low), simd.add_i32(high, more_high)];
    }
    totals
}

/// The sums of entries of up to [`VECTORS_IN_SUM`] vectors of numbers.
#[inline(always)]
fn some_sums<S: Simd, const N: usize, const ARRANGED: bool>(
    simd: S,
    mut tables: [&[[u8; BYTES]]; N],
    numbers: &[[u8; BYTES]],
) -> [[S::I32s; 2]; N] {
    let numbers = &numbers[..tables[0].len()];
    for tables in &mut tables {
        // Cut to one length, so that indices need no checks.
        *tables = &tables[..numbers.len()];
    }
    let mut sums = [simd.no_sums(); N];
    if N > 1 || S::REGISTERS < 32 {
        for (at, numbers) in numbers.iter().enumerate() {
            let places = places::<S, ARRANGED>(simd, numbers);
            for query in 0..N {
                let entries = simd.load_bytes(&tables[query][at]);
                sums[query] = simd.add_entries(sums[query], entries, places);
            }
        }
        let mut totals = [simd.totals(sums[0]); N];
        for query in 1..N {
            totals[query] = simd.totals(sums[query]);
        }
        return totals;
    }
    // Two sums side by side, so that no addition waits for the one before, where there is room for them.
    let mut others = simd.no_sums();
    let (pairs, last) = numbers.as_chunks::<2>();
    let (table_pairs, last_table) = tables[0].as_chunks::<2>();
    for (numbers, tables) in pairs.iter().zip(table_pairs) {
        let [first, second] = numbers;
        let first = places::<S, ARRANGED>(simd, first);
        let second = places::<S, ARRANGED>(simd, second);
        sums[0] = simd.add_entries(sums[0], simd.load_bytes(&tables[0]), first);
        others = simd.add_entries(others, simd.load_bytes(&tables[1]), second);
    }
    if let ([numbers], [tables]) = (last, last_table) {
        let places = places::<S, ARRANGED>(simd, numbers);
        sums[0] = simd.add_entries(sums[0], simd.load_bytes(tables), places);
    }
    added(simd, [simd.totals(sums[0]); N], [simd.totals(others); N])
}

#[inline(always)]
fn places<S: Simd, const ARRANGED: bool>(simd: S, numbers: &[u8; BYTES]) -> S::Places {
    let numbers = simd.load_bytes(numbers);
    simd.places(if ARRANGED { numbers } else { simd.arrange(numbers) })
}

#[cfg(test)]
mod tests {
    use super::super::arranged::Arranged;
    use super::super::near::tests::{Lowering, lowered};
    use super::*;

    /// The number of a part in the code at a place of its group.
    fn number(group: &[u8], place: usize, part: usize) -> usize {
        let row = place % 16;
        let byte = part * ENTRIES + if row < 8 { 2 * row } else { 2 * (row - 8) + 1 };
        usize::from(group[byte] >> (place / 16 * 4) & 15)
    }

    fn byte(at: usize) -> u8 {
        (at * at * 31 + at * 7 + at / 256) as u8
    }

    /// The scores of codes in groups.
    fn plainly(tables: Tables<'_>, groups: &[u8], group_bytes: usize, codes: usize) -> Vec<f32> {
        let parts = tables.entries.len() / ENTRIES;
        let score = |code: usize| {
            let group = &groups[code / GROUP * group_bytes..];
            let entry = |part| tables.entries[part * ENTRIES + number(group, code % GROUP, part)];
            let sum: u32 = (0..parts).map(|part| u32::from(entry(part))).sum();
            (tables.start + sum) as f32 * tables.factor + tables.added
        };
        (0..codes).map(score).collect()
    }

    const SHAPES: [(usize, usize); 9] =
        [(1, 1), (2, 32), (3, 70), (4, 64), (7, 33), (96, 100), (255, 65), (256, 33), (513, 40)];

    fn group_bytes(parts: usize) -> usize {
        parts.div_ceil(2) * PAIR_BYTES
    }

    fn groups(group_bytes: usize, codes: usize) -> Vec<u8> {
        (0..codes.div_ceil(GROUP) * group_bytes).map(byte).collect()
    }

    #[test]
    fn every_level_sums_as_a_plain_loop_does() {
        for (parts, codes) in SHAPES {
            let group_bytes = group_bytes(parts) + codes % 3;
            let groups = groups(group_bytes, codes);
            for highest in [false, true] {
                let entry = |at: usize| if highest { u8::MAX } else { byte(at * 3 + 1) };
                let entries: Vec<u8> = (0..parts * ENTRIES).map(entry).collect();
                let tables = Tables { entries: &entries, start: 70_000, factor: 0.5, added: -3.0 };
                let expected = plainly(tables, &groups, group_bytes, codes);
                for level in Level::available() {
                    let mut found = vec![0.0; codes];
                    scores(level, tables, &groups, group_bytes, &mut found);
                    assert_eq!(found, expected, "{} {parts} {highest}", level.name());
                }
            }
        }
    }

    #[test]
    fn every_level_tells_queries_of_what_is_not_above_their_limits() {
        for (parts, codes) in SHAPES {
            let group_bytes = group_bytes(parts);
            let groups = groups(group_bytes, codes);
            for queries in 1..=7 {
                let entries: Vec<Vec<u8>> = (0..queries)
                    .map(|query| (0..parts * ENTRIES).map(|at| byte(at * 3 + query)).collect())
                    .collect();
                let all: Vec<(Tables<'_>, f32)> = entries
                    .iter()
                    .zip([0.5, -0.25, 0.0, 1e-4, -1e-3, 3.0, -8.0])
                    .map(|(entries, factor)| {
                        let tables = Tables { entries, start: 70, factor, added: -300.0 };
                        let middle = plainly(tables, &groups, group_bytes, codes)[codes / 2];
                        (tables, if factor == 3.0 { f32::MAX } else { middle })
                    })
                    .collect();
                for level in Level::available() {
                    let mut takers: Vec<Lowering> = all
                        .iter()
                        .map(|(_, limit)| Lowering { limit: *limit, taken: Vec::new() })
                        .collect();
                    let mut asked: Vec<Asked<'_>> = all
                        .iter()
                        .zip(&mut takers)
                        .map(|((tables, limit), taker)| Asked {
                            tables: *tables,
                            limit: *limit,
                            taker,
                        })
                        .collect();
                    let arranged = Arranged::new(level, &groups, group_bytes);
                    let in_order = match &arranged {
                        Some(arranged) if queries % 2 == 0 => {
                            arranged.groups(0..codes.div_ceil(GROUP))
                        }
                        _ => Groups::Packed(&groups),
                    };
                    near(level, &mut asked, in_order, codes, 5);
                    for ((tables, limit), taker) in all.iter().zip(&takers) {
                        let expected =
                            lowered(&plainly(*tables, &groups, group_bytes, codes), *limit);
                        let found = taker.taken.iter().map(|(at, score)| (at - 5, *score));
                        let found: Vec<(usize, f32)> = found.collect();
                        assert_eq!(found, expected, "{} {parts} {}", level.name(), tables.factor);
                    }
                }
            }
        }
    }

    /// Few codes are near, those of numbers 0, so that most groups are left, and some only in part.
    #[test]
    fn groups_are_left_without_losing_what_is_near() {
        for (parts, codes) in [(33, 3200), (96, 3200), (259, 1000)] {
            let group_bytes = group_bytes(parts);
            let mut groups = groups(group_bytes, codes);
            let near_ones = [3, 40, 41, 700, 999];
            for code in near_ones {
                let (group, place) = (code / GROUP * group_bytes, code % GROUP);
                let in_part = if place % 16 < 8 { 2 * (place % 8) } else { 2 * (place % 8) + 1 };
                for part in 0..parts {
                    groups[group + part * ENTRIES + in_part] &=
                        if place < 16 { 0xf0 } else { 0x0f };
                }
            }
            let entries: Vec<u8> = (0..parts * ENTRIES)
                .map(|at| if at % ENTRIES == 0 { 1 } else { byte(at) | 0x40 })
                .collect();
            for (factor, limit) in [(1.0, 3 * parts), (1.0, 100 * parts), (-1.0, 100 * parts)] {
                let limit = factor * limit as f32;
                let tables = Tables { entries: &entries, start: 2, factor, added: 0.25 };
                let plain = plainly(tables, &groups, group_bytes, codes);
                for level in Level::available() {
                    for queries in 1..=4 {
                        let mut takers: Vec<Lowering> =
                            (0..queries).map(|_| Lowering { limit, taken: Vec::new() }).collect();
                        let asked = takers.iter_mut().map(|taker| Asked { tables, limit, taker });
                        let mut asked: Vec<Asked<'_>> = asked.collect();
                        near(level, &mut asked, Groups::Packed(&groups), codes, 0);
                        for taker in &takers {
                            assert_eq!(taker.taken, lowered(&plain, limit), "{}", level.name());
                        }
                    }
                }
                assert!(!lowered(&plain, limit).is_empty());
            }
        }
    }
}
