//! Codes of rows: the signs of what a row differs from the center in, finer numbers, and what makes good
//! for what both leave out.

use super::Rabitq;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How sure the bound on what signs leave out is, as in FAISS.
const SURENESS: f32 = 1.9;
/// Below this a length counts as none.
const SHORTEST: f32 = 1e-10;
/// What is added before a number is rounded down.
const ROUNDING: f64 = 1e-5;
/// At which share of the largest factor the search for the best one begins, by the bits of fine numbers.
const STARTS: [f32; 9] = [0.0, 0.15, 0.20, 0.52, 0.59, 0.71, 0.75, 0.77, 0.81];
/// How far beyond the largest fine number factors are tried.
const BEYOND: i32 = 10;

/// The mean of rows of `dim` components, from which they are best seen; 0 without rows.
pub fn center(dim: usize, rows: &[f32]) -> Vec<f32> {
    let mut center = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        center.iter_mut().zip(row).for_each(|(sum, component)| *sum += component);
    }
    let count = (rows.len() / dim).max(1) as f32;
    center.iter_mut().for_each(|sum| *sum /= count);
    center
}

impl Rabitq {
    pub(super) fn encode_row(&self, center: &[f32], row: &[f32], code: &mut [u8]) {
        code.fill(0);
        let difference: Vec<f32> = row.iter().zip(center).map(|(x, center)| x - center).collect();
        for (at, component) in difference.iter().enumerate() {
            if *component > 0.0 {
                code[at / 8] |= 1 << (at % 8);
            }
        }
        let (_, rest) = code.split_at_mut(self.dim.div_ceil(8));
        let (rough, fine) = rest.split_at_mut(if self.bits > 1 { 12 } else { 8 });
        let numbers = self.rough_numbers(&difference, row);
        write_floats(&numbers[..rough.len() / 4], rough);
        if self.bits > 1 {
            let (numbers, factors) = fine.split_at_mut((self.dim * (self.bits - 1)).div_ceil(8));
            write_floats(&self.write_fine(&difference, center, numbers), factors);
        }
    }

    /// Start, factor and error of the rough score.
    fn rough_numbers(&self, difference: &[f32], row: &[f32]) -> [f32; 3] {
        let square: f32 = difference.iter().map(|x| x * x).sum();
        let row_square: f32 = row.iter().map(|x| x * x).sum();
        let sum: f32 = difference.iter().map(|x| x.abs()).sum();
        let length = square.sqrt();
        let inverse = |number: f32| if number.abs() < f32::EPSILON { 1.0 } else { 1.0 / number };
        let inverse_length = if square < f32::EPSILON { 1.0 } else { 1.0 / length };
        let cosine = sum * inverse_length / (self.dim as f32).sqrt();
        let start = if self.is_product { square - row_square } else { square };
        [start, inverse(cosine) * length, self.rough_error(square, sum)]
    }

    fn rough_error(&self, square: f32, sum: f32) -> f32 {
        let half = 0.5 * sum;
        if half.abs() <= f32::EPSILON {
            return 0.0;
        }
        let ratio = square * (self.dim as f32 * 0.25) / (half * half);
        let others = if self.dim == 1 { 1.0 } else { (self.dim - 1) as f32 };
        let error = square.sqrt() * SURENESS * ((ratio - 1.0).max(0.0) / others).sqrt();
        if self.is_product { error } else { 2.0 * error }
    }

    /// Writes the fine numbers; returns start and factor of the fine score.
    fn write_fine(&self, difference: &[f32], center: &[f32], code: &mut [u8]) -> [f32; 2] {
        let length = difference.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length < SHORTEST {
            return [0.0, 0.0];
        }
        let (fine_bits, last) = (self.bits - 1, (1i32 << (self.bits - 1)) - 1);
        let sizes: Vec<f32> = difference.iter().map(|x| (x / length).abs()).collect();
        let factor = best_factor(&sizes, fine_bits);
        let mut product = 0.0f64;
        for (at, (component, size)) in difference.iter().zip(&sizes).enumerate() {
            let number = ((f64::from(factor * size) + ROUNDING) as i32).min(last);
            product += (f64::from(number) + 0.5) * f64::from(*size);
            let number = if *component < 0.0 { !number & last } else { number };
            for bit in (0..fine_bits).filter(|bit| number >> bit & 1 != 0) {
                let place = at * fine_bits + bit;
                code[place / 8] |= 1 << (place % 8);
            }
        }
        let inverse = (1.0 / product) as f32;
        let inverse = if inverse.is_normal() { inverse } else { 1.0 };
        match self.is_product {
            false => [length * length, -2.0 * inverse * length],
            true => {
                let both = difference.iter().zip(center).map(|(x, center)| x * center);
                [both.sum(), inverse * length]
            }
        }
    }
}

fn write_floats(floats: &[f32], bytes: &mut [u8]) {
    let places = bytes.as_chunks_mut().0.iter_mut();
    places.zip(floats).for_each(|(place, float)| *place = float.to_le_bytes());
}

/// A factor and the component whose number grows there, in the order of factors, which are positive.
type Step = Reverse<(u32, usize)>;

/// The factor with which components, all positive and of length 1 together, are nearest in direction to
/// the whole numbers they are rounded to. All factors at which a number changes are tried; how near each is
/// follows from the one before up to an error, which decides in FAISS as well which is taken.
fn best_factor(sizes: &[f32], fine_bits: usize) -> f32 {
    let last = (1i32 << fine_bits) - 1;
    let largest = sizes.iter().copied().fold(0.0, f32::max);
    let end = (last + BEYOND) as f32 / largest;
    let start = end * STARTS[fine_bits];
    let mut numbers: Vec<i32> =
        sizes.iter().map(|size| (f64::from(start * size) + ROUNDING) as i32).collect();
    let terms = numbers.iter().zip(sizes);
    let mut square = sizes.len() as f32 * 0.25;
    square += numbers.iter().map(|number| (number * number + number) as f32).sum::<f32>();
    let mut product: f32 = terms.map(|(number, size)| (*number as f32 + 0.5) * size).sum();
    let inverses: Vec<f32> = sizes.iter().map(|size| 1.0 / size).collect();
    let step = |number: i32, at: usize| -> Option<Step> {
        let factor = (number + 1) as f32 * inverses[at];
        (factor < end).then(|| Reverse((factor.to_bits(), at)))
    };
    let first = numbers.iter().enumerate().filter_map(|(at, number)| step(*number, at));
    let mut steps: BinaryHeap<Step> = first.collect();
    let mut inverse_root = 1.0 / square.sqrt();
    let mut best = (0.0, 0.0);
    while let Some(Reverse((factor, at))) = steps.pop() {
        numbers[at] += 1;
        let grown = (2 * numbers[at]) as f32;
        square += grown;
        product += sizes[at];
        inverse_root *= 1.0 - 0.5 * grown / (square - grown + 0.5 * grown);
        let cosine = product * inverse_root;
        if cosine > best.0 {
            best = (cosine, f32::from_bits(factor));
        }
        if numbers[at] < last {
            steps.extend(step(numbers[at], at));
        }
    }
    best.1
}
