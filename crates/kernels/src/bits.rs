//! The metrics over bits: packed words and population counts.
//!
//! Bits are packed 64 to a word, bit 0 first, the last word of a row filled up with zeros, which
//! changes no count. All results are exact.

use crate::Level;
use crate::arch::{Kernel, Simd};
use crate::convert;
use anear_types::{Element, MatrixRef, Metric};

/// Bits in a row of `dim` components: a `u8` is eight packed bits, as in FAISS's binary indexes;
/// any other component is one bit.
pub const fn bits(element: Element, dim: usize) -> usize {
    match element {
        Element::U8 => dim.saturating_mul(8),
        _ => dim,
    }
}

/// Words in a row of so many bits.
pub const fn words(bits: usize) -> usize {
    bits.div_ceil(64)
}

/// Packs rows and appends them to `packed`. A component that is neither a bool nor packed
/// bits is one where it is greater than 0.5, as Annoy has it.
///
/// # Errors
/// The first row with a component that is not finite; the rows before it were appended.
pub fn pack(level: Level, rows: MatrixRef<'_>, packed: &mut Vec<u64>) -> Result<(), usize> {
    if rows.element() == Element::U8 && rows.dim().is_multiple_of(8) {
        let (words, _) = rows.bytes().as_chunks();
        packed.extend(words.iter().map(|bytes| u64::from_le_bytes(*bytes)));
        return Ok(());
    }
    let mut values = Vec::new();
    for row in 0..rows.rows() {
        match rows.element() {
            Element::U8 => packed.extend(rows.row(row).chunks(8).map(|bytes| {
                let mut word = [0; 8];
                word[..bytes.len()].copy_from_slice(bytes);
                u64::from_le_bytes(word)
            })),
            Element::Bool => packed.extend(rows.row(row).chunks(64).map(|bytes| {
                let bits = bytes.iter().enumerate();
                bits.fold(0, |word, (bit, byte)| word | u64::from(*byte != 0) << bit)
            })),
            _ => {
                values.resize(rows.dim(), 0.0);
                convert::to_f64(level, rows.range(row, row + 1), &mut values);
                if !values.iter().all(|value| value.is_finite()) {
                    return Err(row);
                }
                packed.extend(values.chunks(64).map(|values| {
                    let bits = values.iter().enumerate();
                    bits.fold(0, |word, (bit, value)| word | u64::from(*value > 0.5) << bit)
                }));
            }
        }
    }
    Ok(())
}

/// The distance of each row to a query.
///
/// # Panics
/// If the metric is not one over bits, or `rows` is not one query length for each of `distances`.
pub fn distances(level: Level, metric: Metric, query: &[u64], rows: &[u64], distances: &mut [f64]) {
    assert_eq!(rows.len(), query.len() * distances.len());
    match metric {
        Metric::Hamming => level.run(Hamming { query, rows, distances }),
        Metric::Jaccard => level.run(Jaccard { query, rows, distances }),
        _ => panic!("{metric} is not over bits"),
    }
}

struct Hamming<'a> {
    query: &'a [u64],
    rows: &'a [u64],
    distances: &'a mut [f64],
}

impl Kernel for Hamming<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (row, distance) in self.rows.chunks_exact(self.query.len()).zip(self.distances) {
            let mut count = 0;
            for (x, y) in row.iter().zip(self.query) {
                count += u64::from((x ^ y).count_ones());
            }
            *distance = count as f64;
        }
    }
}

struct Jaccard<'a> {
    query: &'a [u64],
    rows: &'a [u64],
    distances: &'a mut [f64],
}

impl Kernel for Jaccard<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (row, distance) in self.rows.chunks_exact(self.query.len()).zip(self.distances) {
            let (mut both, mut either) = (0, 0);
            for (x, y) in row.iter().zip(self.query) {
                both += u64::from((x & y).count_ones());
                either += u64::from((x | y).count_ones());
            }
            *distance = if either == 0 { 0.0 } else { 1.0 - both as f64 / either as f64 };
        }
    }
}
