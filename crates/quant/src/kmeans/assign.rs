//! The nearest centroid of each row.

use super::balanced::Places;
use super::most_rows;
use crate::codec::How;
use crate::pairs::Pairs;
use crate::work::Work;
use anear_kernels::Level;
use anear_kernels::ops::{self, Group, Op};
use anear_types::{Measure, Order, Result};

/// Rows that a thread takes at a time.
const PIECE_ROWS: usize = 1024;
/// Components of the centroids that are scored at a time: few enough to stay in a fast cache.
const TILE_COMPONENTS: usize = 1 << 14;
/// So few centroids are laid out for the kernels, of more the rows.
const FEW_CENTROIDS: usize = 32;

/// Centroids that rows are assigned to.
#[derive(Clone, Debug)]
pub struct Assigner<'a> {
    centroids: &'a [f32],
    dim: usize,
    how: How,
    /// What is added to minus the inner product with each centroid: half its square, or nothing.
    shifts: Vec<f32>,
    /// The centroids, if there are few and they are compared by products.
    few: Vec<Group>,
}

/// The nearest centroid of each row, and its distance (or similarity).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assigned {
    /// The numbers of the centroids.
    pub numbers: Vec<u32>,
    /// The distances.
    pub distances: Vec<f32>,
}

impl<'a> Assigner<'a> {
    /// # Panics
    /// If there is no centroid, or the measure is over bits.
    pub fn new(centroids: &'a [f32], dim: usize, how: How) -> Assigner<'a> {
        assert!(!centroids.is_empty() && centroids.len().is_multiple_of(dim));
        let mut shifts = vec![0.0; centroids.len() / dim];
        if how.measure == Measure::L2 {
            ops::squares(Level::best(), centroids, dim, &mut shifts);
            shifts.iter_mut().for_each(|square| *square *= 0.5);
        }
        let is_product = matches!(how.measure, Measure::L2 | Measure::InnerProduct);
        let few = match is_product && shifts.len() <= FEW_CENTROIDS {
            true => Group::split(Level::best(), centroids, dim),
            false => Vec::new(),
        };
        Assigner { centroids, dim, how, shifts, few }
    }

    /// Finds the nearest centroid of each row, the first one where several are as near. A row with a
    /// component that is not a number gets centroid 0.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    ///
    /// # Panics
    /// If these are not whole rows.
    pub fn assign(&self, rows: &[f32], work: &Work<'_>) -> Result<Assigned> {
        assert!(rows.len().is_multiple_of(self.dim));
        let count = rows.len() / self.dim;
        let mut assigned = Assigned { numbers: vec![0; count], distances: vec![0.0; count] };
        let pieces = assigned.numbers.chunks_mut(PIECE_ROWS);
        let pieces = pieces.zip(assigned.distances.chunks_mut(PIECE_ROWS));
        let pieces = rows.chunks(PIECE_ROWS * self.dim).zip(pieces).collect();
        work.for_each(pieces, |(rows, (numbers, distances)): (&[f32], _)| {
            self.assign_piece(rows, numbers, distances);
        })?;
        Ok(assigned)
    }

    /// Finds a centroid for each row so that none has more than `balance` times their mean number, rounded
    /// up: the nearest one for most rows, and a near one for those that lose least by it.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    ///
    /// # Panics
    /// If these are not whole rows.
    pub fn assign_balanced(&self, rows: &[f32], balance: f32, work: &Work<'_>) -> Result<Assigned> {
        let mut assigned = self.assign(rows, work)?;
        let Assigner { centroids, dim, how, .. } = *self;
        let most = most_rows(rows.len() / dim, centroids.len() / dim, balance);
        Places { rows, centroids, dim, how }.spread(most, &mut assigned, work)?;
        Ok(assigned)
    }

    /// Writes the nearest centroid and its distance for some rows.
    pub(crate) fn assign_piece(&self, rows: &[f32], numbers: &mut [u32], distances: &mut [f32]) {
        match self.how.measure {
            Measure::L2 | Measure::InnerProduct => self.by_products(rows, numbers, distances),
            _ => self.one_by_one(rows, numbers, distances),
        }
    }

    fn by_products(&self, rows: &[f32], numbers: &mut [u32], distances: &mut [f32]) {
        match self.few.is_empty() {
            true => self.for_groups_of_rows(rows, numbers, distances),
            false => self.for_each_row(rows, numbers, distances),
        }
        if self.how.measure == Measure::L2 {
            let mut squares = vec![0.0; distances.len()];
            ops::squares(Level::best(), rows, self.dim, &mut squares);
            for (distance, square) in distances.iter_mut().zip(squares) {
                *distance = (square - 2.0 * *distance).max(0.0);
            }
        }
    }

    /// Finds the largest product less half a square, with the centroids side by side.
    fn for_each_row(&self, rows: &[f32], numbers: &mut [u32], products: &mut [f32]) {
        let level = Level::best();
        let tile = (TILE_COMPONENTS / self.dim).max(16);
        let mut scores = Vec::new();
        let places = numbers.chunks_mut(tile).zip(products.chunks_mut(tile));
        for (rows, (numbers, products)) in rows.chunks(tile * self.dim).zip(places) {
            numbers.fill(0);
            products.fill(f32::NEG_INFINITY);
            let mut first = 0;
            for group in &self.few {
                let width = group.width();
                scores.resize(numbers.len() * width, 0.0);
                ops::scores(level, Op::NegativeDot, group, rows, &mut scores);
                let shifts = &self.shifts[first..first + group.live()];
                let found = numbers.iter_mut().zip(&mut *products);
                for (scores, (number, product)) in scores.chunks_exact(width).zip(found) {
                    for (at, (score, shift)) in scores.iter().zip(shifts).enumerate() {
                        let other = -(score + shift);
                        let is_larger = other > *product;
                        *number = if is_larger { (first + at) as u32 } else { *number };
                        *product = if is_larger { other } else { *product };
                    }
                }
                first += group.live();
            }
        }
    }

    /// The same with some rows side by side.
    fn for_groups_of_rows(&self, rows: &[f32], numbers: &mut [u32], products: &mut [f32]) {
        let level = Level::best();
        let groups = Group::split(level, rows, self.dim);
        let width = groups.iter().map(Group::width).max().unwrap_or(0);
        let mut best = vec![(vec![f32::INFINITY; width], vec![0u32; width]); groups.len()];
        let tile = (TILE_COMPONENTS / self.dim).max(16);
        let mut scores = vec![0.0; tile * width];
        let tiles = self.centroids.chunks(tile * self.dim).zip(self.shifts.chunks(tile));
        for ((centroids, shifts), first) in tiles.zip((0..).step_by(tile)) {
            for (group, (lowest, numbers)) in groups.iter().zip(&mut best) {
                let width = group.width();
                let scores = &mut scores[..shifts.len() * width];
                ops::scores(level, Op::NegativeDot, group, centroids, scores);
                let best = (&mut lowest[..width], &mut numbers[..width]);
                ops::lowest(level, width, scores, shifts, first, best);
            }
        }
        let found = groups.iter().zip(&best).flat_map(|(group, (lowest, numbers))| {
            numbers.iter().copied().zip(lowest.iter().copied()).take(group.live())
        });
        let places = numbers.iter_mut().zip(products);
        places.zip(found).for_each(|((number, product), found)| {
            (*number, *product) = (found.0, -found.1);
        });
    }

    fn one_by_one(&self, rows: &[f32], numbers: &mut [u32], distances: &mut [f32]) {
        let mut scores = vec![0.0; self.shifts.len()];
        let places = numbers.iter_mut().zip(distances);
        for (row, (number, distance)) in rows.chunks_exact(self.dim).zip(places) {
            Pairs::new(row, self.how).score(self.centroids, &mut scores);
            let mut nearest = (f32::INFINITY, 0);
            for (score, at) in scores.iter().zip(0..) {
                if *score < nearest.0 {
                    nearest = (*score, at);
                }
            }
            let is_distance = self.how.measure.order() == Order::SmallerIsNearer;
            (*number, *distance) = (nearest.1, if is_distance { nearest.0 } else { -nearest.0 });
        }
    }
}
