//! Codecs and the codes of rows one behind another.

use super::transform::check_transform;
use super::{check, check_dim};
use crate::parts::{
    Blocks, CodecParts, Coded, IndexParts, LshParts, ProductParts, RabitqParts, ScalarParts,
    TwoLevelParts,
};
use crate::{Error, Result};

/// The most bits of a centroid's number, as in FAISS.
const MAX_BITS: usize = 24;

pub(super) fn check_coded(index: &IndexParts, coded: &Coded) -> Result<()> {
    check_codec(index, &coded.codec)?;
    let code_bytes = coded.codec.code_bytes(index.dim);
    if let Some(blocks) = &coded.blocks {
        check_blocks(blocks, &coded.codec)?;
        return check_block_codes(coded.codes.len(), index.rows, blocks, &coded.codec);
    }
    check_codes(coded.codes.len(), index.rows, code_bytes)?;
    match &coded.codec {
        CodecParts::TwoLevel(two_level) => check_coarse(two_level, &coded.codes, code_bytes),
        _ => Ok(()),
    }
}

/// Checks that blocks hold codes of a codec that can lie in blocks.
pub(super) fn check_blocks(blocks: &Blocks, codec: &CodecParts) -> Result<()> {
    let is_fast = matches!(codec, CodecParts::Product(ProductParts { bits: 4, .. }));
    if !is_fast || blocks.rows == 0 || !blocks.rows.is_multiple_of(32) {
        let what = format!("blocks of {} rows, or codes of other than 4 bits in them", blocks.rows);
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Checks that there are as many bytes of blocks as rows need.
pub(super) fn check_block_codes(
    found: usize,
    rows: u64,
    blocks: &Blocks,
    codec: &CodecParts,
) -> Result<()> {
    let parts = if let CodecParts::Product(product) = codec { product.parts } else { 0 };
    let expected = usize::try_from(rows).map(|rows| blocks.bytes(rows, parts));
    if expected != Ok(found) {
        let what = format!("{found} bytes are stored for {rows} rows of {parts} parts in blocks");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Checks that every code begins with the number of a coarse centroid.
fn check_coarse(two_level: &TwoLevelParts, codes: &[u8], code_bytes: usize) -> Result<()> {
    let (centroids, coarse_bytes) = (two_level.coarse.rows, two_level.coarse_bytes());
    for code in codes.chunks_exact(code_bytes.max(1)) {
        let number =
            code[..coarse_bytes].iter().rev().fold(0, |high, byte| high << 8 | u64::from(*byte));
        if number >= centroids {
            let what = format!("a code is of coarse centroid {number} of {centroids}");
            return Err(Error::malformed(what));
        }
    }
    Ok(())
}

/// Checks that there are as many bytes of codes as rows need.
pub(super) fn check_codes(found: usize, rows: u64, code_bytes: usize) -> Result<()> {
    if rows.checked_mul(code_bytes as u64) != Some(found as u64) {
        let what = format!("{found} bytes are stored for {rows} rows of {code_bytes} bytes");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Checks that a codec of an index has what it needs for rows of its dimension.
pub(super) fn check_codec(index: &IndexParts, codec: &CodecParts) -> Result<()> {
    let needed = index.trained || index.rows > 0;
    match codec {
        CodecParts::Raw => Ok(()),
        CodecParts::Bits if index.dim.is_multiple_of(8) => Ok(()),
        CodecParts::Bits => Err(Error::malformed(format!("{} bits are no whole bytes", index.dim))),
        CodecParts::Scalar(scalar) => check_scalar(scalar, index.dim, needed),
        CodecParts::Product(product) => check_product(product, index.dim, needed),
        CodecParts::TwoLevel(two_level) => {
            check(&two_level.coarse)?;
            check_dim(index, &two_level.coarse)?;
            check_product(&two_level.product, index.dim, needed)
        }
        CodecParts::Lsh(lsh) => check_lsh(lsh, index.dim, needed),
        CodecParts::Rabitq(rabitq) => check_rabitq(rabitq, index.dim),
    }
}

fn check_lsh(lsh: &LshParts, dim: usize, needed: bool) -> Result<()> {
    let LshParts { bits, rotation, thresholds, .. } = lsh;
    if *bits == 0 || (rotation.input_dim, rotation.output_dim) != (dim, *bits) {
        return Err(Error::malformed(format!("codes of {bits} bits for dimension {dim}")));
    }
    if lsh.rotate {
        check_transform(rotation, needed)?;
    } else if *bits > dim {
        return Err(Error::malformed(format!("{bits} bits for {dim} components as they are")));
    }
    if lsh.learn_thresholds && needed && thresholds.len() != *bits {
        let found = thresholds.len();
        return Err(Error::malformed(format!("{found} thresholds for {bits} bits")));
    }
    Ok(())
}

fn check_rabitq(rabitq: &RabitqParts, dim: usize) -> Result<()> {
    let RabitqParts { bits, query_bits, center, .. } = rabitq;
    let has_center = center.is_empty() || center.len() == dim;
    if !(1..=9).contains(bits) || *query_bits > 8 || !has_center {
        return Err(Error::malformed(format!(
            "a RaBitQ quantizer of {bits} bits, {query_bits} for queries, and a center of {} \
             components for dimension {dim}",
            center.len()
        )));
    }
    Ok(())
}

fn check_scalar(scalar: &ScalarParts, dim: usize, needed: bool) -> Result<()> {
    let (found, expected) = (scalar.learned.len(), scalar.kind.learned(dim));
    if found != expected && (needed || found > 0) {
        return Err(Error::malformed(format!(
            "a scalar quantizer has learned {found} numbers, {expected} are expected"
        )));
    }
    Ok(())
}

pub(super) fn check_product(product: &ProductParts, dim: usize, needed: bool) -> Result<()> {
    let ProductParts { parts, bits, centroids } = product;
    let divides = *parts > 0 && dim.is_multiple_of(*parts);
    if !divides || !(1..=MAX_BITS).contains(bits) {
        return Err(Error::malformed(format!(
            "a product quantizer of {parts} parts of {bits} bits for dimension {dim}"
        )));
    }
    let (found, expected) = (centroids.len() as u64, (dim as u64) << bits);
    if found != expected && (needed || found > 0) {
        return Err(Error::malformed(format!(
            "{found} centroid values are stored, {expected} are expected"
        )));
    }
    Ok(())
}
