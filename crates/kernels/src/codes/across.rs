//! Lanes across the queries: for many queries. Four components of a row are broadcast at a time.

use super::{CodeGroup, Job};
use crate::arch::{BYTES, Kernel, LANES, Simd};

/// Fours of components in a cache line.
const LINE_QUADS: usize = 16;

/// Scores rows against `V` vectors of queries, as many rows at a time as registers allow.
pub(super) struct Across<'a, const V: usize>(pub(super) Job<'a>);

impl<const V: usize> Across<'_, V> {
    #[inline(always)]
    fn blocks<S: Simd, const R: usize>(self, simd: S) {
        let Job { group, rows, scales, scores } = self.0;
        let length = group.padded_dim();
        let queries = group.steps().as_chunks::<BYTES>().0.as_chunks::<V>().0;
        let scores = scores.as_chunks_mut::<LANES>().0;
        // Where the bytes of the last row end early, it is left to the loop below.
        let in_blocks = rows.whole_rows(length) / R * R;
        let (blocks, rest) = scores.split_at_mut(in_blocks * V);
        for (at, scores) in blocks.chunks_exact_mut(R * V).enumerate() {
            let block: [&[[u8; 4]]; R] =
                std::array::from_fn(|r| rows.whole(at * R + r, length).as_chunks().0);
            let scales = &scales[at * R..];
            score::<S, R, V>(simd, block, queries, group, scales, rows.stride, scores);
        }
        let mut last_row = Vec::new();
        for (row, scores) in (in_blocks..).zip(rest.chunks_exact_mut(V)) {
            let codes = rows.padded(row, length, &mut last_row).as_chunks().0;
            score::<S, 1, V>(simd, [codes], queries, group, &scales[row..], rows.stride, scores);
        }
    }
}

impl<const V: usize> Kernel for Across<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Beside the sums, the steps of each query and the codes of one row are at hand, both
        // widened at some levels.
        match S::REGISTERS {
            32.. => self.blocks::<S, 12>(simd),
            8.. => self.blocks::<S, 4>(simd),
            _ => self.blocks::<S, 2>(simd),
        }
    }
}

/// The scores of `R` rows against `V` vectors of queries.
#[inline(always)]
fn score<S: Simd, const R: usize, const V: usize>(
    simd: S,
    rows: [&[[u8; 4]]; R],
    queries: &[[[u8; BYTES]; V]],
    group: &CodeGroup,
    scales: &[f32],
    stride: usize,
    scores: &mut [[f32; LANES]],
) {
    let mut same = rows;
    for row in &mut same {
        // Cut to one length, so that indices need no checks.
        *row = &row[..queries.len()];
    }
    let starts = group.starts.as_chunks::<LANES>().0;
    let factors = group.factors.as_chunks::<LANES>().0;
    // Indices, not iterators: with those the sums end up in memory, at a third of the speed.
    let mut sums = [[simd.splat_i32(0); V]; R];
    for v in 0..V {
        sums[0][v] = simd.load_i32(&starts[v]);
    }
    sums = [sums[0]; R];
    let mut first = 0;
    while first < queries.len() {
        // The rows that come next lie where these end; the CPU does not foresee so many streams.
        for row in same {
            simd.prefetch(row[first..].as_ptr().cast::<u8>().wrapping_add(R * stride));
        }
        for at in first..queries.len().min(first + LINE_QUADS) {
            let mut steps = [simd.splat_bytes([0; 4]); V];
            for v in 0..V {
                steps[v] = simd.load_bytes(&queries[at][v]);
            }
            for r in 0..R {
                let codes = simd.splat_bytes(same[r][at]);
                for v in 0..V {
                    sums[r][v] = simd.add_products(sums[r][v], codes, steps[v]);
                }
            }
        }
        first += LINE_QUADS;
    }
    for r in 0..R {
        let scale = simd.splat(scales[r]);
        for v in 0..V {
            let product = simd.mul(simd.to_f32(sums[r][v]), simd.load(&factors[v]));
            simd.store(simd.mul(product, scale), &mut scores[r * V + v]);
        }
    }
}
