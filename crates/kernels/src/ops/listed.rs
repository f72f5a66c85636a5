//! Rows at any alignment, one behind another or anywhere, against one query.

use super::along::PARTS;
use super::op::Op;
use crate::arch::{Kernel, LANES, Simd};
use crate::prefetch::Scattered;
use std::marker::PhantomData;

/// Rows that are asked for ahead where the CPU cannot foresee them.
const ROWS_AHEAD: usize = 6;
/// Bytes in a vector, and in as many as are summed up side by side.
const VECTOR_BYTES: usize = 4 * LANES;
const BLOCK_BYTES: usize = PARTS * VECTOR_BYTES;

/// Scores the rows with some numbers, or all.
pub(super) struct Listed<'a, O> {
    pub(super) query: &'a [f32],
    pub(super) bytes: &'a [u8],
    pub(super) numbers: Option<&'a [u32]>,
    pub(super) scores: &'a mut [f32],
    pub(super) op: PhantomData<O>,
}

impl<O: Op> Kernel for Listed<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Listed { query, bytes, numbers, scores, .. } = self;
        let row_bytes = 4 * query.len();
        let Some(numbers) = numbers else {
            for (row, score) in bytes.chunks_exact(row_bytes).zip(scores) {
                *score = total::<S, O>(simd, row, query, true);
            }
            return;
        };
        let rows = Scattered::new(simd, (bytes, row_bytes), numbers, ROWS_AHEAD);
        for (at, score) in scores.iter_mut().enumerate() {
            *score = total::<S, O>(simd, rows.at(simd, at), query, false);
        }
    }
}

/// The score of a row; `streams` tells whether other rows follow it.
#[inline(always)]
fn total<S: Simd, O: Op>(simd: S, row: &[u8], query: &[f32], streams: bool) -> f32 {
    let (blocks, rest) = row.as_chunks::<BLOCK_BYTES>();
    let (query_blocks, query_rest) = query.as_chunks::<{ PARTS * LANES }>();
    let mut states = [O::start(simd); PARTS];
    for (block, ys) in blocks.iter().zip(query_blocks) {
        let (xs, ys) = (block.as_chunks::<VECTOR_BYTES>().0, ys.as_chunks::<LANES>().0);
        for part in 0..PARTS {
            if streams {
                simd.prefetch_ahead(&xs[part]);
            }
            let (x, y) = (load(simd, &xs[part]), simd.load(&ys[part]));
            states[part] = O::step(simd, states[part], x, y);
        }
    }
    let (xs, x_rest) = rest.as_chunks::<VECTOR_BYTES>();
    let (ys, y_rest) = query_rest.as_chunks::<LANES>();
    for (x, y) in xs.iter().zip(ys) {
        states[0] = O::step(simd, states[0], load(simd, x), simd.load(y));
    }
    if !x_rest.is_empty() {
        let (mut x, mut y) = ([0; VECTOR_BYTES], [0.0; LANES]);
        x[..x_rest.len()].copy_from_slice(x_rest);
        y[..y_rest.len()].copy_from_slice(y_rest);
        states[0] = O::step(simd, states[0], load(simd, &x), simd.load(&y));
    }
    let low = O::join(simd, states[0], states[1]);
    let high = O::join(simd, states[2], states[3]);
    O::total(simd, O::join(simd, low, high))
}

/// Floats as the machine has them, which need not be aligned.
#[inline(always)]
fn load<S: Simd>(simd: S, bytes: &[u8; VECTOR_BYTES]) -> S::F32s {
    simd.load(&bytemuck::pod_read_unaligned::<[f32; LANES]>(bytes))
}
