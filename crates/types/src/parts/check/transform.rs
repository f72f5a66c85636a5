//! Transforms, each of rows as the one before it gives them.

use super::{check_kind, check_same};
use crate::parts::{IndexParts, TransformKind, TransformParts, Transformed};
use crate::{Error, Result};

pub(super) fn check(index: &IndexParts, transformed: &Transformed) -> Result<()> {
    let Transformed { transforms, inner } = transformed;
    check_kind(index, inner)?;
    check_same(index, inner, "transforms")?;
    let mut dim = index.dim;
    for transform in transforms {
        if transform.input_dim != dim {
            let found = transform.input_dim;
            let what = format!("a transform of {found} components gets rows of {dim}");
            return Err(Error::malformed(what));
        }
        check_transform(transform, index.trained || index.rows > 0)?;
        dim = transform.output_dim;
    }
    if inner.dim != dim {
        let inner = inner.dim;
        let what = format!("an index of dimension {inner} gets rows of {dim} components");
        return Err(Error::malformed(what));
    }
    Ok(())
}

/// Checks a transform; what it has to learn is there if `needed`.
pub(super) fn check_transform(transform: &TransformParts, needed: bool) -> Result<()> {
    let TransformParts { input_dim, output_dim, kind, .. } = transform;
    let expect = |found: usize, expected: usize, what: &str| {
        if found == expected || found == 0 && !needed {
            return Ok(());
        }
        let dims = format!("from {input_dim} to {output_dim} components");
        let what = format!("a transform {dims} has {found} {what}, {expected} are expected");
        Err(Error::malformed(what))
    };
    if *input_dim == 0 || *output_dim == 0 {
        let what = format!("a transform from {input_dim} to {output_dim} components");
        return Err(Error::malformed(what));
    }
    match kind {
        TransformKind::Linear { matrix, biased, bias, .. } => {
            expect(matrix.len(), input_dim.saturating_mul(*output_dim), "factors")?;
            if *biased { expect(bias.len(), *output_dim, "numbers to add") } else { Ok(()) }
        }
        TransformKind::IterativeQuantization { mean, both, .. } => {
            expect(mean.len(), *input_dim, "means")?;
            let is_linear = matches!(both.kind, TransformKind::Linear { .. });
            if !is_linear || (both.input_dim, both.output_dim) != (*input_dim, *output_dim) {
                let what = "a transform inside another is not linear or has other dimensions";
                return Err(Error::malformed(what));
            }
            check_transform(both, needed)
        }
        TransformKind::Remap(places) => {
            let known = -1..*input_dim as i64;
            if places.len() != *output_dim
                || !places.iter().all(|place| known.contains(&i64::from(*place)))
            {
                let what = "a transform takes components from places that are not there";
                return Err(Error::malformed(what));
            }
            Ok(())
        }
        TransformKind::Normalize(exponent) => {
            if *exponent != 2.0 {
                let what = format!("rows are normalised by the norm of exponent {exponent}");
                return Err(Error::unsupported(what));
            }
            expect(*input_dim, *output_dim, "components")
        }
        TransformKind::Center(mean) => {
            expect(*input_dim, *output_dim, "components")?;
            expect(mean.len(), *input_dim, "means")
        }
    }
}
