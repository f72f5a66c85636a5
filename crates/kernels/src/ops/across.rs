//! Lanes across the queries: for many queries.

use super::group::Group;
use super::op::Op;
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

/// Components in a cache line.
const LINE_COMPONENTS: usize = 16;

/// Scores rows against `V` vectors of queries, as many rows at a time as registers allow.
pub(super) struct Across<'a, O, const V: usize> {
    queries: &'a [[f32; LANES]],
    rows: &'a [f32],
    scores: &'a mut [[f32; LANES]],
    op: PhantomData<O>,
}

impl<'a, O: Op, const V: usize> Across<'a, O, V> {
    pub(super) fn new(group: &'a Group, rows: &'a [f32], scores: &'a mut [f32]) -> Self {
        let queries = group.values().as_chunks().0;
        Across { queries, rows, scores: scores.as_chunks_mut().0, op: PhantomData }
    }

    #[inline(always)]
    fn blocks<S: Simd, const R: usize>(self, simd: S) {
        let rest = self.whole_blocks::<S, R>(simd);
        // A row alone would wait for each addition.
        rest.whole_blocks::<S, 3>(simd).whole_blocks::<S, 1>(simd);
    }

    /// Scores blocks of `R` rows; returns what is left.
    #[inline(always)]
    fn whole_blocks<S: Simd, const R: usize>(self, simd: S) -> Self {
        let (queries, _) = self.queries.as_chunks::<V>();
        let dim = queries.len();
        let mut blocks = self.rows.chunks_exact(R * dim);
        let mut scores = self.scores.chunks_exact_mut(R * V);
        for (block, scores) in (&mut blocks).zip(&mut scores) {
            lanes::<S, O, R, V>(simd, split::<R>(block), queries, scores);
        }
        Across { rows: blocks.remainder(), scores: scores.into_remainder(), ..self }
    }
}

impl<O: Op, const V: usize> Kernel for Across<'_, O, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Beside the states, one vector of each query and one component are at hand.
        match (S::REGISTERS - 1 - V) / (O::VECTORS * V) {
            12.. => self.blocks::<S, 12>(simd),
            6.. => self.blocks::<S, 6>(simd),
            3.. => self.blocks::<S, 3>(simd),
            _ => self.blocks::<S, 2>(simd),
        }
    }
}

/// Cuts a block into `R` rows of the same length.
#[inline(always)]
fn split<const R: usize>(block: &[f32]) -> [&[f32]; R] {
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

/// The scores of `R` rows against `V` vectors of queries, stored component by component.
#[inline(always)]
fn lanes<S: Simd, O: Op, const R: usize, const V: usize>(
    simd: S,
    rows: [&[f32]; R],
    queries: &[[[f32; LANES]; V]],
    scores: &mut [[f32; LANES]],
) {
    let mut states = [[O::start(simd); V]; R];
    // Cut to one length, so that indices need no checks.
    let mut same = rows;
    for row in &mut same {
        *row = &row[..queries.len()];
    }
    let mut first = 0;
    while first < queries.len() {
        // The rows that come next lie where these end; the CPU does not foresee so many streams.
        for row in same {
            simd.prefetch(row[first..].as_ptr().wrapping_add(R * queries.len()).cast());
        }
        for at in first..queries.len().min(first + LINE_COMPONENTS) {
            let mut ys = [simd.splat(0.0); V];
            for v in 0..V {
                ys[v] = simd.load(&queries[at][v]);
            }
            for r in 0..R {
                let x = simd.splat(same[r][at]);
                for v in 0..V {
                    states[r][v] = O::step(simd, states[r][v], x, ys[v]);
                }
            }
        }
        first += LINE_COMPONENTS;
    }
    for r in 0..R {
        for v in 0..V {
            simd.store(O::lanes(simd, states[r][v]), &mut scores[r * V + v]);
        }
    }
}
