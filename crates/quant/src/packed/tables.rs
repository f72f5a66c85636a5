//! Tables of a query, rounded to bytes as FAISS's fast scan rounds them.
//!
//! The lowest entry of each table is taken from it, and what is left is scaled by one factor so that the
//! widest table fits in a byte, and any sum in 16 bits. A sum of entries is then about that of the rounded
//! ones, divided by the factor, plus what was taken.

use super::blocks::{GROUP, number_at};
use anear_kernels::Level;
use anear_kernels::lookup::packed::ENTRIES;
use anear_kernels::lookup::rounding;
use anear_kernels::lookup::subsets::{self, Values};

/// The largest rounded entry and the largest sum.
const LARGEST_ENTRY: f32 = 255.0;
const LARGEST_SUM: f32 = 65535.0;

/// Tables of f32, as many for each of some centers.
#[derive(Debug)]
pub(crate) struct Tables<'t> {
    source: Source<'t>,
    /// Tables of a center.
    parts: usize,
    /// The lowest entry of each table.
    lows: Vec<f32>,
    /// How far the highest entry of a table is from its lowest, at most.
    widest: f32,
    /// For each center the sum of the lowest entries, and of how far the highest are from them.
    pub(crate) low_sums: Vec<f32>,
    pub(crate) width_sums: Vec<f32>,
}

