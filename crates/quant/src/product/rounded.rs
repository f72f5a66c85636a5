//! Scores by tables that are rounded to bytes, as FAISS's fast scan has them.
//!
//! The lowest entry of each part's table is taken from it, and what is left is scaled by one factor
//! so that the widest table fits in a byte, and any sum in 16 bits. A score is the sum of the rounded
//! entries, divided by the factor, plus what was taken. Where codes are differences to centers, all
//! that a query is compared with share the factor, and each has a number that its sums begin at.

use super::Product;
use super::blocks::{GROUP, number_at};
use super::tables::moved;
use crate::codec::{Codec, Scorer};
use crate::pairs::negative_dot;
use anear_kernels::Level;
use anear_kernels::lookup::packed::{self, ENTRIES};
use anear_kernels::lookup::rounding;
use anear_kernels::ops::Op;
use anear_types::Measure;

/// The largest rounded entry and the largest sum.
const LARGEST_ENTRY: f32 = 255.0;
const LARGEST_SUM: f32 = 65535.0;

/// A query, compared with every centroid.
#[derive(Debug)]
pub(super) struct Rounded<'a> {
    product: &'a Product,
    query: Vec<f32>,
    op: Op,
    /// The tables of the query as it is.
    plain: Plain,
    /// The rounded tables of each center, or those of all.
    tables: Vec<[u8; ENTRIES]>,
    /// Where the sums of each center begin; empty if all begin at 0.
    starts: Vec<u32>,
    /// The center that codes are differences to.
    center: usize,
    /// What a sum is divided by, as its inverse, and what is added.
    inverse: f32,
    added: f32,
}

/// Tables of f32 in the scale of the measure, in which larger is nearer for inner products.
#[derive(Debug)]
struct Plain {
    tables: Vec<f32>,
    /// The lowest entry of each table, and how far the highest is from it.
    lows: Vec<f32>,
    widths: Vec<f32>,
}

impl<'a> Rounded<'a> {
    pub(super) fn new(product: &'a Product, query: &[f32], measure: Measure) -> Rounded<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        let plain = Plain::of(product, op, std::iter::once(query));
        let (query, tables, starts) = (query.to_vec(), Vec::new(), Vec::new());
        let added = plain.lows.iter().sum();
        let (center, inverse) = (0, 0.0);
        let mut rounded =
            Rounded { product, query, op, plain, tables, starts, center, inverse, added };
        let (tables, factor) = rounded.plain.round(0.0);
        rounded.set(tables, factor, &[]);
        rounded
    }

    /// Takes rounded tables for those of codes whose sums begin at these numbers.
    fn set(&mut self, tables: Vec<[u8; ENTRIES]>, factor: f32, begins: &[f32]) {
        let first = lowest(begins);
        let start = |begin: &f32| ((begin - first) * factor + 0.5).floor() as u32;
        self.starts = begins.iter().map(start).collect();
        self.tables = tables;
        self.inverse = if factor > 0.0 { 1.0 / factor } else { 0.0 };
    }

    /// The query is compared with rows that are differences to one of some centers.
    fn announce_distances(&mut self, centers: &[(usize, &[f32])]) {
        let moved: Vec<Vec<f32>> =
            centers.iter().map(|(_, center)| moved(&self.query, center)).collect();
        let plain = Plain::of(self.product, self.op, moved.iter().map(Vec::as_slice));
        let square = |query: &Vec<f32>| query.iter().map(|component| component * component).sum();
        let squares: Vec<f32> = moved.iter().map(square).collect();
        let nearest = lowest(&squares);
        let widths = plain.widths.chunks_exact(self.product.parts);
        let reach =
            |(square, widths): (&f32, &[f32])| square - nearest + widths.iter().sum::<f32>();
        let widest_sum = squares.iter().zip(widths).map(reach).fold(0.0, f32::max);
        let begins = plain.lows.chunks_exact(self.product.parts).map(|lows| lows.iter().sum());
        let begins: Vec<f32> = begins.collect();
        let (tables, factor) = plain.round(widest_sum);
        self.set(tables, factor, &begins);
        self.added = lowest(&begins);
    }

