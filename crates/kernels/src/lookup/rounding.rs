//! Tables of f32 rounded to bytes.

use super::packed::ENTRIES;
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Writes the lowest entry of each table, and how far the highest is from it; anything where an entry is
/// not a number.
///
/// # Panics
/// If there is not one of both for each table.
pub fn extents(level: Level, tables: &[[f32; ENTRIES]], lows: &mut [f32], widths: &mut [f32]) {
    assert_eq!((tables.len(), tables.len()), (lows.len(), widths.len()));
    level.run(Extents { tables, lows, widths });
}

/// Writes the entries as bytes: how far they are above the lowest of their table, times a factor, to the
/// nearest whole number and at most 255.
///
/// # Panics
/// If there is not one lowest entry a table, and room for each.
pub fn round(
    level: Level,
    tables: &[[f32; ENTRIES]],
    lows: &[f32],
    factor: f32,
    rounded: &mut [[u8; ENTRIES]],
) {
    assert_eq!((tables.len(), tables.len()), (lows.len(), rounded.len()));
    level.run(Round { tables, lows, factor, rounded });
}

struct Extents<'a> {
    tables: &'a [[f32; ENTRIES]],
    lows: &'a mut [f32],
    widths: &'a mut [f32],
}

const _: () = assert!(ENTRIES == LANES);

impl Kernel for Extents<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let extents = self.lows.iter_mut().zip(self.widths);
        for (table, (low, width)) in self.tables.iter().zip(extents) {
            let table = simd.load(table);
            *low = -simd.largest(simd.sub(zero, table));
            *width = simd.largest(table) - *low;
        }
    }
}

struct Round<'a> {
    tables: &'a [[f32; ENTRIES]],
    lows: &'a [f32],
    factor: f32,
    rounded: &'a mut [[u8; ENTRIES]],
}

impl Kernel for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let tables = self.tables.iter().zip(self.lows);
        for ((table, low), rounded) in tables.zip(self.rounded) {
            // The compiler makes vector instructions of this.
            for (entry, byte) in table.iter().zip(rounded) {
                *byte = ((entry - low) * self.factor + 0.5) as u8;
            }
        }
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
        for level in Level::available() {
            let (mut lows, mut widths) = ([0.0; 9], [0.0; 9]);
            extents(level, &tables, &mut lows, &mut widths);
            let mut rounded = [[0; ENTRIES]; 9];
            round(level, &tables, &lows, 2.9, &mut rounded);
            for (number, table) in tables.iter().enumerate() {
                let low = table.iter().copied().reduce(f32::min).unwrap();
                let high = table.iter().copied().reduce(f32::max).unwrap();
                assert_eq!((lows[number], widths[number]), (low, high - low), "{}", level.name());
                let byte = |entry: f32| ((entry - low) * 2.9 + 0.5).floor().min(255.0) as u8;
                assert_eq!(rounded[number], table.map(byte), "{}", level.name());
            }
        }
    }
}
