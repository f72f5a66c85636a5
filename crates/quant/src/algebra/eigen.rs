//! Eigenvalues and eigenvectors of symmetric matrices: by reflections to three diagonals, whose
//! eigenvalues shifted QL steps find (Wilkinson and Reinsch, Handbook for Automatic Computation II/2 and
//! II/4). Vectors are kept as rows, so that all loops run along memory.

use super::{add, dot};

/// QL steps for one eigenvalue, of which a few are enough.
const MOST_STEPS: usize = 60;

/// Eigenvalues, the largest first, and the vector of each as a row.
#[derive(Debug)]
pub(crate) struct Eigen {
    pub(crate) values: Vec<f64>,
    pub(crate) vectors: Vec<f64>,
}

/// Those of a symmetric matrix of `dim` rows, of which one half counts.
///
/// # Panics
/// If it has not as many components.
pub(crate) fn eigen(matrix: &[f64], dim: usize) -> Eigen {
    assert_eq!(matrix.len(), dim * dim);
    let mut matrix = matrix.to_vec();
    let (mut diagonal, mut beside, mut vectors) = tridiagonal(&mut matrix, dim);
    iterate(&mut diagonal, &mut beside, &mut vectors, dim);
    let mut order: Vec<usize> = (0..dim).collect();
    order.sort_by(|x, y| diagonal[*y].total_cmp(&diagonal[*x]));
    let row = |at: &usize| vectors[at * dim..(at + 1) * dim].to_vec();
    Eigen {
        values: order.iter().map(|at| diagonal[*at]).collect(),
        vectors: order.iter().flat_map(row).collect(),
    }
}

/// The diagonal, what lies beside it, and the rows of the basis in which the matrix is like that.
fn tridiagonal(matrix: &mut [f64], dim: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut diagonal, mut beside) = (vec![0.0; dim], vec![0.0; dim]);
    let mut reflections: Vec<(Vec<f64>, f64)> = Vec::new();
    for at in 0..dim {
        diagonal[at] = matrix[at * dim + at];
        let mut vector = matrix[at * dim + at + 1..(at + 1) * dim].to_vec();
        let Some(first) = vector.first().copied() else { break };
        let length = dot(&vector, &vector).sqrt();
        let target = if first >= 0.0 { -length } else { length };
        beside[at] = target;
        vector[0] -= target;
        let square = dot(&vector, &vector);
        let factor = if square > 0.0 { 2.0 / square } else { 0.0 };
        mirror(matrix, dim, at + 1, &vector, factor);
        reflections.push((vector, factor));
    }
    let mut vectors = vec![0.0; dim * dim];
    (0..dim).for_each(|at| vectors[at * dim + at] = 1.0);
    for (at, (vector, factor)) in reflections.iter().enumerate().rev() {
        for row in vectors.chunks_exact_mut(dim).skip(at + 1) {
            let part = &mut row[at + 1..];
            let product = dot(part, vector);
            add(part, -factor * product, vector);
        }
    }
    (diagonal, beside, vectors)
}

/// Mirrors the part of a symmetric matrix that begins at `first` on both sides.
fn mirror(matrix: &mut [f64], dim: usize, first: usize, vector: &[f64], factor: f64) {
    let rows = || (first..dim).map(|row| row * dim + first..(row + 1) * dim);
    let mut image: Vec<f64> = rows().map(|row| factor * dot(&matrix[row], vector)).collect();
    let half = 0.5 * factor * dot(&image, vector);
    add(&mut image, -half, vector);
    for ((row, x), y) in rows().zip(vector).zip(&image) {
        add(&mut matrix[row.clone()], -x, &image);
        add(&mut matrix[row], -y, vector);
    }
}

/// Finds the eigenvalues, which are left in the diagonal, and turns the rows of `vectors` with each step.
fn iterate(diagonal: &mut [f64], beside: &mut [f64], vectors: &mut [f64], dim: usize) {
    for first in 0..dim {
        for _ in 0..MOST_STEPS {
            let is_small = |at: &usize| {
                let size = diagonal[*at].abs() + diagonal[at + 1].abs();
                beside[*at].abs() <= f64::EPSILON * size
            };
            let last = (first..dim - 1).find(is_small).unwrap_or(dim - 1);
            if last == first {
                break;
            }
            step(diagonal, beside, vectors, dim, first, last);
        }
    }
}

/// One QL step for rows `first` to `last`, shifted by what the first eigenvalue is likely to be.
fn step(
    diagonal: &mut [f64],
    beside: &mut [f64],
    vectors: &mut [f64],
    dim: usize,
    first: usize,
    last: usize,
) {
    let slope = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = slope.hypot(1.0).copysign(slope);
    let mut moved = diagonal[last] - diagonal[first] + beside[first] / (slope + root);
    let (mut sine, mut cosine, mut taken) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (across, along) = (sine * beside[at], cosine * beside[at]);
        let length = across.hypot(moved);
        beside[at + 1] = length;
        if length == 0.0 {
            diagonal[at + 1] -= taken;
            beside[last] = 0.0;
            return;
        }
        (sine, cosine) = (across / length, moved / length);
        moved = diagonal[at + 1] - taken;
        let both = (diagonal[at] - moved) * sine + 2.0 * cosine * along;
        taken = sine * both;
        diagonal[at + 1] = moved + taken;
        moved = cosine * both - along;
        turn(&mut vectors[at * dim..(at + 2) * dim], dim, sine, cosine);
    }
    diagonal[first] -= taken;
    beside[first] = moved;
    beside[last] = 0.0;
}

fn turn(two_rows: &mut [f64], dim: usize, sine: f64, cosine: f64) {
    let (lower, upper) = two_rows.split_at_mut(dim);
    for (x, y) in lower.iter_mut().zip(upper) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    fn check(matrix: &[f64], dim: usize) {
        let Eigen { values, vectors } = eigen(matrix, dim);
        assert!(values.is_sorted_by(|x, y| x >= y));
        let size = values.iter().fold(1e-30f64, |size, value| size.max(value.abs()));
        for (value, vector) in values.iter().zip(vectors.chunks(dim)) {
            assert!((dot(vector, vector) - 1.0).abs() < 1e-10);
            for (row, component) in matrix.chunks(dim).zip(vector) {
                assert!((dot(row, vector) - value * component).abs() < 1e-10 * size);
            }
        }
        for (x, y) in vectors.chunks(dim).zip(vectors.chunks(dim).skip(1)) {
            assert!(dot(x, y).abs() < 1e-10);
        }
    }

    #[test]
    fn vectors_are_stretched_by_their_values() {
        for dim in [1, 2, 3, 10, 61] {
            let numbers = normal(dim * dim, 9);
            let symmetric = |at: usize| f64::from(numbers[at] + numbers[at % dim * dim + at / dim]);
            check(&(0..dim * dim).map(symmetric).collect::<Vec<_>>(), dim);
            let rank_one = |at: usize| f64::from(numbers[at / dim] * numbers[at % dim]);
            check(&(0..dim * dim).map(rank_one).collect::<Vec<_>>(), dim);
            check(&vec![0.0; dim * dim], dim);
        }
    }
}
