//! Picking the scores that pass.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use std::cmp::Ordering;

/// Up to where scores pass: for query `q` and row `r` up to
/// `constant[q] + slope[q] * norms[r] + shifts[r]`.
///
/// That form serves all metrics: what is known of a distance is a constant for a query; for inner
/// products it also grows with the norm of the row; for `l2` by way of inner products it is moved
/// by the square of that norm.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// One for each query of the group, [`Group::width`](super::Group::width) in all.
    pub constants: &'a [f32],
    /// One for each query of the group.
    pub slopes: &'a [f32],
    /// One for each row.
    pub norms: &'a [f32],
    /// One for each row.
    pub shifts: &'a [f32],
}

impl Bounds<'_> {
    /// Whether one score passes.
    #[inline(always)]
    pub fn pass(&self, score: f32, row: usize, query: usize) -> bool {
        let bound = self.slopes[query] * self.norms[row] + self.constants[query];
        score.partial_cmp(&(bound + self.shifts[row])) != Some(Ordering::Greater)
    }
}

/// Appends the positions in `scores` of those that pass, in order. A score passes unless it is
/// greater than its bound; so it does when either is NaN.
///
/// # Panics
/// If the lengths do not agree.
pub fn select(level: Level, scores: &[f32], bounds: Bounds<'_>, passing: &mut Vec<u32>) {
    let (rows, width) = (bounds.norms.len(), bounds.constants.len());
    assert_eq!(
        (scores.len(), bounds.slopes.len(), bounds.shifts.len()),
        (rows * width, width, rows)
    );
    assert!(u32::try_from(scores.len()).is_ok());
    level.run(Select { scores, bounds, passing });
}

struct Select<'a> {
    scores: &'a [f32],
    bounds: Bounds<'a>,
    passing: &'a mut Vec<u32>,
}

impl Kernel for Select<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let bounds = self.bounds;
        let width = bounds.constants.len();
        if !width.is_multiple_of(LANES) {
            for (position, score) in self.scores.iter().enumerate() {
                if bounds.pass(*score, position / width, position % width) {
                    self.passing.push(position as u32);
                }
            }
            return;
        }
        let (constants, _) = bounds.constants.as_chunks::<LANES>();
        let (slopes, _) = bounds.slopes.as_chunks::<LANES>();
        let rows = self.scores.chunks_exact(width).zip(bounds.norms.iter().zip(bounds.shifts));
        for (row, (scores, (norm, shift))) in rows.enumerate() {
            let (norm, shift) = (simd.splat(*norm), simd.splat(*shift));
            let vectors = scores.as_chunks::<LANES>().0.iter();
            for (at, (scores, (constant, slope))) in
                vectors.zip(constants.iter().zip(slopes)).enumerate()
            {
                let bound = simd.mul_add(simd.load(slope), norm, simd.load(constant));
                let mut mask = simd.not_above(simd.load(scores), simd.add(bound, shift));
                while mask != 0 {
                    let lane = mask.trailing_zeros();
                    self.passing.push((row * width + at * LANES) as u32 + lane);
                    mask &= mask - 1;
                }
            }
        }
    }
}
