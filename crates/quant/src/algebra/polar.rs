//! The rotation that a matrix is nearest to.

use super::{add, dot, eigen};

/// Eigenvalues of the square of a matrix that are a smaller share of the largest are rounding.
const LEAST_SHARE: f64 = 1e-13;
/// What may be left of a row of length 1 when its parts in other directions are taken out.
const LEAST_REST: f64 = 1e-3;

/// The matrix of orthonormal rows whose product with a matrix of as many rows, of `dim` components
/// each and not more than that, has the largest trace. With `U S V` the matrix, it is `U V`.
///
/// # Panics
/// If there are more rows than components.
pub(crate) fn polar(matrix: &[f64], dim: usize) -> Vec<f64> {
    let count = matrix.len() / dim;
    assert!(count <= dim);
    let rows: Vec<&[f64]> = matrix.chunks_exact(dim).collect();
    let squares: Vec<f64> = rows.iter().flat_map(|x| rows.iter().map(move |y| dot(x, y))).collect();
    let left = eigen(&squares, count);
    let least = left.values.first().map_or(0.0, |largest| largest * LEAST_SHARE);
    let mut right: Vec<Vec<f64>> = Vec::with_capacity(count);
    for (value, vector) in left.values.iter().zip(left.vectors.chunks_exact(count)) {
        let mut row = vec![0.0; dim];
        if *value > least && *value > 0.0 {
            rows.iter().zip(vector).for_each(|(other, factor)| add(&mut row, *factor, other));
        }
        right.push(completed(row, &right));
    }
    let mut all = vec![0.0; count * dim];
    for (vector, row) in left.vectors.chunks_exact(count).zip(&right) {
        for (place, factor) in all.chunks_exact_mut(dim).zip(vector) {
            add(place, *factor, row);
        }
    }
    all
}

/// A row of length 1 at right angles to the others: this one, or else one of the axes.
fn completed(row: Vec<f64>, others: &[Vec<f64>]) -> Vec<f64> {
    let dim = row.len();
    let axes = (0..dim).map(|at| (0..dim).map(|place| f64::from(u8::from(place == at))).collect());
    std::iter::once(row)
        .chain(axes)
        .find_map(|row: Vec<f64>| rest_of(row, others))
        .expect("fewer rows than components leave a direction")
}

/// What is left of a row, made to be of length 1; `None` if it is hardly anything.
fn rest_of(mut row: Vec<f64>, others: &[Vec<f64>]) -> Option<Vec<f64>> {
    for least in [0.0, LEAST_REST] {
        let length = dot(&row, &row).sqrt();
        if length <= least {
            return None;
        }
        row.iter_mut().for_each(|x| *x /= length);
        for other in others {
            let product = dot(&row, other);
            add(&mut row, -product, other);
        }
    }
    let length = dot(&row, &row).sqrt();
    row.iter_mut().for_each(|x| *x /= length);
    (length > LEAST_REST).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    #[test]
    fn a_stretched_rotation_comes_back() {
        for (count, dim) in [(1, 1), (3, 5), (20, 20)] {
            let rotation = crate::algebra::orthonormal(&normal(count * dim, 5), dim);
            let rotation: Vec<f64> = rotation.iter().map(|x| f64::from(*x)).collect();
            // A symmetric positive matrix from the left stretches, and does not turn.
            let numbers = normal(count * count, 6);
            let stretch = |i: usize, j: usize| -> f64 {
                let row = |at: usize| &numbers[at * count..(at + 1) * count];
                let product: f32 = row(i).iter().zip(row(j)).map(|(x, y)| x * y).sum();
                f64::from(product) + f64::from(u8::from(i == j))
            };
            let mut matrix = vec![0.0; count * dim];
            for (i, place) in matrix.chunks_mut(dim).enumerate() {
                for (j, row) in rotation.chunks(dim).enumerate() {
                    add(place, stretch(i, j), row);
                }
            }
            let found = polar(&matrix, dim);
            assert!(found.iter().zip(&rotation).all(|(x, y)| (x - y).abs() < 1e-5));
        }
    }

    #[test]
    fn rows_are_orthonormal_whatever_the_rank() {
        for rank in 0..4 {
            let numbers = normal(rank * 12, 7);
            let mut matrix = vec![0.0; 6 * 6];
            for part in numbers.chunks(12) {
                for at in 0..36 {
                    matrix[at] += f64::from(part[at / 6] * part[6 + at % 6]);
                }
            }
            let found = polar(&matrix, 6);
            for (i, x) in found.chunks(6).enumerate() {
                for (j, y) in found.chunks(6).enumerate() {
                    let expected = f64::from(u8::from(i == j));
                    assert!((dot(x, y) - expected).abs() < 1e-9, "{rank}: {i} {j} {}", dot(x, y));
                }
            }
        }
    }
}
