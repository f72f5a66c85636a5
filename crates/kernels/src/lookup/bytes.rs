//! Codes of whole bytes, looked up in tables of f32.
//!
//! Up to three times eight tables stay in the fastest cache while some hundred codes pass by. Eight bytes of
//! a code come as one word, and their entries are added as a tree, so that no addition waits for
//! the one before. Where only codes up to a limit are wanted and sums can only grow, those are left that will be
//! above it whatever comes.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use crate::prefetch::Scattered;

/// Entries of a table.
pub const ENTRIES: usize = 256;
/// Tables of a word.
const TABLES: usize = 8;
/// Words of a code that are looked up at a time.
const WORDS: usize = 3;
/// Codes that pass by them.
pub const CODES: usize = 256;
/// Codes with some numbers are far from each other: so many are asked for before they are read.
const CODES_AHEAD: usize = 4;

/// Writes `start` and the sum of what the bytes of a code stand for, the first in the first table and so
/// on, for codes that lie one behind another.
///
/// # Panics
/// If there are no tables, or not one code of as many bytes for each of `scores`.
pub fn scores(
    level: Level,
    tables: &[[f32; ENTRIES]],
    start: f32,
    codes: &[u8],
    scores: &mut [f32],
) {
    assert!(!tables.is_empty());
    assert_eq!(codes.len(), scores.len() * tables.len());
    level.run(Scores { tables, start, codes, limit: None, scores });
}

/// The same where neither `start` nor entries are negative: the score of a code that is above a limit may be
/// infinite. `growth` is that of the tables.
///
/// # Panics
/// As [`scores`].
pub fn scores_up_to(
    level: Level,
    tables: &[[f32; ENTRIES]],
    start: f32,
    codes: &[u8],
    (limit, growth): (f32, &Growth),
    scores: &mut [f32],
) {
    assert!(!tables.is_empty());
    assert_eq!(codes.len(), scores.len() * tables.len());
    level.run(Scores { tables, start, codes, limit: Some((limit, growth)), scores });
}

/// By how much sums grow at least.
#[derive(Clone, Debug)]
pub struct Growth {
    /// From the first words that are looked up at a time on, from the second ones on and so on.
    least: Vec<f64>,
    /// A sum is more than this share of what it is but for roundings.
    share: f64,
}

impl Growth {
    /// What the lowest entries of tables tell.
    pub fn new(level: Level, tables: &[[f32; ENTRIES]]) -> Growth {
        let lowest = level.run(Lowest { tables });
        let pieces = lowest.chunks(WORDS * TABLES);
        let mut least: Vec<f64> =
            pieces.map(|lowest| lowest.iter().copied().map(f64::from).sum()).collect();
        for piece in (1..least.len()).rev() {
            least[piece - 1] += least[piece];
        }
        // Each addition of numbers that are not negative loses half a unit in the last place of the sum.
        let share = 1.0 - (tables.len() + TABLES) as f64 * f64::from(f32::EPSILON);
        Growth { least, share: share.max(f64::MIN_POSITIVE) }
    }

    /// What a score is at most, before some words are looked up, if it is not above a limit after all.
    fn most(&self, limit: f32, piece: usize) -> f32 {
        ((f64::from(limit) / self.share - self.least[piece]) as f32).next_up()
    }
}

/// The lowest number in each table; infinite where there is none.
struct Lowest<'a> {
    tables: &'a [[f32; ENTRIES]],
}

impl Kernel for Lowest<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Vec<f32> {
        let mut all = Vec::with_capacity(self.tables.len());
        for table in self.tables {
            let mut lowest = [f32::INFINITY; LANES];
            for entries in table.as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    let is_lower = entries[lane] < lowest[lane];
                    lowest[lane] = if is_lower { entries[lane] } else { lowest[lane] };
                }
            }
            all.push(lowest.iter().copied().fold(f32::INFINITY, f32::min));
        }
        all
    }
}

