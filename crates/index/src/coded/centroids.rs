//! The nearest of few rows, such as the centroids of lists, to each of many queries: inner products, which take half
//! the work of distances, tell roughly which are near, and those alone are scored.

use crate::ann::{Collector, Hit};
use crate::flat::Goal;
use anear_kernels::Level;
use anear_kernels::ops::{self, Bounds, Group, Op, Term};
use anear_quant::How;
use anear_types::Measure;

/// So many are looked for at most, ..
const MOST_HITS: usize = 64;
/// .. and one of so many.
const FEWEST_PER_HIT: usize = 4;
/// Queries that are laid out at a time.
const QUERIES_AT_ONCE: usize = 128;

/// Rows of finite numbers, one behind another.
pub(super) struct Centroids {
    level: Level,
    how: How,
    op: Op,
    dim: usize,
    rows: Vec<f32>,
    /// What is added to minus the product with each row, so that they are in the order of scores.
    shifts: Vec<f32>,
    /// The same, taken away.
    bounds: Vec<f32>,
    /// The largest norm of a row.
    norm: f32,
}

impl Centroids {
    /// Takes rows, little-endian floats; `None` for a measure that products do not tell, and where
    /// one is not finite.
    pub(super) fn new(how: How, dim: usize, rows: &[u8]) -> Option<Centroids> {
        let op = match how.measure {
            Measure::L2 => Op::L2,
            Measure::InnerProduct => Op::NegativeDot,
            _ => return None,
        };
        let level = Level::best();
        let rows: Vec<f32> =
            rows.as_chunks().0.iter().map(|row| f32::from_le_bytes(*row)).collect();
        let mut squares = vec![0.0; rows.len() / dim];
        ops::squares(level, &rows, dim, &mut squares);
        let largest = squares.iter().copied().fold(0.0, f32::max);
        let shift = |square: &f32| if op == Op::L2 { square / 2.0 } else { 0.0 };
        let shifts: Vec<f32> = squares.iter().map(shift).collect();
        let bounds = shifts.iter().map(|shift| -shift).collect();
        let is_finite = squares.iter().all(|square| square.is_finite());
        let norm = largest.sqrt();
        is_finite.then_some(Centroids { level, how, op, dim, rows, shifts, bounds, norm })
    }

    /// Whether it pays for so many hits.
    pub(super) fn is_for(&self, k: usize) -> bool {
        k <= MOST_HITS && k * FEWEST_PER_HIT <= self.shifts.len()
    }

    /// The `k` nearest rows to each query.
    pub(super) fn nearest(&self, queries: &[f32], k: usize) -> Vec<Vec<Hit>> {
        let mut found = Vec::with_capacity(queries.len() / self.dim);
        let mut room = Room::default();
        for queries in queries.chunks(QUERIES_AT_ONCE * self.dim) {
            let mut rest = queries;
            for group in Group::split(self.level, queries, self.dim) {
                let queries;
                (queries, rest) = rest.split_at(group.live() * self.dim);
                self.sort_out(&group, queries, k, &mut room);
                for (query, near) in queries.chunks_exact(self.dim).zip(&room.near) {
                    found.push(self.settle(query, near, k, &mut room.scores));
                }
            }
        }
        found
    }

    /// Notes for each query of a group which rows may be among the nearest.
    fn sort_out(&self, group: &Group, queries: &[f32], k: usize, room: &mut Room) {
        let Room { scores, limits, passing, near } = room;
        let width = group.width();
        scores.resize(self.shifts.len() * width, 0.0);
        ops::scores(self.level, Op::NegativeDot, group, &self.rows, scores);
        limits.resize(width, 0.0);
        ops::kth_lowest(self.level, scores, &self.shifts, k, limits);
        for (query, limit) in queries.chunks_exact(self.dim).zip(&mut *limits) {
            *limit += self.error(query);
        }
        let zeros = vec![0.0; self.shifts.len().max(width)];
        let term = Term { slopes: &zeros[..width], sizes: &zeros[..self.shifts.len()] };
        let bounds = Bounds { constants: limits, term, second: None, shifts: &self.bounds };
        passing.clear();
        ops::select(self.level, scores, bounds, passing);
        near.resize_with(width, Vec::new);
        near.iter_mut().for_each(Vec::clear);
        for position in passing {
            near[*position as usize % width].push(*position / width as u32);
        }
    }

