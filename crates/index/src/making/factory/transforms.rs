//! Transforms before an index.

use super::text::Text;
use anear_types::parts::{LinearOrigin, PrincipalParts, TransformKind, TransformParts};
use anear_types::{Error, Result};

/// Rounds and seed of ITQ, as FAISS has them.
const ITQ_ROUNDS: i32 = 50;
const ITQ_SEED: i32 = 123;

/// Rounds of OPQ, as FAISS has them.
const OPQ_ROUNDS: usize = 50;

/// The transform that is described, for rows of `dim` components; `None` if it is none.
///
/// # Errors
/// If it is one that cannot be for such rows.
pub(super) fn transform(text: &str, dim: usize) -> Result<Option<TransformParts>> {
    let Some(transform) = principal(text, dim)
        .or_else(|| rotation(text, dim))
        .or_else(|| iterative(text, dim))
        .or_else(|| optimized(text, dim))
        .or_else(|| other(text, dim))
    else {
        return Ok(None);
    };
    let TransformParts { output_dim, kind, .. } = &transform;
    let reduces = matches!(
        kind,
        TransformKind::Linear { origin: LinearOrigin::Principal(_), .. }
            | TransformKind::IterativeQuantization { .. }
    );
    if *output_dim == 0 || reduces && *output_dim > dim {
        return Err(Error::usage(format!("{text} makes {output_dim} components of {dim}")));
    }
    Ok(Some(transform))
}

fn learned(input_dim: usize, output_dim: usize, kind: TransformKind) -> TransformParts {
    TransformParts { input_dim, output_dim, trained: false, kind }
}

fn linear(input_dim: usize, output_dim: usize, origin: LinearOrigin) -> TransformParts {
    let biased = matches!(origin, LinearOrigin::Principal(_));
    let (matrix, bias) = (Vec::new(), Vec::new());
    learned(input_dim, output_dim, TransformKind::Linear { origin, matrix, biased, bias })
}

/// `PCA64`, `PCAW64`, `PCAR64`, `PCAWR64`.
fn principal(text: &str, dim: usize) -> Option<TransformParts> {
    let mut text = Text(text);
    text.take("PCA").then_some(())?;
    let power = if text.take("W") { -0.5 } else { 0.0 };
    let random_rotation = text.take("R");
    let output_dim = text.number().filter(|_| text.is_at_end())?;
    let parts = PrincipalParts { power, random_rotation, ..PrincipalParts::default() };
    Some(linear(dim, output_dim, LinearOrigin::Principal(Box::new(parts))))
}

/// `RR`, `RR64`.
fn rotation(text: &str, dim: usize) -> Option<TransformParts> {
    let mut text = Text(text);
    text.take("RR").then_some(())?;
    let output_dim = if text.is_at_end() { dim } else { text.number()? };
    text.is_at_end().then(|| linear(dim, output_dim, LinearOrigin::RandomRotation))
}

/// `ITQ`, or `ITQ64` with principal components before it.
fn iterative(text: &str, dim: usize) -> Option<TransformParts> {
    let mut text = Text(text);
    text.take("ITQ").then_some(())?;
    let principal = !text.is_at_end();
    let output_dim = if principal { text.number()? } else { dim };
    text.is_at_end().then(|| {
        let origin = LinearOrigin::IterativeQuantization { rounds: ITQ_ROUNDS, seed: ITQ_SEED };
        let rotation = Box::new(linear(output_dim, output_dim, origin));
        let both = Box::new(linear(dim, output_dim, LinearOrigin::Plain));
        let mean = Vec::new();
        let kind = TransformKind::IterativeQuantization { mean, principal, rotation, both };
        learned(dim, output_dim, kind)
    })
}

/// `OPQ16`, `OPQ16_64`.
fn optimized(text: &str, dim: usize) -> Option<TransformParts> {
    let mut text = Text(text);
    let parts = text.number_behind("OPQ")?;
    let output_dim = text.number_behind("_").unwrap_or(dim);
    let origin = LinearOrigin::OptimizedProduct { parts, rounds: OPQ_ROUNDS };
    text.is_at_end().then(|| linear(dim, output_dim, origin))
}

/// `L2norm`, `Pad64`.
fn other(text: &str, dim: usize) -> Option<TransformParts> {
    let made =
        |output_dim, kind| Some(TransformParts { input_dim: dim, output_dim, trained: true, kind });
    if text == "L2norm" || text == "L2Norm" {
        return made(dim, TransformKind::Normalize(2.0));
    }
    let mut text = Text(text);
    let output_dim = text.number_behind("Pad").filter(|_| text.is_at_end())?.max(dim);
    let place = |at: usize| if at < dim { at as i32 } else { -1 };
    made(output_dim, TransformKind::Remap((0..output_dim).map(place).collect()))
}
