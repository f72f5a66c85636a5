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
        const ONE: usize = LANES;
        const TWO: usize = 2 * LANES;
        let term = self.bounds.term;
        match (self.bounds.constants.len(), self.bounds.second) {
            (ONE, None) => self.across::<S, 1, 1>(simd, [term]),
            (ONE, Some(second)) => self.across::<S, 1, 2>(simd, [term, second]),
            (TWO, None) => self.across::<S, 2, 1>(simd, [term]),
            (TWO, Some(second)) => self.across::<S, 2, 2>(simd, [term, second]),
            // Scores that lie row by row are as many as rows.
            (1, _) => self.along(simd),
            (width, _) => {
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
    /// With the lanes across the queries, `V` vectors of them; the bounds have `T` terms.
    #[inline(always)]
    fn across<S: Simd, const V: usize, const T: usize>(self, simd: S, terms: [Term<'_>; T]) {
        let (starts, _) = self.bounds.constants.as_chunks::<LANES>();
        let mut constants = [simd.splat(0.0); V];
        let mut slopes = [[simd.splat(0.0); V]; T];
        for v in 0..V {
            constants[v] = simd.load(&starts[v]);
            for t in 0..T {
                slopes[t][v] = simd.load(&terms[t].slopes.as_chunks::<LANES>().0[v]);
            }
        }
        let rows = self.scores.as_chunks::<LANES>().0.chunks_exact(V);
        for (row, (scores, shift)) in rows.zip(self.bounds.shifts).enumerate() {
            let shift = simd.splat(*shift);
            let mut bounds = constants;
            for t in 0..T {
                let size = simd.splat(terms[t].sizes[row]);
                for v in 0..V {
                    bounds[v] = simd.mul_add(slopes[t][v], size, bounds[v]);
                }
            }
            for v in 0..V {
                let mask = simd.not_above(simd.load(&scores[v]), simd.add(bounds[v], shift));
                push(mask, (row * V + v) * LANES, self.passing);
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