    /// The same for inner products, to which those with the centers are added.
    fn announce_products(&mut self, centers: &[(usize, &[f32])]) {
        let product = |(_, center): &(usize, &[f32])| -negative_dot(&self.query, center);
        let begins: Vec<f32> = centers.iter().map(product).collect();
        let reach = begins.iter().map(|begin| begin - lowest(&begins)).fold(0.0, f32::max);
        let (tables, factor) = self.plain.round(reach + self.plain.widths.iter().sum::<f32>());
        self.set(tables, factor, &begins);
        self.added = self.plain.lows.iter().sum::<f32>() + lowest(&begins);
    }

    /// The tables that codes are looked up in, and what becomes of sums.
    fn current(&self) -> packed::Tables<'_> {
        let own = self.tables.chunks_exact(self.product.parts).nth(self.center);
        let entries = own.unwrap_or(&self.tables).as_flattened(); // products share one for all centers
        let start = self.starts.get(self.center).copied().unwrap_or(0);
        let sign = if self.op == Op::L2 { 1.0 } else { -1.0 };
        packed::Tables { entries, start, factor: sign * self.inverse, added: sign * self.added }
    }
}

impl Plain {
    /// The tables of some queries.
    fn of<'q>(product: &Product, op: Op, queries: impl Iterator<Item = &'q [f32]>) -> Plain {
        let mut tables = Vec::new();
        for query in queries {
            let start = tables.len();
            tables.resize(start + product.table_entries(), 0.0);
            product.fill(op, query, &mut tables[start..]);
        }
        if op == Op::NegativeDot {
            tables.iter_mut().for_each(|entry| *entry = -*entry);
        }
        let mut lows = vec![0.0; tables.len() / ENTRIES];
        let mut widths = lows.clone();
        rounding::extents(Level::best(), tables.as_chunks().0, &mut lows, &mut widths);
        Plain { tables, lows, widths }
    }

    /// The tables rounded, and the factor, where sums lie in a range of `widest_sum`.
    fn round(&self, widest_sum: f32) -> (Vec<[u8; ENTRIES]>, f32) {
        let widest = self.widths.iter().copied().fold(0.0, f32::max);
        let factor = (LARGEST_ENTRY / widest).min(LARGEST_SUM / widest_sum);
        let factor = if factor.is_finite() { factor } else { 0.0 };
        let mut rounded = vec![[0; ENTRIES]; self.lows.len()];
        let tables = self.tables.as_chunks().0;
        rounding::round(Level::best(), tables, &self.lows, factor, &mut rounded);
        (rounded, factor)
    }
}

impl Scorer for Rounded<'_> {
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        match self.op {
            _ if centers.is_empty() => {
                let (tables, factor) = self.plain.round(self.plain.widths.iter().sum());
                self.set(tables, factor, &[]);
            }
            Op::L2 => self.announce_distances(centers),
            _ => self.announce_products(centers),
        }
    }

    fn center_at(&mut self, number: usize, _: &[f32]) {
        self.center = number;
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        packed::scores(Level::best(), self.current(), codes, scores);
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        assert_eq!(numbers.len(), scores.len());
        let (tables, group_bytes) = (self.current(), GROUP * self.product.code_bytes());
        for (number, score) in numbers.iter().zip(scores) {
            let (group, place) = (*number as usize / GROUP, *number as usize % GROUP);
            let group = &codes[group * group_bytes..][..group_bytes];
            let entries = tables.entries.as_chunks::<ENTRIES>().0.iter().enumerate();
            let entry = |(part, table): (usize, &[u8; ENTRIES])| {
                u32::from(table[usize::from(number_at(group, place, part))])
            };
            let sum: u32 = entries.map(entry).sum();
            *score = (tables.start + sum) as f32 * tables.factor + tables.added;
        }
    }
}

fn lowest(numbers: &[f32]) -> f32 {
    numbers.iter().copied().fold(f32::INFINITY, f32::min)
}
