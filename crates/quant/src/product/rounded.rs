//! Scores by tables that are rounded to bytes, as FAISS's fast scan has them.
//!
//! How they are rounded is told at [`packed`](crate::packed). Where codes are differences to centers, all
//! that a query is compared with share the factor, and each has a number that its sums begin at.

use super::Product;
use super::centers::Centers;
use super::tables::moved;
use crate::codec::{Codec, Scorer};
use crate::packed::{self, GROUP, Tables, lowest, sum_at};
use crate::pairs::negative_dot;
use anear_kernels::Level;
use anear_kernels::lookup::near::Taker;
use anear_kernels::lookup::packed as lookup;
use anear_kernels::lookup::packed::{Asked, ENTRIES, Groups, Leaving};
use anear_kernels::ops::{self, Group, Op};
use anear_types::Measure;

/// A query, compared with every centroid.
#[derive(Debug)]
pub(super) struct Rounded<'a> {
    product: &'a Product,
    centers: &'a Centers,
    query: Vec<f32>,
    op: Op,
    /// The rounded tables of each center, or those of all; none before they are needed.
    tables: Vec<[u8; ENTRIES]>,
    /// Quarters of them, from when they are asked for.
    quarters: Vec<[u8; ENTRIES]>,
    /// Where the sums of each center begin; empty if all begin at 0.
    starts: Vec<u32>,
    /// The center that codes are differences to.
    center: usize,
    leaving: Leaving,
    /// What a sum is divided by, as its inverse, and what is added.
    inverse: f32,
    added: f32,
}

impl<'a> Rounded<'a> {
    pub(super) fn new(
        product: &'a Product,
        centers: &'a Centers,
        query: &[f32],
        measure: Measure,
    ) -> Rounded<'a> {
        let op = if measure == Measure::L2 { Op::L2 } else { Op::NegativeDot };
        Rounded {
            product,
            centers,
            query: query.to_vec(),
            op,
            tables: Vec::new(),
            quarters: Vec::new(),
            starts: Vec::new(),
            center: 0,
            leaving: Leaving::default(),
            inverse: 0.0,
            added: 0.0,
        }
    }

    /// Takes rounded tables for those of codes whose sums begin at these numbers.
    fn set(&mut self, rounded: packed::Rounded, begins: &[f32]) {
        let packed::Rounded { tables, factor } = rounded;
        let first = lowest(begins);
        let start = |begin: &f32| ((begin - first) * factor + 0.5).floor() as u32;
        self.starts = begins.iter().map(start).collect();
        self.tables = tables;
        self.quarters.clear();
        self.inverse = if factor > 0.0 { 1.0 / factor } else { 0.0 };
    }

    /// The query is compared with rows as they are, whose sums lie in any range, or in one of 16 bits.
    fn announce_none(&mut self, is_bounded: bool) {
        let plain = tables_of(self.product, self.op, std::iter::once(self.query.as_slice()));
        let widest_sum = if is_bounded { plain.width_sums()[0] } else { 0.0 };
        self.set(plain.round(widest_sum), &[]);
        self.added = plain.low_sums()[0];
    }

    /// The query is compared with rows that are differences to one of some centers.
    fn announce_distances(&mut self, centers: &[(usize, &[f32])]) {
        let group = Group::split(Level::best(), &self.query, self.query.len());
        let mut squares = vec![0.0; centers.len()];
        for ((_, center), square) in centers.iter().zip(&mut squares) {
            ops::scores(Level::best(), Op::L2, &group[0], center, std::slice::from_mut(square));
        }
        let has_tables = !self.centers.is_empty();
        let plain = if has_tables {
            let numbers = centers.iter().map(|(number, _)| *number);
            self.tables_of_centers(numbers)
        } else {
            let moved: Vec<Vec<f32>> =
                centers.iter().map(|(_, center)| moved(&self.query, center)).collect();
            tables_of(self.product, self.op, moved.iter().map(Vec::as_slice))
        };
        let nearest = lowest(&squares);
        let reach = |(square, width): (&f32, &f32)| square - nearest + width;
        let widest_sum = squares.iter().zip(plain.width_sums()).map(reach).fold(0.0, f32::max);
        // Tables that are kept lack the distance to the center.
        let begin = |(low, square): (&f32, &f32)| low + if has_tables { *square } else { 0.0 };
        let begins: Vec<f32> = plain.low_sums().iter().zip(&squares).map(begin).collect();
        self.set(plain.round(widest_sum), &begins);
        self.added = lowest(&begins);
    }

    /// The same for inner products, to which those with the centers are added.
    fn announce_products(&mut self, centers: &[(usize, &[f32])]) {
        let plain = tables_of(self.product, self.op, std::iter::once(self.query.as_slice()));
        let product = |(_, center): &(usize, &[f32])| -negative_dot(&self.query, center);
        let begins: Vec<f32> = centers.iter().map(product).collect();
        let reach = begins.iter().map(|begin| begin - lowest(&begins)).fold(0.0, f32::max);
        self.set(plain.round(reach + plain.width_sums()[0]), &begins);
        self.added = plain.low_sums()[0] + lowest(&begins);
    }

    /// The tables of distances to rows that are differences to some of the centers that are kept, less the
    /// distances to those.
    fn tables_of_centers(&self, numbers: impl Iterator<Item = usize>) -> Tables<'a> {
        let (product, centers) = (self.product, self.centers);
        let twice: Vec<f32> = self.query.iter().map(|component| 2.0 * component).collect();
        let mut entries = vec![0.0; product.table_entries()];
        product.fill(Op::NegativeDot, &twice, &mut entries);
        let added = numbers.map(|number| centers.table(number, &product.columns)).collect();
        Tables::summed(entries, added)
    }

    /// The tables that codes are looked up in, and what becomes of sums; with quarters where they help and are wanted.
    fn current(&mut self, has_quarters: bool) -> lookup::Tables<'_> {
        if self.tables.is_empty() {
            self.announce_none(false);
        }
        if has_quarters && self.op == Op::L2 && self.quarters.is_empty() {
            self.quarters = lookup::quarters(Level::best(), &self.tables);
        }
        let (parts, center) = (self.product.parts, self.center);
        // Products share one for all centers.
        let quarters = if has_quarters { self.quarters.as_slice() } else { &[] };
        let [entries, quarters] = [self.tables.as_slice(), quarters].map(|tables| {
            let own = tables.chunks_exact(parts).nth(center);
            own.unwrap_or(tables).as_flattened()
        });
        let start = self.starts.get(self.center).copied().unwrap_or(0);
        let sign = if self.op == Op::L2 { 1.0 } else { -1.0 };
        lookup::Tables {
            entries,
            quarters,
            start,
            factor: sign * self.inverse,
            added: sign * self.added,
        }
    }
}

