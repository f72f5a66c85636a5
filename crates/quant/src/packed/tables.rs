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
pub(crate) struct Tables<'t> {
    entries: Vec<f32>,
    /// What is added to them, for each of several centers; nothing if there are none.
    added: Vec<&'t [f32]>,
    /// The lowest entry of each table, by center, and how far the highest is from it.
    pub(crate) lows: Vec<f32>,
    pub(crate) widths: Vec<f32>,
}

/// Rounded tables, and the factor; 0 where all entries of a table are the same.
pub(crate) struct Rounded {
    pub(crate) tables: Vec<[u8; ENTRIES]>,
    pub(crate) factor: f32,
}

impl<'t> Tables<'t> {
    /// # Panics
    /// If there are not whole tables.
    pub(crate) fn new(entries: Vec<f32>) -> Tables<'t> {
        Tables::summed(entries, Vec::new())
    }

    /// Sums of tables and of others as many as they, of each of several centers.
    ///
    /// # Panics
    /// As for [`new`](Tables::new), or if others are not as many.
    pub(crate) fn summed(entries: Vec<f32>, added: Vec<&'t [f32]>) -> Tables<'t> {
        assert!(entries.len().is_multiple_of(ENTRIES));
        let count = entries.len() / ENTRIES;
        let all = count * added.len().max(1);
        let plain = Tables { entries, added, lows: Vec::new(), widths: Vec::new() };
        let (mut lows, mut widths) = (vec![0.0; all], vec![0.0; all]);
        let places = lows.chunks_exact_mut(count).zip(widths.chunks_exact_mut(count));
        for (tables, (lows, widths)) in plain.each().zip(places) {
            rounding::extents(Level::best(), tables, lows, widths);
        }
        Tables { lows, widths, ..plain }
    }

    /// All tables, by center if something is added for each.
    fn each(&self) -> impl Iterator<Item = rounding::Tables<'_>> {
        let entries = self.entries.as_chunks().0;
        let alone = self.added.is_empty().then_some([].as_slice());
        let added = self.added.iter().map(|added| added.as_chunks().0).chain(alone);
        added.map(move |added| rounding::Tables { entries, added })
    }

    /// The tables rounded, where sums lie in a range of `widest_sum`.
    pub(crate) fn round(&self, widest_sum: f32) -> Rounded {
        let factor = self.factor(widest_sum);
        let mut rounded = vec![[0; ENTRIES]; self.lows.len()];
        let count = self.entries.len() / ENTRIES;
        let places = self.lows.chunks_exact(count).zip(rounded.chunks_exact_mut(count));
        for (tables, (lows, rounded)) in self.each().zip(places) {
            rounding::round(Level::best(), tables, lows, factor, rounded);
        }
        Rounded { tables: rounded, factor }
    }

    /// The same for tables of whole numbers, of which many lie halfway between two bytes: multiplied and
    /// subtracted in one, which says to which side they fall, as in FAISS.
    ///
    /// # Panics
    /// If they are sums.
    pub(crate) fn round_whole(&self, widest_sum: f32) -> Rounded {
        assert!(self.added.is_empty());
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
