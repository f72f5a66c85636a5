//! Picking the scores that pass.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use std::cmp::Ordering;

/// Up to where scores pass: for query `q` and row `r` up to
/// `constant[q] + slope[q] * size[r] + .. + shifts[r]`, with up to two terms of slope and size.
///
/// That form serves all metrics: what is known of a distance is a constant for a query; for inner
/// products it also grows with the norm of the row; for coded rows with what the code leaves out;
/// for `l2` by way of inner products it is moved by the square of the norm.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// One for each query of the group, [`Group::width`](super::Group::width) in all.
    pub constants: &'a [f32],
    /// What grows with a size of the row.
    pub term: Term<'a>,
    /// What grows with another.
    pub second: Option<Term<'a>>,
    /// One for each row.
    pub shifts: &'a [f32],
}

/// A part of a bound that is a product.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// One for each query of the group.
    pub slopes: &'a [f32],
    /// One for each row.
    pub sizes: &'a [f32],
}

impl Bounds<'_> {
    /// Whether one score passes.
    #[inline(always)]
    pub fn pass(&self, score: f32, row: usize, query: usize) -> bool {
        let product = |term: Term<'_>| term.slopes[query] * term.sizes[row];
        let bound = product(self.term) + self.constants[query];
        let bound = self.second.map_or(bound, |term| product(term) + bound);
        score.partial_cmp(&(bound + self.shifts[row])) != Some(Ordering::Greater)
    }
}

/// Appends the positions in `scores` of those that pass, in order. A score passes unless it is
/// greater than its bound; so it does when either is NaN.
///
/// # Panics
/// If the lengths do not agree.
pub fn select(level: Level, scores: &[f32], bounds: Bounds<'_>, passing: &mut Vec<u32>) {
    let (rows, width) = (bounds.shifts.len(), bounds.constants.len());
    assert_eq!(scores.len(), rows * width);
    for term in [Some(bounds.term), bounds.second].into_iter().flatten() {
        assert_eq!((term.slopes.len(), term.sizes.len()), (width, rows));
    }
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
        let width = self.bounds.constants.len();
        match (width.is_multiple_of(LANES), self.bounds.second) {
            (true, None) => self.across(simd, |_, _, bound| bound),
            (true, Some(term)) => {
                let slopes = term.slopes.as_chunks().0;
                let size = |row: usize| simd.splat(term.sizes[row]);
                self.across(simd, |row, at, bound| {
                    simd.mul_add(simd.load(&slopes[at]), size(row), bound)
                });
            }
            // Scores that lie row by row are as many as rows.
            (false, _) if width == 1 => self.along(simd),
            (false, _) => {
                for (position, score) in self.scores.iter().enumerate() {
                    if self.bounds.pass(*score, position / width, position % width) {
                        self.passing.push(position as u32);
                    }
                }
            }
        }
    }
}

impl Select<'_> {
    /// With the lanes across the queries; `more` adds to the bounds of a row and a vector.
    #[inline(always)]
    fn across<S: Simd>(self, simd: S, more: impl Fn(usize, usize, S::F32s) -> S::F32s) {
        let Bounds { constants, term, shifts, .. } = self.bounds;
        let width = constants.len();
        let (constants, _) = constants.as_chunks::<LANES>();
        let (slopes, _) = term.slopes.as_chunks::<LANES>();
        let rows = self.scores.chunks_exact(width).zip(term.sizes.iter().zip(shifts));
        for (row, (scores, (size, shift))) in rows.enumerate() {
            let (size, shift) = (simd.splat(*size), simd.splat(*shift));
            let vectors = scores.as_chunks::<LANES>().0.iter();
            for (at, (scores, (constant, slope))) in
                vectors.zip(constants.iter().zip(slopes)).enumerate()
            {
                let bound = simd.mul_add(simd.load(slope), size, simd.load(constant));
                let bound = simd.add(more(row, at, bound), shift);
                let mask = simd.not_above(simd.load(scores), bound);
                push(mask, row * width + at * LANES, self.passing);
            }
        }
    }

    /// With the lanes along the rows, for one query.
    #[inline(always)]
    fn along<S: Simd>(self, simd: S) {
        let Bounds { constants, term, second, shifts } = self.bounds;
        let constant = simd.splat(constants[0]);
        let slope = simd.splat(term.slopes[0]);
        let second_slope = simd.splat(second.map_or(0.0, |term| term.slopes[0]));
        let second_sizes = second.unwrap_or(term).sizes.as_chunks::<LANES>().0;
        let (scores, rest) = self.scores.as_chunks::<LANES>();
        let (sizes, shifts) = (term.sizes.as_chunks::<LANES>().0, shifts.as_chunks::<LANES>().0);
        for (at, scores) in scores.iter().enumerate() {
            let mut bound = simd.mul_add(slope, simd.load(&sizes[at]), constant);
            if second.is_some() {
                bound = simd.mul_add(second_slope, simd.load(&second_sizes[at]), bound);
            }
            let bound = simd.add(bound, simd.load(&shifts[at]));
            push(simd.not_above(simd.load(scores), bound), at * LANES, self.passing);
        }
        let first = self.scores.len() - rest.len();
        for (row, score) in (first..).zip(rest) {
            if self.bounds.pass(*score, row, 0) {
                self.passing.push(row as u32);
            }
        }
    }
}

/// Appends the positions of the ones in a mask.
#[inline(always)]
fn push(mut mask: u16, first: usize, passing: &mut Vec<u32>) {
    while mask != 0 {
        passing.push(first as u32 + mask.trailing_zeros());
        mask &= mask - 1;
    }
}
