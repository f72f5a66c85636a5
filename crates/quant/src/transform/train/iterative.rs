//! The rotation after which signs of components tell most (ITQ, Gong and Lazebnik 2011).

use super::{SAMPLE_SEED, centered, correlation, mean_of, principal, projected, rotation};
use crate::algebra::polar;
use crate::random::sample;
use crate::transform::normalize;
use crate::work::Work;
use anear_types::parts::{PrincipalParts, TransformKind, TransformParts};
use anear_types::{Error, Result};

/// Rows for each component that are looked at, and how many are in any case.
const MOST_ROWS: usize = 10;
const LEAST_ROWS: usize = 32768;

/// Learns a rotation in so many rounds, from a random one.
pub(super) fn learn(
    (rounds, seed): (i32, i32),
    dim: usize,
    rows: &[f32],
    work: &Work<'_>,
) -> Result<Vec<f32>> {
    if rows.is_empty() {
        return Err(Error::usage("a rotation cannot be learned from 0 rows"));
    }
    let mut matrix = rotation(dim, dim, u64::from(seed.cast_unsigned()));
    for round in 0..rounds.max(0) {
        work.report("learning a rotation", round as u64, rounds as u64);
        let mut signs = projected(rows, &matrix, dim, work)?;
        signs.iter_mut().for_each(|x| *x = if *x < 0.0 { -1.0 } else { 1.0 });
        let common = correlation((rows, dim), (&signs, dim), work)?;
        matrix = polar(&common, dim).into_iter().map(|x| x as f32).collect();
    }
    Ok(matrix)
}

/// Learns the rotation for rows that are centered, made to be of length 1 and perhaps reduced to
/// principal components, and what all that is in one matrix; returns the mean.
pub(super) fn learn_all(
    reduces: bool,
    rotation: &mut TransformParts,
    both: &mut TransformParts,
    rows: &[f32],
    work: &Work<'_>,
) -> Result<Vec<f32>> {
    let (input_dim, output_dim) = (both.input_dim, both.output_dim);
    let rows = sample(rows, input_dim, (MOST_ROWS * input_dim).max(LEAST_ROWS), SAMPLE_SEED);
    let mean = mean_of(&rows, input_dim);
    let mut rows = centered(&rows, &mean);
    rows.chunks_exact_mut(input_dim).for_each(normalize);
    let mut components = None;
    if reduces {
        let mut parts = PrincipalParts { mean: vec![0.0; input_dim], ..PrincipalParts::default() };
        principal::find(&mut parts, input_dim, output_dim, &rows, work)?;
        let matrix = principal::matrix(&parts, input_dim, output_dim)?;
        rows = projected(&rows, &matrix, input_dim, work)?;
        components = Some(matrix);
    }
    super::train(rotation, &rows, work)?;
    let learned = matrix_of(rotation)?.clone();
    *matrix_of(both)? = match components {
        None => learned,
        Some(components) => multiplied(&learned, &components, input_dim, output_dim),
    };
    both.trained = true;
    Ok(mean)
}

fn matrix_of(transform: &mut TransformParts) -> Result<&mut Vec<f32>> {
    match &mut transform.kind {
        TransformKind::Linear { matrix, .. } => Ok(matrix),
        _ => Err(Error::malformed("a transform inside another is not linear")),
    }
}

/// The matrix that does what the second does, then the first.
fn multiplied(first: &[f32], second: &[f32], dim: usize, middle: usize) -> Vec<f32> {
    let mut both = vec![0.0; first.len() / middle * dim];
    for (place, factors) in both.chunks_exact_mut(dim).zip(first.chunks_exact(middle)) {
        for (row, factor) in second.chunks_exact(dim).zip(factors) {
            place.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
        }
    }
    both
}
