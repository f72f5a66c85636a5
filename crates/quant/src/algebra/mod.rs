//! The linear algebra that transforms are learned with, in double precision and plain loops. Matrices
//! are row by row.

mod eigen;
mod polar;
mod qr;

pub(crate) use eigen::{Eigen, eigen};
pub(crate) use polar::polar;
pub(crate) use qr::orthonormal;

/// The inner product.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Adds a multiple of a row to another.
fn add(row: &mut [f64], factor: f64, other: &[f64]) {
    row.iter_mut().zip(other).for_each(|(x, y)| *x += factor * y);
}
