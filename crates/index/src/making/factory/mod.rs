//! Empty indexes by a description: the language of FAISS's `index_factory`, as far as there are such
//! indexes here. `docs/formats.md` lists what it has.

mod binary;
mod codes;
mod graph;
mod id_map;
mod lists;
#[cfg(test)]
mod tests;
mod text;
mod transforms;

use anear_types::parts::{IndexParts, Refined, Structure, Transformed};
use anear_types::{Error, Measure, Result};
use text::{in_parentheses, unknown};

/// How deep descriptions may be inside each other.
const MOST_DEPTH: usize = 16;

/// What all indexes inside each other have in common.
#[derive(Clone, Copy, Debug)]
struct Empty {
    dim: usize,
    measure: Measure,
}

/// An empty index that a description tells of, for rows of `dim` components, or bits where the measure
/// is [`Hamming`](Measure::Hamming).
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if the description makes no sense or not for such rows;
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if FAISS has such an index and we do not.
pub fn from_factory(description: &str, dim: usize, measure: Measure) -> Result<IndexParts> {
    if dim == 0 || i32::try_from(dim).is_err() {
        return Err(Error::usage(format!("FAISS has no index of dimension {dim}")));
    }
    if description.bytes().filter(|letter| matches!(letter, b'(' | b',')).count() > MOST_DEPTH {
        return Err(Error::usage(format!("the index {description:?} has too many parts")));
    }
    let of = Empty { dim, measure };
    let parts = match measure {
        Measure::Hamming => binary::binary(description, of)?,
        _ => composed(description, of)?,
    };
    Ok(parts.check()?.into_parts())
}

/// An index without rows.
fn empty(of: Empty, trained: bool, structure: Structure) -> IndexParts {
    let Empty { dim, measure } = of;
    IndexParts { dim, rows: 0, trained, measure, argument: 0.0, structure }
}

/// An index that may have others inside.
fn composed(text: &str, of: Empty) -> Result<IndexParts> {
    if let Some((inner, both_ways)) = id_map::inner(text) {
        return Ok(id_map::around(composed(inner, of)?, both_ways));
    }
    if let Some(base) = text.strip_suffix(",RFlat") {
        return refined(composed(base, of)?, composed("Flat", of)?);
    }
    if let Some((base, refinement)) = refinement(text)? {
        return refined(composed(base, of)?, composed(refinement, of)?);
    }
    let (transforms, rest) = leading_transforms(text, of.dim)?;
    if let Some(last) = transforms.last() {
        let dim = last.output_dim;
        let inner = composed(rest, Empty { dim, ..of })?;
        let trained = inner.trained && transforms.iter().all(|transform| transform.trained);
        let transformed = Transformed { transforms, inner };
        return Ok(empty(of, trained, Structure::Transformed(Box::new(transformed))));
    }
    single(text, of)
}

/// The last `Refine(..)` of a description: what is before it and what is in it.
fn refinement(text: &str) -> Result<Option<(&str, &str)>> {
    let Some(first) = text.rfind(",Refine(").filter(|_| text.ends_with(')')) else {
        return Ok(None);
    };
    match in_parentheses(&text[first..])? {
        Some((",Refine", inner, "")) => Ok(Some((&text[..first], inner))),
        _ => Ok(None),
    }
}

fn refined(base: IndexParts, refinement: IndexParts) -> Result<IndexParts> {
    let of = Empty { dim: base.dim, measure: base.measure };
    let trained = base.trained && refinement.trained;
    let refined = Refined { base, refinement, factor: 1.0 };
    Ok(empty(of, trained, Structure::Refined(Box::new(refined))))
}

/// The transforms that a description begins with, and the rest of it.
fn leading_transforms(
    text: &str,
    dim: usize,
) -> Result<(Vec<anear_types::parts::TransformParts>, &str)> {
    let (mut transforms, mut rest, mut dim) = (Vec::new(), text, dim);
    while let Some((first, behind)) = rest.split_once(',')
        && let Some(transform) = transforms::transform(first, dim)?
    {
        dim = transform.output_dim;
        transforms.push(transform);
        rest = behind;
    }
    Ok((transforms, rest))
}

/// An index without others around it.
fn single(text: &str, of: Empty) -> Result<IndexParts> {
    if let Some(codes) =
        codes::codes(text, of)?.filter(|codes| !text.contains("fsr") || codes.blocks.is_none())
    {
        return Ok(codes::coded(codes, of));
    }
    if let Some(index) = codes::lsh(text, of)? {
        return Ok(index);
    }
    if let Some(index) = graph::graph_index(text, text, of)? {
        return Ok(index);
    }
    lists::lists(text, text, of)?.ok_or_else(|| unknown(text, text))
}
