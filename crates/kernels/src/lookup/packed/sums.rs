//! Sums of entries.

use super::Tables;
use crate::arch::{BYTES, Simd};
use std::ops::Range;

/// Vectors of which a sum cannot leave 16 bits: those of 256 parts, with entries up to 255.
const VECTORS_IN_SUM: usize = 64;
/// Quarters of entries whose sum is a byte.
const QUARTERS_IN_BYTE: usize = 4;
/// Vectors of quarters that are summed at most.
const MOST_QUARTERS: usize = QUARTERS_IN_BYTE * VECTORS_IN_SUM;

/// Tables of some queries, by vectors.
#[derive(Clone, Copy)]
pub(super) struct Vectors<'a, const N: usize> {
    whole: [&'a [[u8; BYTES]]; N],
    /// Quarters of those, if there are any.
    quarters: [&'a [[u8; BYTES]]; N],
    /// Whether there are parts that do not fill a vector, and their tables.
    has_last: bool,
    last: [[u8; BYTES]; N],
}

impl<'a, const N: usize> Vectors<'a, N> {
    #[inline(always)]
    pub(super) fn new(tables: [Tables<'a>; N]) -> Vectors<'a, N> {
        let (mut whole, mut last) = ([[].as_slice(); N], [[0; BYTES]; N]);
        let mut quarters = whole;
        let mut has_last = false;
        for at in 0..N {
            let (entries, rest) = tables[at].entries.as_chunks::<BYTES>();
            whole[at] = entries;
            quarters[at] = tables[at].quarters.as_chunks::<BYTES>().0;
            last[at][..rest.len()].copy_from_slice(rest);
            has_last |= !rest.is_empty();
        }
        Vectors { whole, quarters, has_last, last }
    }

    /// Whole vectors.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.whole[0].len()
    }

    /// Whether there are quarters, whose sums stay in 16 bits.
    #[inline(always)]
    pub(super) fn has_quarters(&self) -> bool {
        (1..=MOST_QUARTERS).contains(&self.quarters[0].len())
    }
}

/// The sums of entries that some vectors of a group say, and what does not fill one if they go to the end.
#[inline(always)]
pub(super) fn sums<S: Simd, const N: usize, const ARRANGED: bool>(
    simd: S,
    vectors: &Vectors<'_, N>,
    group: &[u8],
    range: Range<usize>,
) -> [[S::I32s; 2]; N] {
    let (numbers, rest) = group.as_chunks::<BYTES>();
    let count = vectors.count();
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
pub(super) fn added<S: Simd, const N: usize>(
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
                sums[query] = simd.add_entries(sums[query], simd.entries(entries, places));
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
        let [first_table, second_table] = tables;
        let first = simd.entries(simd.load_bytes(first_table), first);
        let second = simd.entries(simd.load_bytes(second_table), second);
        sums[0] = simd.add_entries(sums[0], first);
        others = simd.add_entries(others, second);
    }
    if let ([numbers], [tables]) = (last, last_table) {
        let places = places::<S, ARRANGED>(simd, numbers);
        sums[0] = simd.add_entries(sums[0], simd.entries(simd.load_bytes(tables), places));
    }
    [simd.totals(simd.add_sums(sums[0], others)); N]
}

/// What the sums of entries that some vectors of a group say are at least: four times the sums of quarters.
///
/// # Panics
/// If there are no quarters.
#[inline(always)]
pub(super) fn least<S: Simd, const N: usize, const ARRANGED: bool>(
    simd: S,
    vectors: &Vectors<'_, N>,
    group: &[u8],
    range: Range<usize>,
) -> [[S::I32s; 2]; N] {
    let numbers = &group.as_chunks::<BYTES>().0[range.clone()];
    let mut quarters = vectors.quarters;
    for quarters in &mut quarters {
        *quarters = &quarters[range.clone()];
    }
    let mut sums = [simd.no_sums(); N];
    let (fours, rest) = numbers.as_chunks::<QUARTERS_IN_BYTE>();
    for (at, numbers) in fours.iter().enumerate() {
        let first = QUARTERS_IN_BYTE * at;
        let mut tables = [&[[0; BYTES]; QUARTERS_IN_BYTE]; N];
        for query in 0..N {
            tables[query] = quarters[query][first..].first_chunk().expect("as many as numbers");
        }
        sums = with_some::<S, N, ARRANGED>(simd, sums, numbers, tables.map(|four| four.as_slice()));
    }
    if !rest.is_empty() {
        for quarters in &mut quarters {
            *quarters = &quarters[numbers.len() - rest.len()..];
        }
        sums = with_some::<S, N, ARRANGED>(simd, sums, rest, quarters);
    }
    let mut least = [[simd.splat_i32(0); 2]; N];
    for (least, sums) in least.iter_mut().zip(sums) {
        let [first, second] = simd.totals(sums);
        let twice = [simd.add_i32(first, first), simd.add_i32(second, second)];
        *least = [simd.add_i32(twice[0], twice[0]), simd.add_i32(twice[1], twice[1])];
    }
    least
}

/// Adds the sums of up to four quarters.
#[inline(always)]
fn with_some<S: Simd, const N: usize, const ARRANGED: bool>(
    simd: S,
    mut sums: [S::Sums; N],
    numbers: &[[u8; BYTES]],
    tables: [&[[u8; BYTES]]; N],
) -> [S::Sums; N] {
    let mut found = [[simd.splat_bytes([0; 4]); 2]; N];
    for (at, numbers) in numbers.iter().enumerate() {
        let places = places::<S, ARRANGED>(simd, numbers);
        for query in 0..N {
            let [first, second] = simd.entries(simd.load_bytes(&tables[query][at]), places);
            let [sum, other] = found[query];
            found[query] = [simd.add_bytes(sum, first), simd.add_bytes(other, second)];
        }
    }
    for query in 0..N {
        sums[query] = simd.add_entries(sums[query], found[query]);
    }
    sums
}

#[inline(always)]
fn places<S: Simd, const ARRANGED: bool>(simd: S, numbers: &[u8; BYTES]) -> S::Places {
    let numbers = simd.load_bytes(numbers);
    simd.places(if ARRANGED { numbers } else { simd.arrange(numbers) })
}
