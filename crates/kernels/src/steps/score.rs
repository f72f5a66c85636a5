//! Scores of such rows against one query.

use super::number::{Bf16, Byte, F16, Nibble, Number, SixBits};
use super::{Written, filled_up};
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use crate::prefetch::Scattered;
use std::marker::PhantomData;

/// A query for such rows.
#[derive(Clone, Debug)]
pub struct StepQuery {
    written: Written,
    dim: usize,
    /// One for each component, filled up to whole vectors with zeros; empty for inner products.
    froms: Vec<[f32; LANES]>,
    /// Negative for distances.
    steps: Vec<[f32; LANES]>,
}

/// Rows that are asked for ahead where the CPU cannot foresee them.
const ROWS_AHEAD: usize = 8;
/// Sums that are kept side by side.
const PARTS: usize = 4;

impl StepQuery {
    /// For squared differences: what the query is from the first value of each component, and the
    /// sizes of steps.
    ///
    /// # Panics
    /// If there are no components, or not as many of both.
    pub fn distances(written: Written, froms: &[f32], steps: &[f32]) -> StepQuery {
        assert!(!froms.is_empty() && froms.len() == steps.len());
        let negative: Vec<f32> = steps.iter().map(|step| -step).collect();
        let (dim, froms, steps) = (froms.len(), filled_up(froms), filled_up(&negative));
        StepQuery { written, dim, froms, steps }
    }

    /// For minus inner products: the sizes of steps times the components of the query.
    ///
    /// # Panics
    /// If there are no components.
    pub fn products(written: Written, steps: &[f32]) -> StepQuery {
        assert!(!steps.is_empty());
        let (dim, steps) = (steps.len(), filled_up(steps));
        StepQuery { written, dim, froms: Vec::new(), steps }
    }

    /// Takes another query at distances to the same rows: what it is from the first values.
    ///
    /// # Panics
    /// If it has another dimension, or this is one for inner products.
    pub fn move_to(&mut self, froms: &[f32]) {
        assert_eq!(froms.len(), self.dim);
        self.froms.as_flattened_mut()[..self.dim].copy_from_slice(froms);
    }

    /// Bytes in a row.
    pub fn row_bytes(&self) -> usize {
        self.written.row_bytes(self.dim)
    }

    /// Writes the scores of rows: of all in `bytes`, or of those with some numbers.
    ///
    /// # Panics
    /// If a row is not there, or there is not one score a row.
    pub fn scores(&self, level: Level, bytes: &[u8], numbers: Option<&[u32]>, scores: &mut [f32]) {
        let rows = numbers.map_or(bytes.len() / self.row_bytes(), <[u32]>::len);
        assert_eq!(scores.len(), rows);
        match self.written {
            Written::Byte => level.run(Rows::<Byte>::new(self, bytes, numbers, scores)),
            Written::Nibble => level.run(Rows::<Nibble>::new(self, bytes, numbers, scores)),
            Written::SixBits => level.run(Rows::<SixBits>::new(self, bytes, numbers, scores)),
            Written::F16 => level.run(Rows::<F16>::new(self, bytes, numbers, scores)),
            Written::Bf16 => level.run(Rows::<Bf16>::new(self, bytes, numbers, scores)),
        }
    }
}

struct Rows<'a, N> {
    query: &'a StepQuery,
    bytes: &'a [u8],
    numbers: Option<&'a [u32]>,
    scores: &'a mut [f32],
    written: PhantomData<N>,
}

impl<'a, N> Rows<'a, N> {
    fn new(
        query: &'a StepQuery,
        bytes: &'a [u8],
        numbers: Option<&'a [u32]>,
        scores: &'a mut [f32],
    ) -> Self {
        Rows { query, bytes, numbers, scores, written: PhantomData }
    }
}

impl<N: Number> Kernel for Rows<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.query.froms.is_empty() {
            true => self.each::<S, false>(simd),
            false => self.each::<S, true>(simd),
        }
    }
}

impl<N: Number> Rows<'_, N> {
    #[inline(always)]
    fn each<S: Simd, const SQUARES: bool>(self, simd: S) {
        let Rows { query, bytes, numbers, scores, .. } = self;
        let row_bytes = query.row_bytes();
        let Some(numbers) = numbers else {
            for (row, score) in bytes.chunks_exact(row_bytes).zip(scores) {
                *score = total::<S, N, SQUARES, true>(simd, row, query);
            }
            return;
        };
        let rows = Scattered::new(simd, (bytes, row_bytes), numbers, ROWS_AHEAD);
        for (at, score) in scores.iter_mut().enumerate() {
            *score = total::<S, N, SQUARES, false>(simd, rows.at(simd, at), query);
        }
    }
}