/// What entries are.
#[derive(Debug)]
enum Source<'t> {
    /// Numbers, for one center after another.
    Filled(Vec<f32>),
    /// Sums of numbers and of others, which are those of each center.
    Summed(Vec<f32>, Vec<&'t [f32]>),
    /// What the sets of four values sum up to, for each center.
    Subsets(Vec<Values<'t>>),
}

/// Rounded tables, and the factor; 0 where all entries of a table are the same.
pub(crate) struct Rounded {
    pub(crate) tables: Vec<[u8; ENTRIES]>,
    pub(crate) factor: f32,
}

impl<'t> Tables<'t> {
    /// So many tables for each center, one center after another.
    ///
    /// # Panics
    /// If there are not whole tables.
    pub(crate) fn filled(entries: Vec<f32>, parts: usize) -> Tables<'t> {
        assert!(entries.len().is_multiple_of(parts * ENTRIES));
        let centers = entries.len() / (parts * ENTRIES);
        Tables::new(Source::Filled(entries), parts, centers)
    }

    /// Sums of tables and of others as many as they, of each of several centers.
    ///
    /// # Panics
    /// If there are not whole tables, or others are not as many.
    pub(crate) fn summed(entries: Vec<f32>, added: Vec<&'t [f32]>) -> Tables<'t> {
        assert!(entries.len().is_multiple_of(ENTRIES));
        let (parts, centers) = (entries.len() / ENTRIES, added.len());
        Tables::new(Source::Summed(entries, added), parts, centers)
    }

    /// Sums of sets of four values, as many for each of several centers.
    ///
    /// # Panics
    /// If they are not as many.
    pub(crate) fn of_subsets(values: Vec<Values<'t>>) -> Tables<'t> {
        let (first, centers) = (values.first(), values.len());
        let parts = first.map_or(1, |values| values.numbers.len().div_ceil(4));
        Tables::new(Source::Subsets(values), parts, centers)
    }

    fn new(source: Source<'t>, parts: usize, centers: usize) -> Tables<'t> {
        let (level, count) = (Level::best(), centers * parts);
        let (mut lows, mut widths) = (vec![0.0; count], vec![0.0; count]);
        let places = lows.chunks_exact_mut(parts).zip(widths.chunks_exact_mut(parts));
        for (center, (lows, widths)) in places.enumerate() {
            match source.of(center, parts) {
                One::Tables(tables) => rounding::extents(level, tables, lows, widths),
                One::Subsets(values) => subsets::extents(level, values, lows, widths),
            }
        }
        let widest = widths.iter().copied().fold(0.0, f32::max);
        let (low_sums, width_sums) = sums(&lows, &widths, parts);
        Tables { source, parts, lows, widest, low_sums, width_sums }
    }

    /// The tables rounded, where sums lie in a range of `widest_sum`.
    pub(crate) fn round(&self, widest_sum: f32) -> Rounded {
        let (level, factor) = (Level::best(), self.factor(widest_sum));
        let mut rounded = vec![[0; ENTRIES]; self.lows.len()];
        let places = self.lows.chunks_exact(self.parts).zip(rounded.chunks_exact_mut(self.parts));
        for (center, (lows, rounded)) in places.enumerate() {
            match self.source.of(center, self.parts) {
                One::Tables(tables) => rounding::round(level, tables, lows, factor, rounded),
                One::Subsets(values) => subsets::round(level, values, lows, factor, rounded),
            }
        }
        Rounded { tables: rounded, factor }
    }

    /// The same for tables of whole numbers, of which many lie halfway between two bytes: multiplied and
    /// subtracted in one, which says to which side they fall, as in FAISS.
    ///
    /// # Panics
    /// If they are sums.
    pub(crate) fn round_whole(&self, widest_sum: f32) -> Rounded {
        let Source::Filled(entries) = &self.source else { panic!("sums are no whole numbers") };
        let factor = self.factor(widest_sum);
        let tables = entries.as_chunks::<ENTRIES>().0.iter().zip(&self.lows);
        let rounded = tables.map(|(table, low)| {
            let low = f64::from(low * factor);
            let above = |entry: f32| (f64::from(entry) * f64::from(factor) - low) as f32;
            table.map(|entry| (above(entry) + 0.5) as u8)
        });
        Rounded { tables: rounded.collect(), factor }
    }

    fn factor(&self, widest_sum: f32) -> f32 {
        let factor = (LARGEST_ENTRY / self.widest).min(LARGEST_SUM / widest_sum);
        if factor.is_finite() { factor } else { 0.0 }
    }
}

/// The tables of a center.
enum One<'a> {
    Tables(rounding::Tables<'a>),
    Subsets(Values<'a>),
}

impl Source<'_> {
    fn of(&self, center: usize, parts: usize) -> One<'_> {
        match self {
            Source::Filled(entries) => {
                let entries = &entries.as_chunks().0[center * parts..][..parts];
                One::Tables(rounding::Tables { entries, added: &[] })
            }
            Source::Summed(entries, added) => {
                let (entries, added) = (entries.as_chunks().0, added[center].as_chunks().0);
                One::Tables(rounding::Tables { entries, added })
            }
            Source::Subsets(values) => One::Subsets(values[center]),
        }
    }
}

/// The sums of the numbers of each center, in their order; those of four centers at a time, so that no addition
/// waits for the one before.
fn sums(lows: &[f32], widths: &[f32], parts: usize) -> (Vec<f32>, Vec<f32>) {
    let count = lows.len() / parts;
    let (mut low_sums, mut width_sums) = (vec![0.0; count], vec![0.0; count]);
    let (low_fours, low_rest) = low_sums.as_chunks_mut::<4>();
    let (width_fours, width_rest) = width_sums.as_chunks_mut::<4>();
    let (lows, last_lows) = lows.split_at(4 * low_fours.len() * parts);
    let (widths, last_widths) = widths.split_at(lows.len());
    let numbers = lows.chunks_exact(4 * parts).zip(widths.chunks_exact(4 * parts));
    for ((low_sums, width_sums), (lows, widths)) in
        low_fours.iter_mut().zip(width_fours).zip(numbers)
    {
        add_up(low_sums, width_sums, lows, widths);
    }
    let numbers = last_lows.chunks_exact(parts).zip(last_widths.chunks_exact(parts));
    for ((low_sum, width_sum), (lows, widths)) in low_rest.iter_mut().zip(width_rest).zip(numbers) {
        let sums = (std::array::from_mut(low_sum), std::array::from_mut(width_sum));
        add_up(sums.0, sums.1, lows, widths);
    }
    (low_sums, width_sums)
}

/// Adds up numbers of `N` centers.
fn add_up<const N: usize>(
    low_sums: &mut [f32; N],
    width_sums: &mut [f32; N],
    lows: &[f32],
    widths: &[f32],
) {
    let parts = lows.len() / N;
    for part in 0..parts {
        for center in 0..N {
            low_sums[center] += lows[center * parts + part];
            width_sums[center] += widths[center * parts + part];
        }
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