struct Scores<'a> {
    tables: &'a [[f32; ENTRIES]],
    start: f32,
    codes: &'a [u8],
    limit: Option<(f32, &'a Growth)>,
    scores: &'a mut [f32],
}

impl Kernel for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let code_bytes = self.tables.len();
        let (eights, rest) = self.tables.as_chunks::<TABLES>();
        let blocks = self.codes.chunks(CODES * code_bytes).zip(self.scores.chunks_mut(CODES));
        for (codes, scores) in blocks {
            scores.fill(self.start);
            let mut left = Left::all(scores.len());
            for (piece, tables) in eights.chunks(WORDS).enumerate() {
                if piece > 0
                    && let Some((limit, growth)) = self.limit
                {
                    left.leave(growth.most(limit, piece), scores);
                }
                let words = Words { codes, code_bytes, first: piece * WORDS };
                match tables {
                    [a, b, c] => words.add([a, b, c], &left, scores),
                    [a, b] => words.add([a, b], &left, scores),
                    [a] => words.add([a], &left, scores),
                    _ => unreachable!("no more words"),
                }
            }
            if rest.is_empty() {
                continue;
            }
            for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
                *score += some(rest, &code[code_bytes - rest.len()..]);
            }
        }
    }
}

/// The places of the codes of a block that may be up to a limit.
struct Left {
    places: [u8; CODES],
    count: usize,
}

impl Left {
    #[inline(always)]
    fn all(count: usize) -> Left {
        Left { places: std::array::from_fn(|at| at as u8), count }
    }

    /// Whether it does not pay to look at these alone.
    #[inline(always)]
    fn are_most(&self, count: usize) -> bool {
        4 * self.count > 3 * count
    }

    #[inline(always)]
    fn places(&self) -> &[u8] {
        &self.places[..self.count]
    }

    /// Leaves those whose scores are above a limit.
    #[inline(always)]
    fn leave(&mut self, limit: f32, scores: &mut [f32]) {
        let mut kept = 0;
        for at in 0..self.count {
            // No branch: there is no telling which are left.
            let place = self.places[at];
            let score = &mut scores[usize::from(place)];
            let is_above = *score > limit;
            *score = if is_above { f32::INFINITY } else { *score };
            self.places[kept] = place;
            kept += usize::from(!is_above);
        }
        self.count = kept;
    }
}

/// The same for those of the codes with some numbers.
///
/// # Panics
/// If there are no tables, a code is not there, or there is not one number for each of `scores`.
pub fn gathered(
    level: Level,
    tables: &[[f32; ENTRIES]],
    start: f32,
    codes: &[u8],
    numbers: &[u32],
    scores: &mut [f32],
) {
    assert!(!tables.is_empty());
    assert_eq!(numbers.len(), scores.len());
    level.run(Gathered { tables, start, codes, numbers, scores });
}

struct Gathered<'a> {
    tables: &'a [[f32; ENTRIES]],
    start: f32,
    codes: &'a [u8],
    numbers: &'a [u32],
    scores: &'a mut [f32],
}

impl Kernel for Gathered<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Gathered { tables, start, codes, numbers, scores } = self;
        let code_bytes = tables.len();
        let (eights, rest) = tables.as_chunks::<TABLES>();
        let codes = Scattered::new(simd, (codes, code_bytes), numbers, CODES_AHEAD);
        for (at, score) in scores.iter_mut().enumerate() {
            let (words, bytes) = codes.at(simd, at).as_chunks::<TABLES>();
            *score = start;
            for (tables, bytes) in eights.iter().zip(words) {
                *score += eight(tables, bytes);
            }
            if !rest.is_empty() {
                *score += some(rest, bytes);
            }
        }
    }
}

/// Words of codes of so many bytes, from the word with a number on.
#[derive(Clone, Copy)]
struct Words<'a> {
    codes: &'a [u8],
    code_bytes: usize,
    first: usize,
}