/// The tables of some queries, in the scale of the measure, in which larger is nearer for inner products.
fn tables_of<'q>(
    product: &Product,
    op: Op,
    queries: impl Iterator<Item = &'q [f32]>,
) -> Tables<'static> {
    let mut tables = Vec::new();
    for query in queries {
        let start = tables.len();
        tables.resize(start + product.table_entries(), 0.0);
        product.fill(op, query, &mut tables[start..]);
    }
    if op == Op::NegativeDot {
        tables.iter_mut().for_each(|entry| *entry = -*entry);
    }
    Tables::filled(tables, product.parts)
}

impl Scorer for Rounded<'_> {
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        match self.op {
            _ if centers.is_empty() => self.announce_none(true),
            Op::L2 => self.announce_distances(centers),
            _ => self.announce_products(centers),
        }
    }

    fn center_at(&mut self, number: usize, _: &[f32]) {
        self.center = number;
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let group_bytes = GROUP * self.product.code_bytes();
        lookup::scores(Level::best(), self.current(false), codes, group_bytes, scores);
    }

    fn near(
        &mut self,
        codes: &[u8],
        scores: &mut [f32],
        first: usize,
        limit: f32,
        taker: &mut dyn Taker,
    ) {
        let leaving = self.leaving;
        let mut asked = [Asked { tables: self.current(true), limit, leaving, taker }];
        lookup::near(Level::best(), &mut asked, Groups::Packed(codes), scores.len(), first);
        self.leaving = asked[0].leaving;
    }

    fn packed(&mut self, has_quarters: bool) -> Option<lookup::Tables<'_>> {
        Some(self.current(has_quarters))
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        assert_eq!(numbers.len(), scores.len());
        let group_bytes = GROUP * self.product.code_bytes();
        let tables = self.current(false);
        for (number, score) in numbers.iter().zip(scores) {
            let (group, place) = (*number as usize / GROUP, *number as usize % GROUP);
            let group = &codes[group * group_bytes..][..group_bytes];
            let sum = sum_at(tables.entries.as_chunks().0, group, place);
            *score = (tables.start + sum) as f32 * tables.factor + tables.added;
        }
    }
}
