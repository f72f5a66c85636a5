//! Lanes along the components: for few queries.

use super::group::Group;
use super::op::Op;
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

/// Rows scored at once: enough sums side by side to hide how long an addition takes.
const ROWS: usize = 4;

/// Scores rows against `Q` queries.
pub(super) struct Along<'a, O, const Q: usize> {
    queries: [&'a [f32]; Q],
    rows: &'a [f32],
    scores: &'a mut [f32],
    op: PhantomData<O>,
}

impl<'a, O: Op, const Q: usize> Along<'a, O, Q> {
    pub(super) fn new(group: &'a Group, rows: &'a [f32], scores: &'a mut [f32]) -> Self {
        let dim = group.dim();
        let queries = std::array::from_fn(|query| &group.values()[query * dim..][..dim]);
        Along { queries, rows, scores, op: PhantomData }
    }
}

impl<O: Op, const Q: usize> Kernel for Along<'_, O, Q> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let dim = self.queries[0].len();
        let mut blocks = self.rows.chunks_exact(ROWS * dim);
        let mut scores = self.scores.chunks_exact_mut(ROWS * Q);
        for (block, scores) in (&mut blocks).zip(&mut scores) {
            let rows = split::<ROWS>(block);
            let totals = totals::<S, O, ROWS, Q>(simd, rows, self.queries);
            scores.copy_from_slice(totals.as_flattened());
        }
        let rest = scores.into_remainder().chunks_exact_mut(Q);
        for (row, scores) in blocks.remainder().chunks_exact(dim).zip(rest) {
            let totals = totals::<S, O, 1, Q>(simd, [row], self.queries);
            scores.copy_from_slice(totals.as_flattened());
        }
    }
}

/// Cuts a block into `R` rows of the same length.
#[inline(always)]
pub(super) fn split<const R: usize>(block: &[f32]) -> [&[f32]; R] {
    let dim = block.len() / R;
    let mut rows = [block; R];
    let mut rest = block;
    for slot in &mut rows {
        let (row, others) = rest.split_at(dim);
        *slot = row;
        rest = others;
    }
    rows
}

/// The scores of `R` rows against `Q` queries, all of one length.
#[inline(always)]
fn totals<S: Simd, O: Op, const R: usize, const Q: usize>(
    simd: S,
    rows: [&[f32]; R],
    queries: [&[f32]; Q],
) -> [[f32; Q]; R] {
    let vectors = queries[0].len() / LANES;
    let mut states = [[O::start(simd); Q]; R];
    let row_vectors = whole(rows, vectors);
    let query_vectors = whole(queries, vectors);
    for at in 0..vectors {
        let mut ys = [simd.splat(0.0); Q];
        for q in 0..Q {
            ys[q] = simd.load(&query_vectors[q][at]);
        }
        for r in 0..R {
            let x = simd.load(&row_vectors[r][at]);
            for q in 0..Q {
                states[r][q] = O::step(simd, states[r][q], x, ys[q]);
            }
        }
    }
    if !queries[0].len().is_multiple_of(LANES) {
        for r in 0..R {
            let x = simd.load(&padded(rows[r]));
            for q in 0..Q {
                states[r][q] = O::step(simd, states[r][q], x, simd.load(&padded(queries[q])));
            }
        }
    }
    let mut scores = [[0.0; Q]; R];
    for r in 0..R {
        for q in 0..Q {
            scores[r][q] = O::total(simd, states[r][q]);
        }
    }
    scores
}

/// The whole vectors of each slice; cut to one length, so that indices need no checks.
#[inline(always)]
fn whole<const N: usize>(slices: [&[f32]; N], vectors: usize) -> [&[[f32; LANES]]; N] {
    let mut out: [&[[f32; LANES]]; N] = [&[]; N];
    for at in 0..N {
        out[at] = &slices[at].as_chunks().0[..vectors];
    }
    out
}

/// What is left behind the last whole vector, and zeros.
#[inline(always)]
fn padded(row: &[f32]) -> [f32; LANES] {
    let (_, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = *value;
    }
    lanes
}

/// The sum of squares of each row.
pub(super) struct Squares<'a> {
    pub(super) rows: &'a [f32],
    pub(super) dim: usize,
    pub(super) squares: &'a mut [f32],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (row, square) in self.rows.chunks_exact(self.dim).zip(self.squares) {
            let mut sums = [simd.splat(0.0); ROWS];
            let (blocks, rest) = row.as_chunks::<{ ROWS * LANES }>();
            for block in blocks {
                let (vectors, _) = block.as_chunks::<LANES>();
                for at in 0..ROWS {
                    let x = simd.load(&vectors[at]);
                    sums[at] = simd.mul_add(x, x, sums[at]);
                }
            }
            let (vectors, _) = rest.as_chunks::<LANES>();
            for vector in vectors {
                let x = simd.load(vector);
                sums[0] = simd.mul_add(x, x, sums[0]);
            }
            let x = simd.load(&padded(rest));
            sums[1] = simd.mul_add(x, x, sums[1]);
            let halves = [simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3])];
            *square = simd.sum(simd.add(halves[0], halves[1]));
        }
    }
}