impl Words<'_> {
    /// Adds what they stand for: of all codes, where most of them are left.
    #[inline(always)]
    fn add<const W: usize>(
        self,
        tables: [&[[f32; ENTRIES]; TABLES]; W],
        left: &Left,
        scores: &mut [f32],
    ) {
        if left.are_most(scores.len()) {
            let codes = self.codes.chunks_exact(self.code_bytes);
            for (code, score) in codes.zip(scores) {
                *score = self.sum(tables, code, *score);
            }
            return;
        }
        for place in left.places() {
            let place = usize::from(*place);
            let code = &self.codes[place * self.code_bytes..][..self.code_bytes];
            scores[place] = self.sum(tables, code, scores[place]);
        }
    }

    #[inline(always)]
    fn sum<const W: usize>(
        self,
        tables: [&[[f32; ENTRIES]; TABLES]; W],
        code: &[u8],
        mut sum: f32,
    ) -> f32 {
        let words: &[_; W] =
            code.as_chunks().0[self.first..].first_chunk().expect("a word for each");
        for (tables, word) in tables.into_iter().zip(words) {
            sum += eight(tables, word);
        }
        sum
    }
}

#[inline(always)]
fn some(tables: &[[f32; ENTRIES]], bytes: &[u8]) -> f32 {
    tables.iter().zip(bytes).map(|(table, byte)| table[usize::from(*byte)]).sum()
}

#[inline(always)]
fn eight(tables: &[[f32; ENTRIES]; TABLES], bytes: &[u8; TABLES]) -> f32 {
    let word = u64::from_le_bytes(*bytes);
    let entry = |at: usize| tables[at][usize::from((word >> (8 * at)) as u8)];
    let pair = |at: usize| entry(at) + entry(at + 1);
    (pair(0) + pair(2)) + (pair(4) + pair(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_sums_as_a_plain_loop_does() {
        for (parts, codes) in [(1, 3), (7, 1), (8, 600), (13, 257), (16, 9), (48, 70), (67, 12)] {
            let number = |at: usize| ((at * 7919) % 1009) as f32;
            let tables: Vec<[f32; ENTRIES]> = (0..parts)
                .map(|part| std::array::from_fn(|at| number(part * ENTRIES + at)))
                .collect();
            let bytes: Vec<u8> = (0..codes * parts).map(|at| (at * at * 31 + at) as u8).collect();
            let expected: Vec<f32> = bytes
                .chunks_exact(parts)
                .map(|code| {
                    let entries = tables.iter().zip(code);
                    5.0 + entries.map(|(table, byte)| table[usize::from(*byte)]).sum::<f32>()
                })
                .collect();
            for level in Level::available() {
                let mut found = vec![0.0; codes];
                scores(level, &tables, 5.0, &bytes, &mut found);
                assert_eq!(found, expected, "{} {parts}", level.name()); // whole numbers, so exact
                let growth = Growth::new(level, &tables);
                for limit in [-1.0, expected[0], f32::MAX] {
                    scores_up_to(level, &tables, 5.0, &bytes, (limit, &growth), &mut found);
                    for (found, expected) in found.iter().zip(&expected) {
                        let is_left = *found == f32::INFINITY && *expected > limit;
                        assert!(found == expected || is_left, "{} {parts}", level.name());
                    }
                    let all_are_left = found.iter().all(|score| *score == f32::INFINITY);
                    assert!(all_are_left || limit >= 0.0 || parts <= WORDS * TABLES, "{parts}");
                }
                let numbers: Vec<u32> = (0..codes as u32).rev().step_by(2).collect();
                let mut some = vec![0.0; numbers.len()];
                gathered(level, &tables, 5.0, &bytes, &numbers, &mut some);
                let expected = numbers.iter().map(|number| expected[*number as usize]);
                assert_eq!(some, expected.collect::<Vec<_>>(), "{} {parts}", level.name());
            }
        }
    }
}
