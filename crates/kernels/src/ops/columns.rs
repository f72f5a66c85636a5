//! Rows of few components that are scored again and again: their components lie side by side.
//!
//! The centroids of a product quantizer are such rows: some for each part of a query. The lanes are
//! rows, so there is nothing to add up across them, and rows are read from end to end.

use super::op::Op as Operation;
use super::{Op, dot, l2};
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Vectors of rows that are scored side by side.
const TOGETHER: usize = 4;

/// Rows for each of some parts of a query, by sixteens, component by component.
#[derive(Clone, Debug)]
pub struct Columns {
    part_dim: usize,
    /// Sixteens of rows for a part, the last of them filled up with rows of zeros.
    sixteens: usize,
    components: Vec<[f32; LANES]>,
}

impl Columns {
    /// The rows of the first part, `part_rows` of `part_dim` components, then those of the second and
    /// so on.
    ///
    /// # Panics
    /// If they are not whole parts, or one of the numbers is 0.
    pub fn new(rows: &[f32], part_dim: usize, part_rows: usize) -> Columns {
        assert!(part_dim > 0 && part_rows > 0 && rows.len().is_multiple_of(part_dim * part_rows));
        let mut components = Vec::new();
        for part in rows.chunks_exact(part_dim * part_rows) {
            for sixteen in part.chunks(part_dim * LANES) {
                components.extend((0..part_dim).map(|at| -> [f32; LANES] {
                    let component = |row| sixteen.get(row * part_dim + at);
                    std::array::from_fn(|row| component(row).copied().unwrap_or(0.0))
                }));
            }
        }
        Columns { part_dim, sixteens: part_rows.div_ceil(LANES), components }
    }

    /// Rows of a part with those that it is filled up with.
    pub fn stride(&self) -> usize {
        self.sixteens * LANES
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.components.len() / (self.sixteens * self.part_dim)
    }

    /// Writes the score of each row against its part of a query, [`stride`](Columns::stride) scores a
    /// part.
    ///
    /// # Panics
    /// If there is not room for exactly them, the query has another length, or the operation is
    /// neither [`Op::L2`] nor [`Op::NegativeDot`].
    pub fn scores(&self, level: Level, op: Op, query: &[f32], scores: &mut [f32]) {
        assert_eq!(query.len(), self.parts() * self.part_dim);
        assert_eq!(scores.len(), self.parts() * self.stride());
        let scores = scores.as_chunks_mut().0;
        match op {
            Op::L2 => level.run(Fill(self, l2::L2, query, scores)),
            Op::NegativeDot => level.run(Fill(self, dot::NegativeDot, query, scores)),
            other => panic!("{other:?} of columns"),
        }
    }
}

struct Fill<'a, O>(&'a Columns, O, &'a [f32], &'a mut [[f32; LANES]]);

impl<O: Operation> Kernel for Fill<'_, O> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Fill(Columns { part_dim, sixteens, components }, _, mut query, mut scores) = self;
        let mut components = components.as_slice();
        if *sixteens == 1 {
            // Parts side by side instead of sixteens, where each has but one.
            let (together, rest) = scores.as_chunks_mut::<TOGETHER>();
            let queries = query.chunks_exact(TOGETHER * part_dim);
            let rows = components.chunks_exact(TOGETHER * part_dim);
            (query, components) = (queries.remainder(), rows.remainder());
            for ((query, rows), scores) in queries.zip(rows).zip(together) {
                some_parts::<S, O>(simd, query, rows, scores);
            }
            scores = rest;
        }
        let parts = query.chunks_exact(*part_dim).zip(components.chunks_exact(sixteens * part_dim));
        for ((query, rows), scores) in parts.zip(scores.chunks_exact_mut(*sixteens)) {
            let (together, rest) = scores.as_chunks_mut::<TOGETHER>();
            let (rows, last_rows) = rows.split_at(together.len() * TOGETHER * part_dim);
            for (rows, scores) in rows.chunks_exact(TOGETHER * part_dim).zip(together) {
                some::<S, O, TOGETHER>(simd, query, rows, scores);
            }
            for (rows, score) in last_rows.chunks_exact(*part_dim).zip(rest) {
                some::<S, O, 1>(simd, query, rows, std::array::from_mut(score));
            }
        }
    }
}

/// Scores a sixteen of rows for each of some parts.
#[inline(always)]
fn some_parts<S: Simd, O: Operation>(
    simd: S,
    query: &[f32],
    rows: &[[f32; LANES]],
    scores: &mut [[f32; LANES]; TOGETHER],
) {
    let part_dim = query.len() / TOGETHER;
    let (mut queries, mut columns) = ([query; TOGETHER], [rows; TOGETHER]);
    for part in 0..TOGETHER {
        queries[part] = &query[part * part_dim..][..part_dim];
        columns[part] = &rows[part * part_dim..][..part_dim];
    }
    let mut states = [O::start(simd); TOGETHER];
    for at in 0..part_dim {
        for part in 0..TOGETHER {
            let component = simd.splat(queries[part][at]);
            states[part] = O::step(simd, states[part], component, simd.load(&columns[part][at]));
        }
    }
    for (state, scores) in states.into_iter().zip(scores) {
        simd.store(O::lanes(simd, state), scores);
    }
}

/// Scores some sixteens of rows.
#[inline(always)]
fn some<S: Simd, O: Operation, const N: usize>(
    simd: S,
    query: &[f32],
    rows: &[[f32; LANES]],
    scores: &mut [[f32; LANES]; N],
) {
    let rows: [&[[f32; LANES]]; N] =
        std::array::from_fn(|at| &rows[at * query.len()..][..query.len()]);
    let mut states = [O::start(simd); N];
    for (at, component) in query.iter().enumerate() {
        let component = simd.splat(*component);
        for (state, rows) in states.iter_mut().zip(&rows) {
            *state = O::step(simd, *state, component, simd.load(&rows[at]));
        }
    }
    for (state, scores) in states.into_iter().zip(scores) {
        simd.store(O::lanes(simd, state), scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_scores_as_plain_loops_do() {
        for (parts, part_dim, part_rows) in
            [(1, 1, 1), (3, 2, 16), (11, 4, 16), (2, 5, 90), (4, 3, 256)]
        {
            let number = |at: usize| ((at * 7919) % 101) as f32 / 50.0 - 1.0;
            let rows: Vec<f32> = (0..parts * part_dim * part_rows).map(number).collect();
            let query: Vec<f32> = (0..parts * part_dim).map(|at| number(at + 31)).collect();
            let columns = Columns::new(&rows, part_dim, part_rows);
            assert_eq!((columns.parts(), columns.stride() % LANES), (parts, 0));
            for (level, op) in Level::available()
                .into_iter()
                .flat_map(|level| [(level, Op::L2), (level, Op::NegativeDot)])
            {
                let mut scores = vec![f32::NAN; parts * columns.stride()];
                columns.scores(level, op, &query, &mut scores);
                for (at, row) in rows.chunks_exact(part_dim).enumerate() {
                    let (part, row_in_part) = (at / part_rows, at % part_rows);
                    let pairs = query[part * part_dim..].iter().zip(row);
                    let expected: f32 = match op {
                        Op::L2 => pairs.map(|(x, y)| (x - y) * (x - y)).sum(),
                        _ => -pairs.map(|(x, y)| x * y).sum::<f32>(),
                    };
                    let found = scores[part * columns.stride() + row_in_part];
                    assert!((found - expected).abs() < 1e-5, "{} {op:?} {at}", level.name());
                }
            }
        }
    }
}