    /// How far off the differences of rough scores may be, in which each sum of `dim` terms may be off by `dim + 12`
    /// times what one is rounded by ([`ops`]); and by less than the smallest normal number where terms are too small to be
    /// rounded in proportion.
    fn error(&self, query: &[f32]) -> f32 {
        let mut square = [0.0];
        ops::squares(self.level, query, self.dim, &mut square);
        let reach = square[0].sqrt() + self.norm;
        2.0 * (self.dim as f32 + 12.0) * f32::EPSILON * reach * reach + f32::MIN_POSITIVE
    }

    /// The nearest of some rows.
    fn settle(&self, query: &[f32], near: &[u32], k: usize, scores: &mut Vec<f32>) -> Vec<Hit> {
        scores.resize(near.len(), 0.0);
        let rows = bytemuck::cast_slice(&self.rows);
        ops::scores_of_bytes(self.level, self.op, query, rows, Some(near), scores);
        let mut collector = Collector::new(Goal::Nearest { k }, self.how);
        for (row, score) in near.iter().zip(scores) {
            collector.offer(*score, i64::from(*row));
        }
        collector.into_hits()
    }
}

/// Memory that is used again.
#[derive(Default)]
struct Room {
    scores: Vec<f32>,
    limits: Vec<f32>,
    passing: Vec<u32>,
    /// The rows that may be near to each query.
    near: Vec<Vec<u32>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_testkit::random::Random;

    /// A component of a row or a query, from its number and a random number below 1.
    type Shape = fn(usize, f32) -> f32;

    const SHAPES: [(&str, Shape); 7] = [
        ("random", |_, random| random - 0.5),
        ("few values, so that many are as far", |_, random| (random * 2.0).floor()),
        ("far from the origin", |_, random| 3000.0 + random),
        ("near duplicates", |_, random| 1.0 + 1e-6 * random),
        ("norms from tiny to huge", |row, random| (random - 0.5) * 10f32.powi(row as i32 % 9 - 4)),
        ("too small to square", |_, random| random * 3e-22),
        ("too large to square", |row, random| random * if row % 7 == 3 { 1e25 } else { 1.0 }),
    ];

    #[test]
    fn the_nearest_are_those_of_a_plain_scan() {
        let mut random = Random::new(11);
        for (dim, count, queries) in [(1, 40, 5), (7, 64, 33), (48, 200, 130), (100, 41, 257)] {
            for ((name, shape), measure) in SHAPES
                .iter()
                .flat_map(|shape| [Measure::L2, Measure::InnerProduct].map(|m| (shape, m)))
            {
                let how = How { measure, argument: 0.0 };
                let mut values = |count: usize| -> Vec<f32> {
                    let number = |at| shape(at / dim, random.below(1 << 20) as f32 / 1048576.0);
                    (0..count * dim).map(number).collect()
                };
                let (rows, mut asked) = (values(count), values(queries));
                asked[dim - 1] = f32::NAN;
                asked[2 * dim - 1] = f32::INFINITY;
                let Some(centroids) = Centroids::new(how, dim, bytemuck::cast_slice(&rows)) else {
                    assert_eq!(*name, "too large to square");
                    continue;
                };
                for k in [1, 8, count / FEWEST_PER_HIT] {
                    assert!(centroids.is_for(k));
                    let found = centroids.nearest(&asked, k);
                    assert_eq!(found.len(), queries);
                    let all: Vec<u32> = (0..count as u32).collect();
                    for (query, found) in asked.chunks_exact(dim).zip(found) {
                        let expected = centroids.settle(query, &all, k, &mut Vec::new());
                        assert_eq!(found, expected, "{name} {measure} {dim} {k}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_measures_and_rows_that_are_not_finite_are_not_taken() {
        let taken = |measure, rows: &[f32]| {
            let how = How { measure, argument: 0.0 };
            Centroids::new(how, 2, bytemuck::cast_slice(rows)).is_some()
        };
        assert!(taken(Measure::L2, &[1.0, 2.0]) && taken(Measure::InnerProduct, &[1.0, 2.0]));
        assert!(!taken(Measure::Manhattan, &[1.0, 2.0]) && !taken(Measure::L2, &[1.0, f32::NAN]));
    }
}
