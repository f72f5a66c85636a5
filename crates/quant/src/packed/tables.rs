//! Tables of a query, rounded to bytes as FAISS's fast scan rounds them.
//!
//! The lowest entry of each table is taken from it, and what is left is scaled by one factor so that the
//! widest table fits in a byte, and any sum in 16 bits. A sum of entries is then about that of the rounded
//! ones, divided by the factor, plus what was taken.

use super::blocks::{GROUP, number_at};
use anear_kernels::Level;
use anear_kernels::lookup::packed::ENTRIES;
use anear_kernels::lookup::rounding;

/// The largest rounded entry and the largest sum.
const LARGEST_ENTRY: f32 = 255.0;
const LARGEST_SUM: f32 = 65535.0;

/// Tables of f32, one or several for each number of a code.
#[derive(Debug)]
pub(crate) struct Tables {
    entries: Vec<f32>,
    /// The lowest entry of each table, and how far the highest is from it.
    pub(crate) lows: Vec<f32>,
    pub(crate) widths: Vec<f32>,
}

/// Rounded tables, and the factor; 0 where all entries of a table are the same.
pub(crate) struct Rounded {
    pub(crate) tables: Vec<[u8; ENTRIES]>,
    pub(crate) factor: f32,
}

impl Tables {
    /// # Panics
    /// If there are not whole tables.
    pub(crate) fn new(entries: Vec<f32>) -> Tables {
        assert!(entries.len().is_multiple_of(ENTRIES));
        let mut lows = vec![0.0; entries.len() / ENTRIES];
        let mut widths = lows.clone();
        rounding::extents(Level::best(), entries.as_chunks().0, &mut lows, &mut widths);
        Tables { entries, lows, widths }
    }

    /// The tables rounded, where sums lie in a range of `widest_sum`.
    pub(crate) fn round(&self, widest_sum: f32) -> Rounded {
        let factor = self.factor(widest_sum);
        let mut rounded = vec![[0; ENTRIES]; self.lows.len()];
        let tables = self.entries.as_chunks().0;
        rounding::round(Level::best(), tables, &self.lows, factor, &mut rounded);
        Rounded { tables: rounded, factor }
    }

    /// The same for tables of whole numbers, of which many lie halfway between two bytes: multiplied and
    /// subtracted in one, which says to which side they fall, as in FAISS.
    pub(crate) fn round_whole(&self, widest_sum: f32) -> Rounded {
        let factor = self.factor(widest_sum);
        let tables = self.entries.as_chunks::<ENTRIES>().0.iter().zip(&self.lows);
        let rounded = tables.map(|(table, low)| {
            let low = f64::from(low * factor);
            let above = |entry: f32| (f64::from(entry) * f64::from(factor) - low) as f32;
            table.map(|entry| (above(entry) + 0.5) as u8)
        });
        Rounded { tables: rounded.collect(), factor }
    }

    fn factor(&self, widest_sum: f32) -> f32 {
        let widest = self.widths.iter().copied().fold(0.0, f32::max);
        let factor = (LARGEST_ENTRY / widest).min(LARGEST_SUM / widest_sum);
        if factor.is_finite() { factor } else { 0.0 }
    }
}

/// The sum of what the numbers of one code of a group stand for.
pub(crate) fn sum_at(tables: &[[u8; ENTRIES]], group: &[u8], place: usize) -> u32 {
    debug_assert!(place < GROUP);
    let entry = |(part, table): (usize, &[u8; ENTRIES])| {
        u32::from(table[usize::from(number_at(group, place, part))])
    };
    tables.iter().enumerate().map(entry).sum()
}

pub(crate) fn lowest(numbers: &[f32]) -> f32 {
    numbers.iter().copied().fold(f32::INFINITY, f32::min)
}
