//! Principal components.

use super::{SAMPLE_SEED, centered, correlation, mean_of, rotation};
use crate::algebra::{Eigen, eigen};
use crate::random::sample;
use crate::work::Work;
use anear_types::parts::PrincipalParts;
use anear_types::{Error, Result};

/// Rows for each component that are looked at.
const MOST_ROWS: usize = 1000;
/// Where the rotation behind the components begins.
const ROTATION_SEED: u64 = 5;

/// Learns the components; returns the matrix and what is added.
pub(super) fn learn(
    principal: &mut PrincipalParts,
    (input_dim, output_dim): (usize, usize),
    rows: &[f32],
    work: &Work<'_>,
) -> Result<(Vec<f32>, Vec<f32>)> {
    principal.mean =
        mean_of(&sample(rows, input_dim, MOST_ROWS * input_dim, SAMPLE_SEED), input_dim);
    find(principal, input_dim, output_dim, rows, work)?;
    let matrix = matrix(principal, input_dim, output_dim)?;
    let added =
        |row: &[f32]| -row.iter().zip(&principal.mean).map(|(x, mean)| x * mean).sum::<f32>();
    let bias = matrix.chunks_exact(input_dim).map(added).collect();
    Ok((matrix, bias))
}

/// Finds the directions in which rows, as seen from the mean there is, differ most.
pub(super) fn find(
    principal: &mut PrincipalParts,
    dim: usize,
    wanted: usize,
    rows: &[f32],
    work: &Work<'_>,
) -> Result<()> {
    let rows = sample(rows, dim, MOST_ROWS * dim, SAMPLE_SEED);
    let count = rows.len() / dim;
    if wanted > dim.min(count) {
        let what = format!("{wanted} principal components of {count} rows of {dim} components");
        return Err(Error::usage(what).help("learn from as many rows at least"));
    }
    if let Some(at) = rows.iter().position(|component| !component.is_finite()) {
        let what = format!("principal components of rows with a component that is {}", rows[at]);
        return Err(Error::bad_data(what));
    }
    work.report("finding principal components", 0, 1);
    let seen = centered(&rows, &principal.mean);
    let Eigen { values, vectors } = eigen(&correlation((&seen, dim), (&seen, dim), work)?, dim);
    let kept = dim.min(count);
    principal.components = vectors[..kept * dim].iter().map(|x| *x as f32).collect();
    principal.eigenvalues = values.iter().map(|value| *value as f32).collect();
    Ok(())
}

/// The matrix that gives the components as they are wanted.
pub(super) fn matrix(principal: &PrincipalParts, dim: usize, wanted: usize) -> Result<Vec<f32>> {
    let mut matrix = principal.components[..wanted * dim].to_vec();
    if principal.power != 0.0 {
        for (row, value) in matrix.chunks_exact_mut(dim).zip(&principal.eigenvalues) {
            let factor = (value + principal.epsilon).powf(principal.power);
            row.iter_mut().for_each(|x| *x *= factor);
        }
    }
    if principal.random_rotation {
        return Ok(turned(&matrix, dim, wanted));
    }
    match usize::try_from(principal.balanced_bins) {
        Ok(0) => Ok(matrix),
        Ok(bins) if wanted.is_multiple_of(bins) => Ok(balanced(principal, &matrix, dim, bins)),
        _ => {
            let bins = principal.balanced_bins;
            Err(Error::usage(format!("{wanted} components are not balanced among {bins} bins")))
        }
    }
}

fn turned(matrix: &[f32], dim: usize, wanted: usize) -> Vec<f32> {
    let rotation = rotation(wanted, wanted, ROTATION_SEED);
    let mut turned = vec![0.0; matrix.len()];
    for (place, factors) in turned.chunks_exact_mut(dim).zip(rotation.chunks_exact(wanted)) {
        for (row, factor) in matrix.chunks_exact(dim).zip(factors) {
            place.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
        }
    }
    turned
}

/// Deals components out to bins so that eigenvalues are spread evenly among them.
fn balanced(principal: &PrincipalParts, matrix: &[f32], dim: usize, bins: usize) -> Vec<f32> {
    let room = matrix.len() / dim / bins;
    let (mut sums, mut filled) = (vec![0.0f32; bins], vec![0; bins]);
    let mut dealt = vec![0.0; matrix.len()];
    for (row, value) in matrix.chunks_exact(dim).zip(&principal.eigenvalues) {
        let free = (0..bins).filter(|bin| filled[*bin] < room);
        let bin = free.min_by(|x, y| sums[*x].total_cmp(&sums[*y])).expect("room for all");
        dealt[(bin * room + filled[bin]) * dim..][..dim].copy_from_slice(row);
        sums[bin] += value;
        filled[bin] += 1;
    }
    dealt
}
