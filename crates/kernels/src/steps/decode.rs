//! What such rows stand for.

use super::number::{Byte, Nibble, Number, SixBits};
use super::{Written, filled_up};
use crate::Level;
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

/// What the numbers of each component are worth.
#[derive(Clone, Debug)]
pub struct StepDecoder {
    written: Written,
    dim: usize,
    firsts: Vec<[f32; LANES]>,
    steps: Vec<[f32; LANES]>,
}

impl StepDecoder {
    /// Components of which a number is worth `first + number * step`, with numbers of a few bits.
    ///
    /// # Panics
    /// If there are no components, or not as many of both.
    pub fn new(written: Written, firsts: &[f32], steps: &[f32]) -> StepDecoder {
        assert!(!firsts.is_empty() && firsts.len() == steps.len());
        let (dim, firsts, steps) = (firsts.len(), filled_up(firsts), filled_up(steps));
        StepDecoder { written, dim, firsts, steps }
    }

    /// Writes the components of whole rows.
    ///
    /// # Panics
    /// If there is not room for just these, or numbers are floats.
    pub fn decode(&self, level: Level, bytes: &[u8], rows: &mut [f32]) {
        assert_eq!(bytes.len() * self.dim, rows.len() * self.written.row_bytes(self.dim));
        match self.written {
            Written::Byte => level.run(Rows::<Byte>::new(self, bytes, rows)),
            Written::Nibble => level.run(Rows::<Nibble>::new(self, bytes, rows)),
            Written::SixBits => level.run(Rows::<SixBits>::new(self, bytes, rows)),
            Written::F16 | Written::Bf16 => panic!("floats have no steps"),
        }
    }
}

struct Rows<'a, N> {
    decoder: &'a StepDecoder,
    bytes: &'a [u8],
    rows: &'a mut [f32],
    written: PhantomData<N>,
}

impl<'a, N> Rows<'a, N> {
    fn new(decoder: &'a StepDecoder, bytes: &'a [u8], rows: &'a mut [f32]) -> Self {
        Rows { decoder, bytes, rows, written: PhantomData }
    }
}

impl<N: Number> Kernel for Rows<'_, N> {
    type Output = ();

    /// Multiplied and added apart, as in a plain loop.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let StepDecoder { written, dim, firsts, steps } = self.decoder;
        let codes = self.bytes.chunks_exact(written.row_bytes(*dim));
        for (code, row) in codes.zip(self.rows.chunks_exact_mut(*dim)) {
            let whole = *dim / LANES;
            let vectors = row.as_chunks_mut::<LANES>();
            for (at, vector) in vectors.0.iter_mut().enumerate() {
                let numbers = N::load(simd, &code[at * N::BYTES..]);
                let worth = simd.mul(numbers, simd.load(&steps[at]));
                simd.store(simd.add(simd.load(&firsts[at]), worth), vector);
            }
            if !vectors.1.is_empty() {
                let numbers = N::load_some(simd, &code[whole * N::BYTES..]);
                let worth = simd.mul(numbers, simd.load(&steps[whole]));
                let mut lanes = [0.0; LANES];
                simd.store(simd.add(simd.load(&firsts[whole]), worth), &mut lanes);
                vectors.1.copy_from_slice(&lanes[..vectors.1.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_decodes_as_a_plain_loop_does() {
        const ROWS: usize = 5;
        for (written, bits) in [(Written::Byte, 8), (Written::Nibble, 4), (Written::SixBits, 6)] {
            for dim in [1_usize, 3, 15, 16, 17, 64, 100] {
                let code_bytes = written.row_bytes(dim);
                let bytes: Vec<u8> =
                    (0..ROWS * code_bytes).map(|at| (at * 73 % 251) as u8).collect();
                let firsts: Vec<f32> = (0..dim).map(|at| (at % 9) as f32 / 7.0 - 0.5).collect();
                let steps: Vec<f32> = (0..dim).map(|at| (at % 5) as f32 / 300.0).collect();
                let decoder = StepDecoder::new(written, &firsts, &steps);
                let number = |row: usize, at: usize| {
                    let bit = |bit: usize| bytes[row * code_bytes + bit / 8] >> (bit % 8) & 1;
                    (0..bits)
                        .map(|place| f32::from(u16::from(bit(at * bits + place)) << place))
                        .sum::<f32>()
                };
                let worth = |row: usize| {
                    (0..dim).map(|at| firsts[at] + number(row, at) * steps[at]).collect::<Vec<_>>()
                };
                let expected: Vec<f32> = (0..ROWS).flat_map(worth).collect();
                for level in Level::available() {
                    let mut rows = vec![0.0; ROWS * dim];
                    decoder.decode(level, &bytes, &mut rows);
                    assert_eq!(rows, expected, "{} {written:?} {dim}", level.name());
                }
            }
        }
    }
}
