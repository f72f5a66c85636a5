//! Codecs.
//!
//! | codec | fields |
//! | --- | --- |
//! | scalar | kind i32, method of training i32 and its argument f32, dim u64, code bytes u64, learned floats |
//! | lsh | bits i32, rotates u8, learns thresholds u8, thresholds as floats, code bytes i32, a transform |
//! | RaBitQ | dim u64, code bytes u64, metric i32, bits u64 unless there is one |
//! | two-level | coarse centroids u64, method of training u8, a product quantizer, bytes of both and together u64 each |
//! | product | dim u64, parts u64, bits u64, centroids as floats |

use super::{Fields, transforms};
use crate::faiss::header::Header;
use crate::faiss::kinds::scalar_kind;
use crate::faiss::metric;
use anear_types::parts::{
    IndexParts, LshParts, ProductParts, RabitqParts, ScalarParts, TwoLevelParts,
};
use anear_types::{Error, Result};

pub(super) fn scalar(fields: &mut Fields<'_>, header: &Header) -> Result<ScalarParts> {
    let what = "the scalar quantizer";
    let number = fields.cursor.i32(what)?;
    let kind = scalar_kind(number).ok_or_else(|| {
        Error::unsupported(format!(
            "a scalar quantizer of kind {number}, which anear does not know"
        ))
    })?;
    let training = (fields.cursor.i32(what)?, fields.float(what)?);
    check_dim(fields, header, what)?;
    check_code_bytes(fields, kind.code_bytes(header.dim))?;
    let learned = fields.floats("what the scalar quantizer has learned")?;
    Ok(ScalarParts { kind, learned, training })
}

pub(super) fn product(fields: &mut Fields<'_>, header: &Header) -> Result<ProductParts> {
    let what = "the product quantizer";
    check_dim(fields, header, what)?;
    let parts = fields.size(what)?;
    let bits = fields.size(what)?;
    let centroids = fields.floats("the centroids")?;
    Ok(ProductParts { parts, bits, centroids })
}

/// Reads a quantizer to bits; the size of codes is in bytes, or in words of 64 bits.
pub(super) fn lsh(fields: &mut Fields<'_>, in_words: bool) -> Result<LshParts> {
    let what = "the quantizer to bits";
    let bits = fields.cursor.i32(what)?;
    let rotate = fields.bool(what)?;
    let learn_thresholds = fields.bool(what)?;
    let thresholds = fields.floats("the thresholds")?;
    let code_size = fields.cursor.i32("the code size")?;
    let rotation = transforms::read(fields, true)?;
    let unit = if in_words { 64 } else { 8 };
    match usize::try_from(bits) {
        Ok(bits)
            if i32::try_from(bits.div_ceil(unit)) == Ok(code_size)
                && (!in_words || bits.is_multiple_of(unit)) =>
        {
            Ok(LshParts { bits, rotate, learn_thresholds, thresholds, rotation })
        }
        _ => Err(Error::malformed(format!("codes of {bits} bits have {code_size} times {unit}"))),
    }
}

/// Reads all but the center and the bits of queries.
pub(super) fn rabitq(
    fields: &mut Fields<'_>,
    header: &Header,
    says_bits: bool,
) -> Result<RabitqParts> {
    let what = "the RaBitQ quantizer";
    check_dim(fields, header, what)?;
    let mut before = fields.clone();
    fields.size(what)?;
    let number = fields.cursor.i32("the metric")?;
    if metric::numbered(number) != Some(header.measure.0) {
        let what = format!("{what} has metric {number}, the index another");
        return Err(Error::malformed(what));
    }
    let bits = if says_bits { fields.size(what)? } else { 1 };
    check_code_bytes(&mut before, RabitqParts::code_bytes_of(header.dim, bits))?;
    Ok(RabitqParts { bits, query_bits: 0, centered: false, center: Vec::new() })
}

/// Reads what follows the coarse quantizer.
pub(super) fn two_level(
    fields: &mut Fields<'_>,
    header: &Header,
    coarse: IndexParts,
) -> Result<TwoLevelParts> {
    let centroids = fields.cursor.u64("the number of coarse centroids")?;
    if centroids != coarse.rows {
        let what = format!("{centroids} coarse centroids are in an index of {} rows", coarse.rows);
        return Err(Error::malformed(what));
    }
    let trains_alone = fields.cursor.u8("how the coarse quantizer is trained")?;
    let product = product(fields, header)?;
    let parts = TwoLevelParts { coarse, trains_alone, product };
    check_code_bytes(fields, parts.coarse_bytes())?;
    check_code_bytes(fields, parts.product.code_bytes())?;
    check_code_bytes(fields, parts.code_bytes())?;
    Ok(parts)
}

/// Reads the dimension of a codec, which must be that of the index.
fn check_dim(fields: &mut Fields<'_>, header: &Header, what: &str) -> Result<()> {
    let dim = fields.cursor.u64(what)?;
    if dim != header.dim as u64 {
        let index = header.dim;
        let what = format!("{what} is for dimension {dim} in an index of dimension {index}");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Reads how many bytes a code has, which is known already.
pub(super) fn check_code_bytes(fields: &mut Fields<'_>, expected: usize) -> Result<()> {
    let found = fields.cursor.u64("the code size")?;
    if found != expected as u64 {
        return Err(Error::malformed(format!("codes of {found} bytes, {expected} are expected")));
    }
    Ok(())
}
