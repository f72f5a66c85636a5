//! Centroids of each part, by k-means.

use crate::kmeans::{KmeansSettings, kmeans};
use crate::work::Work;
use anear_types::Result;
use anear_types::parts::ProductParts;

/// Learns the centroids of each part from rows of `dim` components. Those there are, are begun with if
/// `go_on` is set.
///
/// # Errors
/// As for [`kmeans`].
///
/// # Panics
/// If the parts do not divide the components.
pub fn train(
    product: &mut ProductParts,
    dim: usize,
    rows: &[f32],
    settings: &KmeansSettings<'_>,
    go_on: bool,
    work: &Work<'_>,
) -> Result<()> {
    assert!(dim.is_multiple_of(product.parts));
    let (part_dim, count) = (dim / product.parts, product.part_centroids());
    let quiet = Work { report: None, ..*work };
    let mut centroids = Vec::with_capacity(dim * count);
    for part in 0..product.parts {
        work.report("learning codes", part as u64, product.parts as u64);
        let of_row = |row: &'_ [f32]| row[part * part_dim..(part + 1) * part_dim].to_vec();
        let rows: Vec<f32> = rows.chunks_exact(dim).flat_map(of_row).collect();
        let before = product.centroids.chunks_exact(part_dim * count).nth(part);
        let initial = before.filter(|_| go_on).unwrap_or(&[]);
        let settings = KmeansSettings { initial, ..*settings };
        centroids.extend(kmeans(&rows, part_dim, count, &settings, &quiet)?.centroids);
    }
    product.centroids = centroids;
    Ok(())
}
