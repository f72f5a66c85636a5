//! Lanes along the components: for few queries.

use super::Job;
use crate::arch::{BYTES, Kernel, Simd};
use crate::prefetch::ask_for;

/// Of rows on a list, how many are asked for ahead.
const ROWS_AHEAD: usize = 8;

/// Scores rows against `Q` queries.
pub(super) struct Along<'a, const Q: usize>(pub(super) Job<'a>);

impl<const Q: usize> Kernel for Along<'_, Q> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Job { group, rows, scales, scores } = self.0;
        let length = group.padded_dim();
        let mut queries: [&[[u8; BYTES]]; Q] = [&[]; Q];
        for (query, steps) in queries.iter_mut().zip(group.steps().chunks_exact(length)) {
            *query = steps.as_chunks().0;
        }
        let mut last_row = Vec::new();
        let (scores, _) = scores.as_chunks_mut::<Q>();
        for first in 0..ROWS_AHEAD.min(scores.len()) {
            if let Some(row) = rows.listed_ahead(first, 0) {
                ask_for(simd, row);
            }
        }
        for (row, (scores, scale)) in scores.iter_mut().zip(scales).enumerate() {
            if let Some(next) = rows.listed_ahead(row, ROWS_AHEAD) {
                ask_for(simd, next);
            }
            let codes = rows.padded(row, length, &mut last_row).as_chunks().0;
            let sums = products(simd, codes, queries, rows.listed.is_none());
            for q in 0..Q {
                let sum = sums[q].wrapping_add(group.starts[q]);
                scores[q] = sum as f32 * group.factors[q] * scale;
            }
        }
    }
}

/// The sums of products of a row and `Q` queries; `stream` tells whether other rows follow it.
#[inline(always)]
fn products<S: Simd, const Q: usize>(
    simd: S,
    row: &[[u8; BYTES]],
    queries: [&[[u8; BYTES]]; Q],
    stream: bool,
) -> [i32; Q] {
    let mut same = queries;
    for query in &mut same {
        // Cut to the length of the row, so that indices need no checks.
        *query = &query[..row.len()];
    }
    let mut sums = [[simd.splat_i32(0); 2]; Q];
    let (pairs, last) = row.as_chunks::<2>();
    for (at, pair) in pairs.iter().enumerate() {
        let codes = [simd.load_bytes(&pair[0]), simd.load_bytes(&pair[1])];
        if stream {
            simd.prefetch_ahead(&pair[0]);
            simd.prefetch_ahead(&pair[1]);
        }
        for q in 0..Q {
            for part in 0..2 {
                let steps = simd.load_bytes(&same[q][2 * at + part]);
                sums[q][part] = simd.add_products(sums[q][part], codes[part], steps);
            }
        }
    }
    if let [codes] = last {
        let codes = simd.load_bytes(codes);
        for q in 0..Q {
            let steps = simd.load_bytes(&same[q][row.len() - 1]);
            sums[q][0] = simd.add_products(sums[q][0], codes, steps);
        }
    }
    let mut totals = [0; Q];
    for q in 0..Q {
        totals[q] = simd.sum_i32(simd.add_i32(sums[q][0], sums[q][1]));
    }
    totals
}
