//! Random rotations.

use crate::algebra::orthonormal;
use crate::random::normal;

/// A matrix of `output_dim` rows at right angles to each other, or, if they are more than the
/// components before, columns; drawn as FAISS draws it.
pub fn rotation(input_dim: usize, output_dim: usize, seed: u64) -> Vec<f32> {
    let dim = input_dim.max(output_dim);
    let rows = orthonormal(&normal(output_dim * dim, seed), dim);
    rows.chunks_exact(dim).flat_map(|row| &row[..input_dim]).copied().collect()
}
