//! Transforms.
//!
//! | letters | fields |
//! | --- | --- |
//! | `LTra` | biased u8, matrix, bias (vectors of f32, as all here) |
//! | `rrot` | the same |
//! | `Viqm` | rounds i32, seed i32, then the same |
//! | `Pcam` | power f32, epsilon f32, random rotation u8, bins i32, mean, eigenvalues, components, then the same |
//! | `PcAm` | of old versions: without epsilon |
//! | `PCAm` | of older ones: without epsilon and bins |
//! | `RmDT` | vector of i32 |
//! | `VNrm` | exponent f32 |
//! | `VCnt` | mean |
//! | `Viqt` | mean, principal u8, a `Viqm`, an `LTra` |
//!
//! Behind each: dims before and after i32, trained u8.

use super::Fields;
use anear_types::parts::{LinearOrigin, PrincipalParts, TransformKind, TransformParts};
use anear_types::{Error, Result};

/// The most transforms before an index.
const MAX_TRANSFORMS: i32 = 100;

pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<TransformParts>> {
    let count = fields.cursor.i32("the number of transforms")?;
    if !(0..=MAX_TRANSFORMS).contains(&count) {
        return Err(Error::malformed(format!("there are {count} transforms before the index")));
    }
    (0..count).map(|_| read(fields, false)).collect()
}

/// Reads a transform; one that is inside another holds none itself.
pub(super) fn read(fields: &mut Fields<'_>, inside: bool) -> Result<TransformParts> {
    let letters: [u8; 4] = fields.cursor.array("a transform")?;
    let kind = match &letters {
        b"LTra" => linear(fields, LinearOrigin::Plain)?,
        b"rrot" => linear(fields, LinearOrigin::RandomRotation)?,
        b"Viqm" => {
            let rounds = fields.cursor.i32("a transform")?;
            let seed = fields.cursor.i32("a transform")?;
            linear(fields, LinearOrigin::IterativeQuantization { rounds, seed })?
        }
        b"Pcam" | b"PcAm" | b"PCAm" => {
            let principal = principal(fields, &letters)?;
            linear(fields, LinearOrigin::Principal(Box::new(principal)))?
        }
        b"RmDT" => TransformKind::Remap(fields.small_integers("a transform")?),
        b"VNrm" => TransformKind::Normalize(fields.float("a transform")?),
        b"VCnt" => TransformKind::Center(fields.floats("a transform")?),
        b"Viqt" if !inside => TransformKind::IterativeQuantization {
            mean: fields.floats("a transform")?,
            principal: fields.bool("a transform")?,
            rotation: Box::new(read(fields, true)?),
            both: Box::new(read(fields, true)?),
        },
        other => {
            let letters = other.escape_ascii();
            let what = format!("a transform of kind \"{letters}\", which anear does not know");
            return Err(Error::unsupported(what));
        }
    };
    let (input_dim, output_dim) = (dim(fields)?, dim(fields)?);
    let trained = fields.bool("whether a transform is trained")?;
    Ok(TransformParts { input_dim, output_dim, trained, kind })
}

fn linear(fields: &mut Fields<'_>, origin: LinearOrigin) -> Result<TransformKind> {
    let biased = fields.bool("whether a transform adds something")?;
    let matrix = fields.floats("the matrix of a transform")?;
    let bias = fields.floats("what a transform adds")?;
    Ok(TransformKind::Linear { origin, matrix, biased, bias })
}

fn principal(fields: &mut Fields<'_>, letters: &[u8; 4]) -> Result<PrincipalParts> {
    let what = "principal components";
    Ok(PrincipalParts {
        power: fields.float(what)?,
        epsilon: if letters == b"Pcam" { fields.float(what)? } else { 0.0 },
        random_rotation: fields.bool(what)?,
        balanced_bins: if letters == b"PCAm" { 0 } else { fields.cursor.i32(what)? },
        mean: fields.floats(what)?,
        eigenvalues: fields.floats(what)?,
        components: fields.floats(what)?,
    })
}

fn dim(fields: &mut Fields<'_>) -> Result<usize> {
    let dim = fields.cursor.i32("the dimension of a transform")?;
    usize::try_from(dim)
        .map_err(|_| Error::malformed(format!("a transform of rows of {dim} components")))
}
