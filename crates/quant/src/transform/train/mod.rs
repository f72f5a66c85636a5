//! What transforms learn from rows, as FAISS does (`VectorTransform.cpp`).

mod iterative;
mod optimized;
mod principal;
mod rotation;

pub use rotation::rotation;

use super::linear::products;
use crate::work::Work;
use anear_types::parts::{LinearOrigin, TransformKind, TransformParts};
use anear_types::{Error, Result};

/// Where a rotation that is drawn at random begins.
const ROTATION_SEED: u64 = 12345;
/// Where the choice of rows to learn from begins.
const SAMPLE_SEED: u64 = 1234;

/// Learns from rows of the transform's input dimension. A transform that has learned already stays as
/// it is.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if there are too few rows;
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if a file does not tell how to learn;
/// [`BadData`](anear_types::ErrorKind::BadData) if a component is not finite;
/// [`Interrupted`](anear_types::ErrorKind::Interrupted).
///
/// # Panics
/// If the rows are not whole ones.
pub fn train(transform: &mut TransformParts, rows: &[f32], work: &Work<'_>) -> Result<()> {
    let TransformParts { input_dim, output_dim, trained, ref mut kind } = *transform;
    assert!(rows.len().is_multiple_of(input_dim));
    if trained {
        return Ok(());
    }
    let dims = (input_dim, output_dim);
    match kind {
        TransformKind::Linear { origin, matrix, bias, .. } => match origin {
            LinearOrigin::RandomRotation => {
                *matrix = rotation(input_dim, output_dim, ROTATION_SEED);
            }
            LinearOrigin::Principal(principal) => {
                (*matrix, *bias) = principal::learn(principal, dims, rows, work)?;
            }
            LinearOrigin::OptimizedProduct { parts, rounds } => {
                *matrix = optimized::learn((*parts, *rounds), dims, rows, work)?;
            }
            LinearOrigin::IterativeQuantization { rounds, seed } => {
                *matrix = iterative::learn((*rounds, *seed), input_dim, rows, work)?;
            }
            LinearOrigin::Plain => {
                let what = "the file does not tell how this linear transform is learned";
                return Err(Error::unsupported(what).help("make the index anew, and train it then"));
            }
        },
        TransformKind::IterativeQuantization { mean, principal, rotation, both } => {
            *mean = iterative::learn_all(*principal, rotation, both, rows, work)?;
        }
        TransformKind::Center(mean) => *mean = mean_of(rows, input_dim),
        TransformKind::Remap(_) | TransformKind::Normalize(_) => {}
    }
    transform.trained = true;
    Ok(())
}

/// The mean of rows, in the order of which they are added up; 0 without rows.
fn mean_of(rows: &[f32], dim: usize) -> Vec<f32> {
    let mut mean = vec![0.0; dim];
    for row in rows.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(sum, component)| *sum += component);
    }
    let count = (rows.len() / dim).max(1) as f32;
    mean.iter_mut().for_each(|sum| *sum /= count);
    mean
}

/// Rows less their mean.
fn centered(rows: &[f32], mean: &[f32]) -> Vec<f32> {
    let row = |row: &'_ [f32]| row.iter().zip(mean).map(|(x, mean)| x - mean).collect::<Vec<f32>>();
    rows.chunks_exact(mean.len()).flat_map(row).collect()
}

/// Rows of products that are added up in one go.
const BLOCK_ROWS: usize = 2048;

/// What `x` and `y`, rows of as many, have in common: the sums of the products of each component of `y`,
/// a row of the result, with each of `x`.
fn correlation(
    (x, x_dim): (&[f32], usize),
    (y, y_dim): (&[f32], usize),
    work: &Work<'_>,
) -> Result<Vec<f64>> {
    let blocks = x.chunks(BLOCK_ROWS * x_dim).zip(y.chunks(BLOCK_ROWS * y_dim));
    let blocks: Vec<_> = blocks.collect();
    let mut parts = vec![Vec::new(); blocks.len()];
    work.for_each(blocks.into_iter().zip(&mut parts).collect(), |((x, y), part)| {
        let (x, y) = (columns(x, x_dim), columns(y, y_dim));
        *part = products(&y, &x, y.len() / y_dim);
    })?;
    let mut sums = vec![0.0; x_dim * y_dim];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, product)| *sum += f64::from(product));
    }
    Ok(sums)
}

/// The components of all rows, one component after another.
fn columns(rows: &[f32], dim: usize) -> Vec<f32> {
    (0..dim).flat_map(|at| rows.iter().skip(at).step_by(dim)).copied().collect()
}

/// What rows become by a matrix, side by side.
fn projected(rows: &[f32], matrix: &[f32], dim: usize, work: &Work<'_>) -> Result<Vec<f32>> {
    let output_dim = matrix.len() / dim;
    let mut all = vec![0.0; rows.len() / dim * output_dim];
    let places = all.chunks_mut(BLOCK_ROWS * output_dim);
    let blocks = rows.chunks(BLOCK_ROWS * dim).zip(places).collect();
    work.for_each(blocks, |(rows, place): (&[f32], &mut [f32])| {
        place.copy_from_slice(&products(rows, matrix, dim));
    })?;
    Ok(all)
}
