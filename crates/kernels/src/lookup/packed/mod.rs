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
//! all of its codes are too far; after how many vectors that is looked at follows from the groups before. Where entries
//! take longer to be added than bytes, quarters of entries tell that first, of which four are added as bytes.

mod leaving;
mod sums;
mod telling;
#[cfg(test)]
mod tests;

use super::near::{PIECE, Taker};
use crate::Level;
use crate::arch::{BYTES, Kernel, LANES, Simd};
pub use leaving::Leaving;
use sums::{Vectors, sums};
use telling::{Codes, Near};

/// Codes in a group.
pub const GROUP: usize = 32;
/// Entries of a table.
pub const ENTRIES: usize = 16;
/// Bytes of a pair of parts in a group.
const PAIR_BYTES: usize = 2 * ENTRIES;

const _: () = assert!(GROUP == PIECE && GROUP == 2 * LANES);

/// The tables of a query, and what becomes of a sum: `(start + sum) * factor + added`.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// 16 entries a part.
    pub entries: &'a [u8],
    /// Fourths of them, as [`quarters`] makes them, or nothing.
    pub quarters: &'a [u8],
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
    /// When it leaves groups.
    pub leaving: Leaving,
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
        assert_eq!(other.tables.quarters.len(), tables.quarters.len());
    }
    assert!([0, tables.entries.len()].contains(&tables.quarters.len()));
    let codes = Codes { group_bytes, groups, count, first };
    level.run(Near { asked, codes, are_arranged });
}

/// A fourth of each entry, rounded down, with which [`near`] is faster; nothing where it would not be.
pub fn quarters(level: Level, entries: &[[u8; ENTRIES]]) -> Vec<[u8; ENTRIES]> {
    level.run(Quarters { entries })
}

struct Quarters<'a> {
    entries: &'a [[u8; ENTRIES]],
}

impl Kernel for Quarters<'_> {
    type Output = Vec<[u8; ENTRIES]>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Vec<[u8; ENTRIES]> {
        let entries = if S::ADDS_BYTES { self.entries } else { &[] };
        let mut quarters = entries.to_vec();
        for entry in quarters.as_flattened_mut() {
            *entry /= 4;
        }
        quarters
    }
}

/// Bytes of a group that are looked up.
fn looked_up(tables: Tables<'_>) -> usize {
    let parts = tables.entries.len() / ENTRIES;
    assert!(parts > 0 && tables.entries.len().is_multiple_of(ENTRIES));
    parts.div_ceil(2) * PAIR_BYTES
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
        let (whole, some) = scores.as_chunks_mut::<GROUP>();
        let mut last = [0.0; GROUP];
        let last_scores = (!some.is_empty()).then_some(&mut last);
        let groups = groups.chunks_exact(group_bytes);
        for (group, scores) in groups.zip(whole.iter_mut().chain(last_scores)) {
            let all = 0..vectors.count();
            let [sums] = sums::<S, 1, false>(simd, &vectors, &group[..looked_up], all);
            scale.store(simd, scale.scores(simd, sums), scores);
        }
        some.copy_from_slice(&last[..some.len()]);
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