/// The score of a row. Rows in order are asked for far ahead: the CPU foresees them up to the end of a page.
#[inline(always)]
fn total<S: Simd, N: Number, const SQUARES: bool, const IN_ORDER: bool>(
    simd: S,
    row: &[u8],
    query: &StepQuery,
) -> f32 {
    let steps = &query.steps[..];
    let froms = if SQUARES { &query.froms[..] } else { steps };
    let vectors = froms.as_chunks::<PARTS>().0.iter().zip(steps.as_chunks::<PARTS>().0);
    let blocks = row.chunks_exact(PARTS * N::BYTES);
    let (rest, done) = (blocks.remainder(), blocks.len() * PARTS);
    let mut sums = [simd.splat(0.0); PARTS];
    for (block, (froms, steps)) in blocks.zip(vectors) {
        if IN_ORDER {
            block.chunks(64).for_each(|line| simd.prefetch_ahead(line));
        }
        for part in 0..PARTS {
            let numbers = N::load(simd, &block[part * N::BYTES..][..N::BYTES]);
            sums[part] = step::<S, SQUARES>(simd, sums[part], numbers, &froms[part], &steps[part]);
        }
    }
    let vectors = froms[done..].iter().zip(&steps[done..]);
    for ((numbers, (from, steps)), sum) in rest.chunks(N::BYTES).zip(vectors).zip(&mut sums) {
        let is_whole = numbers.len() == N::BYTES;
        let numbers = if is_whole { N::load(simd, numbers) } else { N::load_some(simd, numbers) };
        *sum = step::<S, SQUARES>(simd, *sum, numbers, from, steps);
    }
    let sum = simd.sum(simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3])));
    if SQUARES { sum } else { -sum }
}

/// Adds the terms of a vector of numbers.
#[inline(always)]
fn step<S: Simd, const SQUARES: bool>(
    simd: S,
    sum: S::F32s,
    numbers: S::F32s,
    from: &[f32; LANES],
    step: &[f32; LANES],
) -> S::F32s {
    if SQUARES {
        let rest = simd.mul_add(simd.load(step), numbers, simd.load(from));
        simd.mul_add(rest, rest, sum)
    } else {
        simd.mul_add(simd.load(step), numbers, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    fn numbers(written: Written, row: &[u8], dim: usize) -> Vec<f32> {
        let pair = |at: usize| u16::from_le_bytes([row[2 * at], row[2 * at + 1]]);
        let number = |at: usize| match written {
            Written::Byte => f32::from(row[at]),
            Written::Nibble => f32::from(row[at / 2] >> (at % 2 * 4) & 15),
            Written::SixBits => {
                let bit = |bit: usize| row[bit / 8] >> (bit % 8) & 1;
                (0..6).fold(0.0, |sum, place| sum + f32::from(bit(6 * at + place) << place))
            }
            Written::F16 => f16::from_bits(pair(at)).to_f32(),
            Written::Bf16 => bf16::from_bits(pair(at)).to_f32(),
        };
        (0..dim).map(number).collect()
    }

    fn bytes(written: Written, rows: usize, dim: usize) -> Vec<u8> {
        let value = |at: usize| (at * 37 % 101) as f32 / 7.0 - 5.0;
        match written {
            Written::Byte => (0..rows * dim).map(|at| (at * 73 % 251) as u8).collect(),
            Written::Nibble => {
                (0..rows * dim.div_ceil(2)).map(|at| (at * 73 % 251) as u8).collect()
            }
            Written::SixBits => {
                (0..rows * (6 * dim).div_ceil(8)).map(|at| (at * 73 % 251) as u8).collect()
            }
            Written::F16 => {
                (0..rows * dim).flat_map(|at| f16::from_f32(value(at)).to_le_bytes()).collect()
            }
            Written::Bf16 => {
                (0..rows * dim).flat_map(|at| bf16::from_f32(value(at)).to_le_bytes()).collect()
            }
        }
    }

    #[test]
    fn scores_are_those_of_a_plain_loop() {
        const ROWS: usize = 19;
        let list = [3, 18, 0, 0, 7];
        let short = [Written::Byte, Written::Nibble, Written::SixBits];
        for written in short.into_iter().chain([Written::F16, Written::Bf16]) {
            for dim in [1, 2, 15, 16, 17, 64, 65, 100, 130] {
                let rows = bytes(written, ROWS, dim);
                let froms: Vec<f32> = (0..dim).map(|at| (at % 9) as f32 - 4.0).collect();
                let steps: Vec<f32> = (0..dim).map(|at| (at % 5) as f32 / 8.0 - 0.2).collect();
                for level in Level::available() {
                    for is_distance in [true, false] {
                        let query = match is_distance {
                            true => StepQuery::distances(written, &froms, &steps),
                            false => StepQuery::products(written, &steps),
                        };
                        let expected: Vec<f64> = rows
                            .chunks_exact(query.row_bytes())
                            .map(|row| {
                                let numbers = numbers(written, row, dim);
                                let terms = numbers.iter().zip(froms.iter().zip(&steps));
                                terms
                                    .map(|(number, (from, step))| {
                                        let product = f64::from(*step) * f64::from(*number);
                                        match is_distance {
                                            true => (f64::from(*from) - product).powi(2),
                                            false => -product,
                                        }
                                    })
                                    .sum()
                            })
                            .collect();
                        let mut found = vec![0.0; ROWS];
                        query.scores(level, &rows, None, &mut found);
                        for (found, expected) in found.iter().zip(&expected) {
                            let error = (f64::from(*found) - expected).abs();
                            assert!(error <= 1e-4 * (1.0 + expected.abs()), "{written:?} {dim}");
                        }
                        if is_distance {
                            let ones = vec![1.0; dim];
                            let mut moved = StepQuery::distances(written, &ones, &steps);
                            moved.move_to(&froms);
                            let mut same = vec![0.0; ROWS];
                            moved.scores(level, &rows, None, &mut same);
                            assert_eq!(same, found, "{written:?} {dim}");
                        }
                        let mut few = vec![0.0; list.len()];
                        query.scores(level, &rows, Some(&list), &mut few);
                        let same: Vec<f32> = list.iter().map(|row| found[*row as usize]).collect();
                        assert_eq!(few, same, "{written:?} {dim}");
                    }
                }
            }
        }
    }
}
