//! Lanes along the components: for few queries.
//!
//! Rows are read one after the other, as they lie in memory: reading four rows side by side saves
//! loads of the queries, but costs a fifth of the bandwidth, since the CPU foresees one long
//! stream better than many short ones.

use super::group::Group;
use super::op::Op;
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

/// Sums kept side by side for a row, enough to hide how long an addition takes.
pub(super) const PARTS: usize = 4;

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
        let (scores, _) = self.scores.as_chunks_mut::<Q>();
        for (row, scores) in self.rows.chunks_exact(dim).zip(scores) {
            *scores = totals::<S, O, Q>(simd, row, self.queries);
        }
    }
}

/// The scores of a row against `Q` queries of its length.
#[inline(always)]
fn totals<S: Simd, O: Op, const Q: usize>(simd: S, row: &[f32], queries: [&[f32]; Q]) -> [f32; Q] {
    let (blocks, rest) = row.as_chunks::<{ PARTS * LANES }>();
    let mut query_blocks: [&[[f32; PARTS * LANES]]; Q] = [&[]; Q];
    let mut query_rests: [&[f32]; Q] = [&[]; Q];
    for q in 0..Q {
        // Cut to the length of the row, so that indices need no checks.
        (query_blocks[q], query_rests[q]) = queries[q][..row.len()].as_chunks();
        query_blocks[q] = &query_blocks[q][..blocks.len()];
    }
    let mut states = [[O::start(simd); PARTS]; Q];
    for (at, block) in blocks.iter().enumerate() {
        let (xs, _) = block.as_chunks::<LANES>();
        for x in xs {
            simd.prefetch_ahead(x);
        }
        for q in 0..Q {
            let (ys, _) = query_blocks[q][at].as_chunks::<LANES>();
            for part in 0..PARTS {
                let (x, y) = (simd.load(&xs[part]), simd.load(&ys[part]));
                states[q][part] = O::step(simd, states[q][part], x, y);
            }
        }
    }
    let mut scores = [0.0; Q];
    for q in 0..Q {
        states[q][0] = remaining::<S, O>(simd, states[q][0], rest, query_rests[q]);
        let low = O::join(simd, states[q][0], states[q][1]);
        let high = O::join(simd, states[q][2], states[q][3]);
        scores[q] = O::total(simd, O::join(simd, low, high));
    }
    scores
}

/// Takes what is left behind the last whole block, filled up with zeros.
#[inline(always)]
fn remaining<S: Simd, O: Op>(
    simd: S,
    mut state: O::State<S>,
    row: &[f32],
    query: &[f32],
) -> O::State<S> {
    let ((xs, x_rest), (ys, y_rest)) = (row.as_chunks::<LANES>(), query.as_chunks::<LANES>());
    for (x, y) in xs.iter().zip(ys) {
        state = O::step(simd, state, simd.load(x), simd.load(y));
    }
    if !x_rest.is_empty() {
        let (x, y) = (padded(x_rest), padded(y_rest));
        state = O::step(simd, state, simd.load(&x), simd.load(&y));
    }
    state
}

#[inline(always)]
fn padded(values: &[f32]) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    for (lane, value) in lanes.iter_mut().zip(values) {
        *lane = *value;
    }
    lanes
}

/// Scores each row against itself.
pub(super) struct WithItself<'a, O> {
    rows: &'a [f32],
    dim: usize,
    scores: &'a mut [f32],
    op: PhantomData<O>,
}

impl<'a, O: Op> WithItself<'a, O> {
    pub(super) fn new(rows: &'a [f32], dim: usize, scores: &'a mut [f32]) -> Self {
        WithItself { rows, dim, scores, op: PhantomData }
    }
}

impl<O: Op> Kernel for WithItself<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (row, score) in self.rows.chunks_exact(self.dim).zip(self.scores) {
            [*score] = totals::<S, O, 1>(simd, row, [row]);
        }
    }
}
