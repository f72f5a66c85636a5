//! Codes of whole bytes, looked up in tables of f32.
//!
//! Up to three times eight tables stay in the fastest cache while some hundred codes pass by. Eight bytes of
//! a code come as one word, and their entries are added as a tree, so that no addition waits for
//! the one before.

use crate::Level;
use crate::arch::{Kernel, Simd};
use crate::prefetch::Scattered;

/// Entries of a table.
pub const ENTRIES: usize = 256;
/// Tables of a word.
const TABLES: usize = 8;
/// Words of a code that are looked up at a time.
const WORDS: usize = 3;
/// Codes that pass by them.
const CODES: usize = 256;
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
    level.run(Scores { tables, start, codes, scores });
}

struct Scores<'a> {
    tables: &'a [[f32; ENTRIES]],
    start: f32,
    codes: &'a [u8],
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
            for (piece, tables) in eights.chunks(WORDS).enumerate() {
                let words = (codes, code_bytes, piece * WORDS);
                match tables {
                    [a, b, c] => add([a, b, c], words, scores),
                    [a, b] => add([a, b], words, scores),
                    [a] => add([a], words, scores),
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

/// Adds what words of codes, of so many bytes, stand for, from the word with a number on.
#[inline(always)]
fn add<const W: usize>(
    tables: [&[[f32; ENTRIES]; TABLES]; W],
    (codes, code_bytes, first): (&[u8], usize, usize),
    scores: &mut [f32],
) {
    for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
        let words: &[_; W] = code.as_chunks().0[first..].first_chunk().expect("a word for each");
        let mut sum = *score;
        for (tables, word) in tables.into_iter().zip(words) {
            sum += eight(tables, word);
        }
        *score = sum;
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
                let numbers: Vec<u32> = (0..codes as u32).rev().step_by(2).collect();
                let mut some = vec![0.0; numbers.len()];
                gathered(level, &tables, 5.0, &bytes, &numbers, &mut some);
                let expected = numbers.iter().map(|number| expected[*number as usize]);
                assert_eq!(some, expected.collect::<Vec<_>>(), "{} {parts}", level.name());
            }
        }
    }
}
