//! Distances out of sums of signs, by what each code of RaBitQ says besides (Gao and Long, "RaBitQ", SIGMOD 2024).

use super::packed::GROUP;
use crate::Level;
use crate::arch::{Kernel, Simd};

/// Bytes of two numbers.
const PAIR: usize = 2 * size_of::<f32>();

/// What makes a score of a sum. With `a`, `b` and `c` the numbers of a code, the product of the query and its signs is
/// `sum * factor + added - taken`, and their squared distance `a + square - 2 * b * product`.
#[derive(Clone, Copy, Debug)]
pub struct Correction {
    /// What sums are multiplied by.
    pub factor: f32,
    /// What is added then.
    pub added: f32,
    /// What is taken away then.
    pub taken: f32,
    /// The square of the query as codes are seen.
    pub square: f32,
    /// The square of the query itself where scores are minus inner products: half of what distances are more.
    pub product_of: Option<f32>,
    /// How many times `c` is taken from a score: what the score may be off by.
    pub margin: Option<f32>,
}

/// Corrects the sums of a group of codes, of which each has its numbers at the start of so many bytes.
///
/// # Panics
/// If there are more scores than codes in a group, or no numbers for each.
pub fn correct(
    level: Level,
    correction: Correction,
    others: &[u8],
    stride: usize,
    scores: &mut [f32],
) {
    assert!(scores.len() <= GROUP && scores.len() * stride <= others.len());
    level.run(Correct { correction, others, stride, scores });
}

struct Correct<'a> {
    correction: Correction,
    others: &'a [u8],
    stride: usize,
    scores: &'a mut [f32],
}

impl Kernel for Correct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Correct { correction, others, stride, scores } = self;
        match scores.as_chunks_mut::<GROUP>() {
            ([scores], _) => correction.correct(others, stride, GROUP, scores),
            (_, some) => {
                let mut group = [0.0; GROUP];
                group[..some.len()].copy_from_slice(some);
                correction.correct(others, stride, some.len(), &mut group);
                some.copy_from_slice(&group[..some.len()]);
            }
        }
    }
}

impl Correction {
    /// Corrects the sums of so many codes. Loops over whole groups, of which the compiler makes vectors.
    #[inline(always)]
    fn correct(self, others: &[u8], stride: usize, count: usize, sums: &mut [f32; GROUP]) {
        let Correction { factor, added, taken, square, product_of, margin } = self;
        let [mut a, mut b, mut c] = [[0.0; GROUP]; 3];
        let pairs = others.as_chunks::<PAIR>().0.first_chunk::<GROUP>();
        if let (PAIR, Some(pairs)) = (stride, pairs) {
            for (pair, (a, b)) in pairs.iter().zip(a.iter_mut().zip(&mut b)) {
                let pair = u64::from_le_bytes(*pair);
                (*a, *b) = (f32::from_bits(pair as u32), f32::from_bits((pair >> 32) as u32));
            }
        } else {
            for (at, numbers) in others.chunks_exact(stride).take(count).enumerate() {
                let numbers = numbers.as_chunks().0;
                (a[at], b[at]) = (f32::from_le_bytes(numbers[0]), f32::from_le_bytes(numbers[1]));
                if margin.is_some() {
                    c[at] = f32::from_le_bytes(numbers[2]);
                }
            }
        }
        for at in 0..GROUP {
            let product = sums[at] * factor + added - taken;
            sums[at] = a[at] + square - 2.0 * b[at] * product;
        }
        match product_of {
            None => sums.iter_mut().for_each(|score| *score = score.max(0.0)),
            Some(own) => sums.iter_mut().for_each(|score| *score = 0.5 * (*score - own)),
        }
        if let Some(margin) = margin {
            sums.iter_mut().zip(c).for_each(|(score, c)| *score -= c * margin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_corrects_as_a_plain_loop_does() {
        let number = |at: usize| (at * 7919 % 101) as f32 * 0.37 - 11.0;
        for (count, stride) in [(32, 8), (5, 8), (31, 13), (32, 60)] {
            let others: Vec<u8> = (0..count)
                .flat_map(|code| {
                    let three = (0..3).flat_map(move |at| number(3 * code + at).to_le_bytes());
                    three.chain([7; 48]).take(stride)
                })
                .collect();
            let sums: Vec<f32> = (0..count).map(|at| (at * 331 % 997) as f32).collect();
            for product_of in [None, Some(4.5)] {
                let margin = (stride > 8).then_some(1.75);
                let correction = Correction {
                    factor: 0.031,
                    added: 2.5,
                    taken: 7.1,
                    square: 90.0,
                    product_of,
                    margin,
                };
                let score = |(code, sum): (usize, &f32)| {
                    let of = |at| number(3 * code + at);
                    let distance = of(0) + 90.0 - 2.0 * of(1) * (sum * 0.031 + 2.5 - 7.1);
                    let score = match product_of {
                        None => distance.max(0.0),
                        Some(own) => 0.5 * (distance - own),
                    };
                    score - margin.map_or(0.0, |margin| of(2) * margin)
                };
                let expected: Vec<f32> = sums.iter().enumerate().map(score).collect();
                for level in Level::available() {
                    let mut scores = sums.clone();
                    correct(level, correction, &others, stride, &mut scores);
                    assert_eq!(scores, expected, "{}", level.name());
                }
            }
        }
    }
}
