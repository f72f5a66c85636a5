//! The rotation after which a product quantizer loses least (OPQ, Ge and others 2013): a quantizer is
//! learned for rows as they are rotated, then the rotation that takes rows nearest to what the quantizer
//! makes of them, in turn.

use super::{SAMPLE_SEED, centered, correlation, mean_of, projected};
use crate::algebra::{orthonormal, polar};
use crate::codec::Codec;
use crate::kmeans::KmeansSettings;
use crate::product::{self, Product};
use crate::random::{normal, sample};
use crate::work::Work;
use anear_types::parts::ProductParts;
use anear_types::{Error, Result};

const MOST_ROWS: usize = 256 * 256;
/// Rounds of k-means in the first round, and in each of the others, which go on from there.
const FIRST_ITERATIONS: usize = 40;
const ITERATIONS: usize = 4;
/// Rows for each centroid that k-means looks at.
const MAX_POINTS: usize = 1000;
const ROTATION_SEED: u64 = 1234;
/// Rows that are encoded in one go.
const BLOCK_ROWS: usize = 1024;

/// Learns the matrix for a quantizer of so many parts in so many rounds.
pub(super) fn learn(
    (parts, rounds): (usize, usize),
    (input_dim, output_dim): (usize, usize),
    rows: &[f32],
    work: &Work<'_>,
) -> Result<Vec<f32>> {
    if parts == 0 || !output_dim.is_multiple_of(parts) {
        return Err(Error::usage(format!("{output_dim} components are not {parts} parts")));
    }
    let dim = input_dim.max(output_dim);
    let rows = sample(rows, input_dim, MOST_ROWS, SAMPLE_SEED);
    let rows = padded(&centered(&rows, &mean_of(&rows, input_dim)), input_dim, dim);
    let mut matrix = orthonormal(&normal(dim * dim, ROTATION_SEED), dim);
    matrix.truncate(output_dim * dim);
    let mut product = ProductParts { parts, bits: 8, centroids: Vec::new() };
    let quiet = Work { report: None, ..*work };
    for round in 0..rounds {
        work.report("optimizing a rotation", round as u64, rounds as u64);
        let turned = projected(&rows, &matrix, dim, work)?;
        let iterations = if round == 0 { FIRST_ITERATIONS } else { ITERATIONS };
        let settings =
            KmeansSettings { iterations, max_points: MAX_POINTS, ..KmeansSettings::default() };
        product::train(&mut product, output_dim, &turned, &settings, round > 0, &quiet)?;
        let told = told(&Product::new(output_dim, &product), &turned, work)?;
        let common = correlation((&rows, dim), (&told, output_dim), work)?;
        matrix = polar(&common, dim).into_iter().map(|x| x as f32).collect();
    }
    Ok(matrix.chunks_exact(dim).flat_map(|row| &row[..input_dim]).copied().collect())
}

/// Rows with components of 0 at the end.
fn padded(rows: &[f32], dim: usize, wanted: usize) -> Vec<f32> {
    let zeros = vec![0.0; wanted - dim];
    rows.chunks_exact(dim).flat_map(|row| row.iter().chain(&zeros)).copied().collect()
}

/// What the quantizer makes of rows.
fn told(product: &Product, rows: &[f32], work: &Work<'_>) -> Result<Vec<f32>> {
    let mut told = vec![0.0; rows.len()];
    let block = BLOCK_ROWS * product.dim();
    let blocks = rows.chunks(block).zip(told.chunks_mut(block)).collect();
    work.for_each(blocks, |(rows, place): (&[f32], &mut [f32])| {
        let mut codes = vec![0; rows.len() / product.dim() * product.code_bytes()];
        product.encode(rows, &mut codes);
        product.decode(&codes, place);
    })?;
    Ok(told)
}
