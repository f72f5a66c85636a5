//! Codecs.

use super::{Fields, transforms};
use crate::faiss::kinds::scalar_number;
use crate::faiss::metric;
use anear_types::Measure;
use anear_types::parts::{
    LshParts, ProductParts, ProductSearch, RabitqParts, ScalarParts, TwoLevelParts,
};
use std::io::Result;

/// What FAISS writes for a new index.
const USUAL_SEARCH: ProductSearch =
    ProductSearch { kind: 0, encodes_signs: false, bit_threshold: 0 };
/// Components of centroids that are still to be learned, of which no more are written.
const MOST_ROOM: usize = 1 << 26;

pub(super) fn scalar(scalar: &ScalarParts, dim: usize, fields: &mut Fields<'_>) -> Result<()> {
    fields.small_integer(scalar_number(scalar.kind).0)?;
    fields.small_integer(scalar.training.0)?;
    fields.float(scalar.training.1)?;
    fields.size(dim)?;
    fields.size(scalar.kind.code_bytes(dim))?;
    fields.floats(&scalar.learned)
}

pub(super) fn product(product: &ProductParts, dim: usize, fields: &mut Fields<'_>) -> Result<()> {
    fields.size(dim)?;
    fields.size(product.parts)?;
    fields.size(product.bits)?;
    // What has learned nothing has room for it all the same, without which FAISS does not read it.
    match dim.saturating_mul(product.part_centroids()) {
        room @ ..=MOST_ROOM if product.centroids.is_empty() => fields.floats(&vec![0.0; room]),
        _ => fields.floats(&product.centroids),
    }
}

pub(super) fn product_search(search: Option<ProductSearch>, fields: &mut Fields<'_>) -> Result<()> {
    let search = search.unwrap_or(USUAL_SEARCH);
    fields.small_integer(search.kind)?;
    fields.bool(search.encodes_signs)?;
    fields.small_integer(search.bit_threshold)
}

/// Writes what follows the coarse quantizer.
pub(super) fn two_level(parts: &TwoLevelParts, dim: usize, fields: &mut Fields<'_>) -> Result<()> {
    fields.size(parts.coarse.rows as usize)?;
    fields.byte(parts.trains_alone)?;
    product(&parts.product, dim, fields)?;
    fields.size(parts.coarse_bytes())?;
    fields.size(parts.product.code_bytes())?;
    fields.size(parts.code_bytes())
}

pub(super) fn lsh(lsh: &LshParts, fields: &mut Fields<'_>) -> Result<()> {
    fields.dim(lsh.bits)?;
    fields.bool(lsh.rotate)?;
    fields.bool(lsh.learn_thresholds)?;
    fields.floats(&lsh.thresholds)?;
    fields.dim(lsh.bits.div_ceil(8))?;
    transforms::write(&lsh.rotation, fields)
}

/// Writes all but the center and the bits of queries.
pub(super) fn rabitq(
    rabitq: &RabitqParts,
    dim: usize,
    measure: Measure,
    says_bits: bool,
    fields: &mut Fields<'_>,
) -> Result<()> {
    fields.size(dim)?;
    fields.size(RabitqParts::code_bytes_of(dim, rabitq.bits))?;
    fields.small_integer(metric::number(measure))?;
    if says_bits { fields.size(rabitq.bits) } else { Ok(()) }
}
