//! Scores by tables that are rounded to bytes, as FAISS's fast scan has them.
//!
//! The lowest entry of each part's table is taken from it, and what is left is scaled by one factor
//! so that the widest table fits in a byte, and any sum in 16 bits. A score is the sum of the rounded
//! entries, divided by the factor, plus what was taken. Where codes are differences to centers, all
//! that a query is compared with share the factor, and each has a number that its sums begin at.

use super::Product;
use super::numbers::numbers;
use super::tables::{fill, moved};
use crate::codec::{Codec, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::ops::Op;
use anear_types::Measure;

/// Entries of a part's table.
const ENTRIES: usize = 16;
/// The largest rounded entry and the largest sum.
const LARGEST_ENTRY: f32 = 255.0;
const LARGEST_SUM: f32 = 65535.0;

/// A query, compared with every centroid.
#[derive(Debug)]
pub(super) struct Rounded<'a> {
    product: &'a Product,
    query: Vec<f32>,
    op: Op,
    /// The tables of each center, or those of all.
    tables: Vec<u8>,
    /// Where the sums of each center begin; empty if all begin at 0.
    starts: Vec<u32>,
    /// The center that codes are differences to.
    center: usize,
    /// What a sum is divided by, as its inverse, and what is added.
    inverse: f32,
    added: f32,
}

/// Tables of f32 in the scale of the measure, in which larger is nearer for inner products.
struct Plain {
    tables: Vec<f32>,
    /// The lowest entry of each table, and how far the highest is from it.
    lows: Vec<f32>,
    widths: Vec<f32>,
}

impl<'a> Rounded<'a> {
    pub(super) fn new(product: &'a Product, query: &[f32], measure: Measure) -> Rounded<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        let query = query.to_vec();
        let (tables, starts) = (Vec::new(), Vec::new());
        let mut rounded =
            Rounded { product, query, op, tables, starts, center: 0, inverse: 0.0, added: 0.0 };
        let plain = rounded.plain(&rounded.query);
        rounded.round(&plain, 0.0, &[]);
        rounded.added = plain.lows.iter().sum();
        rounded
    }

    /// The tables of a query.
    fn plain(&self, query: &[f32]) -> Plain {
        let mut tables = vec![0.0; self.product.parts * ENTRIES];
        fill(self.product, self.op, query, &mut tables);
        if self.op == Op::NegativeDot {
            tables.iter_mut().for_each(|entry| *entry = -*entry);
        }
        Plain::new(tables)
    }

    /// Rounds tables whose sums lie in a range of `widest_sum` and begin at `begins`.
    fn round(&mut self, plain: &Plain, widest_sum: f32, begins: &[f32]) {
        let widest = plain.widths.iter().copied().fold(0.0, f32::max);
        let factor = (LARGEST_ENTRY / widest).min(LARGEST_SUM / widest_sum);
        let factor = if factor.is_finite() { factor } else { 0.0 };
        let whole = |number: f32, from: f32| ((number - from) * factor + 0.5).floor();
        let tables = plain.tables.chunks_exact(ENTRIES).zip(&plain.lows);
        let round = |(table, low): (&[f32], &f32)| -> [u8; ENTRIES] {
            std::array::from_fn(|entry| whole(table[entry], *low) as u8)
        };
        self.tables = tables.flat_map(round).collect();
        let first = lowest(begins);
        self.starts = begins.iter().map(|begin| whole(*begin, first) as u32).collect();
        self.inverse = if factor > 0.0 { 1.0 / factor } else { 0.0 };
    }

    /// The query is compared with rows that are differences to one of some centers.
    fn announce_distances(&mut self, centers: &[&[f32]]) {
        let moved: Vec<Vec<f32>> =
            centers.iter().map(|center| moved(&self.query, center)).collect();
        let tables = moved.iter().flat_map(|query| self.plain(query).tables);
        let plain = Plain::new(tables.collect());
        let square = |query: &Vec<f32>| query.iter().map(|component| component * component).sum();
        let squares: Vec<f32> = moved.iter().map(square).collect();
        let nearest = lowest(&squares);
        let widths = plain.widths.chunks_exact(self.product.parts);
        let reach =
            |(square, widths): (&f32, &[f32])| square - nearest + widths.iter().sum::<f32>();
        let widest_sum = squares.iter().zip(widths).map(reach).fold(0.0, f32::max);
        let begins = plain.lows.chunks_exact(self.product.parts).map(|lows| lows.iter().sum());
        let begins: Vec<f32> = begins.collect();
        self.round(&plain, widest_sum, &begins);
        self.added = lowest(&begins);
    }

    /// The same for inner products, to which those with the centers are added.
    fn announce_products(&mut self, centers: &[&[f32]]) {
        let plain = self.plain(&self.query);
        let product = |center: &&[f32]| -negative_dot(&self.query, center);
        let begins: Vec<f32> = centers.iter().map(product).collect();
        let reach = begins.iter().map(|begin| begin - lowest(&begins)).fold(0.0, f32::max);
        self.round(&plain, reach + plain.widths.iter().sum::<f32>(), &begins);
        self.added = plain.lows.iter().sum::<f32>() + lowest(&begins);
    }

    /// The tables that codes are looked up in, and where sums begin.
    fn current(&self) -> (&[u8], u32) {
        let table_bytes = self.product.parts * ENTRIES;
        let own = self.tables.chunks_exact(table_bytes).nth(self.center);
        let start = self.starts.get(self.center).copied().unwrap_or(0);
        (own.unwrap_or(&self.tables), start) // products share one for all centers
    }

    fn score(&self, (tables, start): (&[u8], u32), code: &[u8]) -> f32 {
        let entries = tables.chunks_exact(ENTRIES).zip(numbers(code, 4));
        let sum: u32 = entries.map(|(table, number)| u32::from(table[number])).sum();
        let score = (start + sum) as f32 * self.inverse + self.added;
        if self.op == Op::L2 { score } else { -score }
    }
}

impl Plain {
    fn new(tables: Vec<f32>) -> Plain {
        let lows: Vec<f32> = tables.chunks_exact(ENTRIES).map(lowest).collect();
        let highs = tables
            .chunks_exact(ENTRIES)
            .map(|table| table.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let widths = highs.zip(&lows).map(|(high, low)| high - low).collect();
        Plain { tables, lows, widths }
    }
}

impl Scorer for Rounded<'_> {
    fn announce(&mut self, centers: &[&[f32]]) {
        match self.op {
            _ if centers.is_empty() => {
                let plain = self.plain(&self.query);
                self.round(&plain, plain.widths.iter().sum(), &[]);
            }
            Op::L2 => self.announce_distances(centers),
            _ => self.announce_products(centers),
        }
    }

    fn center_at(&mut self, number: usize, _: &[f32]) {
        self.center = number;
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let (code_bytes, current) = (self.product.code_bytes(), self.current());
        assert_eq!(codes.len(), scores.len() * code_bytes);
        for (code, score) in codes.chunks_exact(code_bytes).zip(scores) {
            *score = self.score(current, code);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let (code_bytes, current) = (self.product.code_bytes(), self.current());
        assert_eq!(numbers.len(), scores.len());
        for (number, score) in numbers.iter().zip(scores) {
            *score = self.score(current, &codes[*number as usize * code_bytes..][..code_bytes]);
        }
    }
}

fn lowest(numbers: &[f32]) -> f32 {
    numbers.iter().copied().fold(f32::INFINITY, f32::min)
}
