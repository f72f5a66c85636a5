//! Transforms.

use super::Fields;
use anear_types::parts::{LinearOrigin, PrincipalParts, TransformKind, TransformParts};
use std::io::Result;

pub(super) fn write(transform: &TransformParts, fields: &mut Fields<'_>) -> Result<()> {
    match &transform.kind {
        TransformKind::Linear { origin, matrix, biased, bias } => {
            write_origin(origin, fields)?;
            fields.bool(*biased)?;
            fields.floats(matrix)?;
            fields.floats(bias)?;
        }
        TransformKind::IterativeQuantization { mean, principal, rotation, both } => {
            fields.bytes(b"Viqt")?;
            fields.floats(mean)?;
            fields.bool(*principal)?;
            write(rotation, fields)?;
            write(both, fields)?;
        }
        TransformKind::Remap(places) => {
            fields.bytes(b"RmDT")?;
            fields.small_integers(places)?;
        }
        TransformKind::Normalize(exponent) => {
            fields.bytes(b"VNrm")?;
            fields.float(*exponent)?;
        }
        TransformKind::Center(mean) => {
            fields.bytes(b"VCnt")?;
            fields.floats(mean)?;
        }
    }
    fields.dim(transform.input_dim)?;
    fields.dim(transform.output_dim)?;
    fields.bool(transform.trained)
}

fn write_origin(origin: &LinearOrigin, fields: &mut Fields<'_>) -> Result<()> {
    match origin {
        LinearOrigin::Plain | LinearOrigin::OptimizedProduct { .. } => fields.bytes(b"LTra"),
        LinearOrigin::RandomRotation => fields.bytes(b"rrot"),
        LinearOrigin::Principal(principal) => write_principal(principal, fields),
        LinearOrigin::IterativeQuantization { rounds, seed } => {
            fields.bytes(b"Viqm")?;
            fields.small_integer(*rounds)?;
            fields.small_integer(*seed)
        }
    }
}

fn write_principal(principal: &PrincipalParts, fields: &mut Fields<'_>) -> Result<()> {
    fields.bytes(b"Pcam")?;
    fields.float(principal.power)?;
    fields.float(principal.epsilon)?;
    fields.bool(principal.random_rotation)?;
    fields.small_integer(principal.balanced_bins)?;
    fields.floats(&principal.mean)?;
    fields.floats(&principal.eigenvalues)?;
    fields.floats(&principal.components)
}
