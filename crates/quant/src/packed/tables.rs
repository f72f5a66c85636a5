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
    /// For each center the sum of the lowest entries, then of how far the highest are from them.
    sums: Vec<f32>,
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
        let mut lows = vec![0.0; 2 * count];
        let (first, widths) = lows.split_at_mut(count);
        let places = first.chunks_exact_mut(parts).zip(widths.chunks_exact_mut(parts));
        for (center, (lows, widths)) in places.enumerate() {
            match source.of(center, parts) {
                One::Tables(tables) => rounding::extents(level, tables, lows, widths),
                One::Subsets(values) => subsets::extents(level, values, lows, widths),
            }
        }
        let widest = widths.iter().copied().fold(0.0, f32::max);
        let sums = sums(&lows, parts);
        lows.truncate(count);
        Tables { source, parts, lows, widest, sums }
    }

    /// For each center the sum of the lowest entries.
    pub(crate) fn low_sums(&self) -> &[f32] {
        &self.sums[..self.sums.len() / 2]
    }

    /// For each center the sum of how far the highest entries are from the lowest.
    pub(crate) fn width_sums(&self) -> &[f32] {
        &self.sums[self.sums.len() / 2..]
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

/// The sums of each so many numbers in their order, which are an even number of sums; some side by side, so that no
/// addition waits for the one before.
fn sums(numbers: &[f32], parts: usize) -> Vec<f32> {
    let mut sums = vec![0.0; numbers.len() / parts];
    let (eights, twos) = sums.as_chunks_mut::<8>();
    let (first, last) = numbers.split_at(8 * eights.len() * parts);
    for (sums, numbers) in eights.iter_mut().zip(first.chunks_exact(8 * parts)) {
        add_up(sums, numbers);
    }
    for (sums, numbers) in twos.as_chunks_mut::<2>().0.iter_mut().zip(last.chunks_exact(2 * parts))
    {
        add_up(sums, numbers);
    }
    sums
}

/// Adds to `N` sums, each an equal share of the numbers.
fn add_up<const N: usize>(sums: &mut [f32; N], numbers: &[f32]) {
    let parts = numbers.len() / N;
    for part in 0..parts {
        for at in 0..N {
            sums[at] += numbers[at * parts + part];
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
