//! Linear maps.

use anear_kernels::Level;
use anear_kernels::ops::{self, Group, Op};
use std::sync::OnceLock;

/// How far from 0 the cosine between rows of a matrix may be that are at right angles: as in FAISS.
const TOLERANCE: f32 = 4e-5;

/// Rows laid out for products at a time.
const ROWS_TOGETHER: usize = 96;

/// A matrix, one row of it for each component after, and what is added then.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    input_dim: usize,
    output_dim: usize,
    matrix: Vec<f32>,
    bias: Option<Vec<f32>>,
    /// The squared length of each row of the matrix, or of each column if there are fewer of them, if
    /// all are at right angles to each other; found when first asked for.
    orthogonal: OnceLock<Option<Vec<f32>>>,
}

impl Linear {
    /// # Panics
    /// If the numbers are not as many as the dimensions say.
    pub(super) fn new(
        input_dim: usize,
        output_dim: usize,
        matrix: Vec<f32>,
        bias: Option<Vec<f32>>,
    ) -> Linear {
        assert_eq!(matrix.len(), input_dim * output_dim);
        assert!(bias.as_ref().is_none_or(|bias| bias.len() == output_dim));
        Linear { input_dim, output_dim, matrix, bias, orthogonal: OnceLock::new() }
    }

    pub(super) fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let mut products = products(rows, &self.matrix, self.input_dim);
        for row in products.chunks_exact_mut(self.output_dim) {
            match &self.bias {
                Some(bias) => row.iter_mut().zip(bias).for_each(|(sum, bias)| *sum += bias),
                None => row.iter_mut().for_each(|sum| *sum += 0.0), // no minus zeros
            }
        }
        products
    }

    /// The shortest rows that become these, or come nearest to that; `None` unless the rows of the
    /// matrix, or its columns if there are fewer of them, are at right angles to each other.
    pub(super) fn undo(&self, rows: &[f32]) -> Option<Vec<f32>> {
        let squares = self.orthogonal.get_or_init(|| self.find_squares()).as_ref()?;
        let by_columns = self.output_dim > self.input_dim;
        let mut undone = vec![0.0; rows.len() / self.output_dim * self.input_dim];
        let places = undone.chunks_exact_mut(self.input_dim);
        for (row, place) in rows.chunks_exact(self.output_dim).zip(places) {
            let directions = self.matrix.chunks_exact(self.input_dim);
            for (at, (component, direction)) in row.iter().zip(directions).enumerate() {
                let added = self.bias.as_ref().map_or(0.0, |bias| bias[at]);
                let square = if by_columns { 1.0 } else { squares[at] };
                let factor = (component - added) / square;
                place.iter_mut().zip(direction).for_each(|(sum, part)| *sum += factor * part);
            }
            if by_columns {
                place.iter_mut().zip(squares).for_each(|(sum, square)| *sum /= square);
            }
        }
        Some(undone)
    }

    fn find_squares(&self) -> Option<Vec<f32>> {
        if self.output_dim <= self.input_dim {
            return squares_at_right_angles(&self.matrix, self.input_dim);
        }
        let column = |column| self.matrix.iter().skip(column).step_by(self.input_dim);
        let columns: Vec<f32> = (0..self.input_dim).flat_map(column).copied().collect();
        squares_at_right_angles(&columns, self.output_dim)
    }
}

/// The squared length of each vector if all are at right angles to each other.
fn squares_at_right_angles(vectors: &[f32], dim: usize) -> Option<Vec<f32>> {
    let count = vectors.len() / dim;
    let products = products(vectors, vectors, dim);
    let squares: Vec<f32> = (0..count).map(|vector| products[vector * count + vector]).collect();
    let is_right = |(place, product): (usize, &f32)| {
        let (x, y) = (place / count, place % count);
        x == y || product.abs() <= TOLERANCE * (squares[x] * squares[y]).sqrt()
    };
    let orthogonal = products.iter().enumerate().all(is_right);
    (orthogonal && squares.iter().all(|square| *square > 0.0)).then_some(squares)
}

/// The inner products of each row with each of some directions.
pub(super) fn products(rows: &[f32], directions: &[f32], dim: usize) -> Vec<f32> {
    let (level, count) = (Level::best(), directions.len() / dim);
    let mut all = Vec::with_capacity(rows.len() / dim * count);
    let mut scores = Vec::new();
    for some in rows.chunks(ROWS_TOGETHER * dim) {
        for group in Group::split(level, some, dim) {
            scores.resize(count * group.width(), 0.0);
            ops::scores(level, Op::NegativeDot, &group, directions, &mut scores);
            for row in 0..group.live() {
                all.extend(scores.chunks_exact(group.width()).map(|scores| -scores[row]));
            }
        }
    }
    all
}
