//! Orthonormal rows by Householder reflections, with the signs of LAPACK: the same random numbers make
//! the same rotation as in FAISS.

use super::{add, dot};

/// Rows at right angles to each other and of length 1 that span what the given ones span, each a sum of
/// it and those before it. `rows` are at most as many as they have components.
///
/// # Panics
/// If they are more, or not whole.
pub(crate) fn orthonormal(rows: &[f32], dim: usize) -> Vec<f32> {
    let count = rows.len() / dim;
    assert!(count <= dim && rows.len() == count * dim);
    let mut rows: Vec<Vec<f64>> =
        rows.chunks_exact(dim).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect();
    // Reflection k takes row k to the direction of component k and leaves the components before alone.
    let mut reflections: Vec<(Vec<f64>, f64)> = Vec::with_capacity(count);
    for at in 0..count {
        let reflection = reflection(&rows[at], at);
        rows[at..].iter_mut().for_each(|row| reflect(row, at, &reflection));
        reflections.push(reflection);
    }
    let mut all = Vec::with_capacity(count * dim);
    for at in 0..count {
        let mut row = vec![0.0; dim];
        row[at] = 1.0;
        for (first, reflection) in reflections.iter().enumerate().rev() {
            reflect(&mut row, first, reflection);
        }
        all.extend(row.iter().map(|x| *x as f32));
    }
    all
}

/// The vector whose mirror takes a row, from component `first` on, to one axis, and its factor.
fn reflection(row: &[f64], first: usize) -> (Vec<f64>, f64) {
    let mut vector = row[first..].to_vec();
    let length = dot(&vector, &vector).sqrt();
    if dot(&vector[1..], &vector[1..]) == 0.0 {
        return (vector, 0.0);
    }
    let target = if vector[0] >= 0.0 { -length } else { length };
    vector[0] -= target;
    let factor = 2.0 / dot(&vector, &vector);
    (vector, factor)
}

fn reflect(row: &mut [f64], first: usize, (vector, factor): &(Vec<f64>, f64)) {
    let part = &mut row[first..];
    let product = dot(part, vector);
    add(part, -factor * product, vector);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;

    #[test]
    fn rows_are_orthonormal_and_span_the_same() {
        for (count, dim) in [(1, 1), (3, 3), (5, 8), (40, 40)] {
            let given = normal(count * dim, 3);
            let rows = orthonormal(&given, dim);
            let product =
                |x: &[f32], y: &[f32]| -> f32 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
            for (i, x) in rows.chunks(dim).enumerate() {
                for (j, y) in rows.chunks(dim).enumerate() {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!((product(x, y) - expected).abs() < 1e-5);
                }
                // Given rows have no part in the directions of later ones.
                for given in given.chunks(dim).take(i) {
                    assert!(product(x, given).abs() < 1e-4);
                }
            }
        }
    }
}
