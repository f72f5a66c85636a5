//! Tables of f32 rounded to bytes.

use super::packed::ENTRIES;
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Tables of f32: those given, or sums of two.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// The tables.
    pub entries: &'a [[f32; ENTRIES]],
    /// What is added to them, or nothing.
    pub added: &'a [[f32; ENTRIES]],
}

impl Tables<'_> {
    fn check(self) {
        assert!(self.added.is_empty() || self.added.len() == self.entries.len());
    }

    #[inline(always)]
    fn load<S: Simd>(self, simd: S, at: usize) -> S::F32s {
        let entries = simd.load(&self.entries[at]);
        match self.added.get(at) {
            Some(added) => simd.add(entries, simd.load(added)),
            None => entries,
        }
    }
}

/// Writes the lowest entry of each table, and how far the highest is from it; anything where an entry is
/// not a number.
///
/// # Panics
/// If there is not one of both for each table.
pub fn extents(level: Level, tables: Tables<'_>, lows: &mut [f32], widths: &mut [f32]) {
    let count = tables.entries.len();
    assert_eq!((count, count), (lows.len(), widths.len()));
    tables.check();
    level.run(Extents { tables, lows, widths });
}

/// Writes the entries as bytes: how far they are above the lowest of their table, times a factor, to the
/// nearest whole number and at most 255.
///
/// # Panics
/// If there is not one lowest entry a table, and room for each.
pub fn round(
    level: Level,
    tables: Tables<'_>,
    lows: &[f32],
    factor: f32,
    rounded: &mut [[u8; ENTRIES]],
) {
    let count = tables.entries.len();
    assert_eq!((count, count), (lows.len(), rounded.len()));
    tables.check();
    level.run(Round { tables, lows, factor, rounded });
}

struct Extents<'a> {
    tables: Tables<'a>,
    lows: &'a mut [f32],
    widths: &'a mut [f32],
}

const _: () = assert!(ENTRIES == LANES);

impl Kernel for Extents<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Extents { tables, lows, widths } = self;
        let zero = simd.splat(0.0);
        let (low_fours, some_lows) = lows.as_chunks_mut::<4>();
        let (width_fours, some_widths) = widths.as_chunks_mut::<4>();
        let rest = 4 * low_fours.len();
        for (number, (lows, widths)) in low_fours.iter_mut().zip(width_fours).enumerate() {
            let (mut four, mut negative) = ([zero; 4], [zero; 4]);
            for at in 0..4 {
                four[at] = tables.load(simd, 4 * number + at);
                negative[at] = simd.sub(zero, four[at]);
            }
            let (highs, negative_lows) = (simd.largest_of(four), simd.largest_of(negative));
            for at in 0..4 {
                lows[at] = -negative_lows[at];
                widths[at] = highs[at] - lows[at];
            }
        }
        for (at, (low, width)) in some_lows.iter_mut().zip(some_widths).enumerate() {
            let table = tables.load(simd, rest + at);
            *low = -simd.largest(simd.sub(zero, table));
            *width = simd.largest(table) - *low;
        }
    }
}

struct Round<'a> {
    tables: Tables<'a>,
    lows: &'a [f32],
    factor: f32,
    rounded: &'a mut [[u8; ENTRIES]],
}

impl Kernel for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let scale = Scale::new(simd, self.factor);
        for (at, (low, rounded)) in self.lows.iter().zip(self.rounded).enumerate() {
            *rounded = scale.round(simd, self.tables.load(simd, at), *low);
        }
    }
}

/// How entries become bytes.
#[derive(Clone, Copy)]
pub(super) struct Scale<S: Simd> {
    factor: S::F32s,
    half: S::F32s,
}

impl<S: Simd> Scale<S> {
    #[inline(always)]
    pub(super) fn new(simd: S, factor: f32) -> Scale<S> {
        Scale { factor: simd.splat(factor), half: simd.splat(0.5) }
    }

    #[inline(always)]
    pub(super) fn round(self, simd: S, table: S::F32s, low: f32) -> [u8; ENTRIES] {
        let above = simd.sub(table, simd.splat(low));
        simd.to_bytes(simd.add(simd.mul(above, self.factor), self.half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_rounds_as_a_plain_loop_does() {
        let entry = |table: usize, at: usize| ((table * 131 + at * 37) % 97) as f32 - 40.0;
        let tables: Vec<[f32; ENTRIES]> =
            (0..9).map(|table| std::array::from_fn(|at| entry(table, at))).collect();
        let added: Vec<[f32; ENTRIES]> =
            (0..9).map(|table| std::array::from_fn(|at| entry(at, table))).collect();
        let sum = |x: &[f32; ENTRIES], y: &[f32; ENTRIES]| std::array::from_fn(|at| x[at] + y[at]);
        let sums: Vec<[f32; ENTRIES]> =
            tables.iter().zip(&added).map(|(table, added)| sum(table, added)).collect();
        let cases = [([].as_slice(), &tables), (&added, &sums)];
        for (level, (added, expected)) in
            Level::available().into_iter().flat_map(|level| cases.map(|case| (level, case)))
        {
            let (mut lows, mut widths) = ([0.0; 9], [0.0; 9]);
            let tables = Tables { entries: &tables, added };
            extents(level, tables, &mut lows, &mut widths);
            let mut rounded = [[0; ENTRIES]; 9];
            round(level, tables, &lows, 2.9, &mut rounded);
            for (number, table) in expected.iter().enumerate() {
                let low = table.iter().copied().reduce(f32::min).unwrap();
                let high = table.iter().copied().reduce(f32::max).unwrap();
                assert_eq!((lows[number], widths[number]), (low, high - low), "{}", level.name());
                let byte = |entry: f32| ((entry - low) * 2.9 + 0.5).floor().min(255.0) as u8;
                assert_eq!(rounded[number], table.map(byte), "{}", level.name());
            }
        }
    }
}
