//! Inverted lists.

use super::codes::{self, Codes, product};
use super::text::{Text, in_parentheses, unknown};
use super::{Empty, composed, empty, graph};
use anear_types::parts::{
    Beside, CodecParts, DirectMap, IndexParts, Integers, Inverted, Structure,
};
use anear_types::{Error, Measure, Result};

/// How many times as many rows a refinement orders.
const REFINEMENT_FACTOR: f32 = 4.0;

/// `IVF100,Flat` and the like; `None` if it is something else.
pub(super) fn lists(text: &str, whole: &str, of: Empty) -> Result<Option<IndexParts>> {
    if !text.starts_with("IVF") {
        return Ok(None);
    }
    let (coarse, code) = split(text)?;
    let Some(code) = code else { return Err(unknown(text, whole)) };
    let (list_count, quantizer) = coarse_quantizer(coarse, whole, of)?;
    let (codes, beside) = code_of(code, of)?.ok_or_else(|| unknown(code, whole))?;
    Ok(Some(inverted(list_count, quantizer, codes, beside, of)))
}

/// What is before the comma that is in no parentheses, and what is behind it.
fn split(text: &str) -> Result<(&str, Option<&str>)> {
    let first = match in_parentheses(text)? {
        Some((before, inside, _)) if !before.contains(',') => before.len() + inside.len() + 2,
        _ => 0,
    };
    Ok(match text[first..].find(',') {
        Some(comma) => (&text[..first + comma], Some(&text[first + comma + 1..])),
        None => (text, None),
    })
}

/// `IVF100`, `IVF64k_HNSW32`, `IVF100(HNSW32,SQ8)`: how many lists, and what finds them.
fn coarse_quantizer(text: &str, whole: &str, of: Empty) -> Result<(usize, IndexParts)> {
    let mut rest = Text(text);
    let number = rest.number_behind("IVF").ok_or_else(|| unknown(text, whole))?;
    let factor = match (rest.take("k"), rest.take("M")) {
        (true, _) => 1 << 10,
        (_, true) => 1 << 20,
        _ => 1,
    };
    let list_count = number.saturating_mul(factor);
    if list_count == 0 {
        return Err(Error::usage("an index of 0 lists"));
    }
    let flat = || codes::coded(Codes::plain(CodecParts::Raw), of);
    if rest.is_at_end() {
        return Ok((list_count, flat()));
    }
    if rest.take("_HNSW") {
        let degree = if rest.is_at_end() { graph::DEGREE } else { rest.number().unwrap_or(0) };
        if degree > 0 && rest.is_at_end() {
            return Ok((list_count, graph::graph(degree, flat())?));
        }
    } else if rest.0.starts_with("_NSG") {
        return Err(unknown("NSG", whole));
    } else if let Some(("", inner, "")) = in_parentheses(rest.0)? {
        return Ok((list_count, composed(inner, of)?));
    }
    Err(unknown(text, whole))
}

/// What is in the lists, and beside them.
fn code_of(text: &str, of: Empty) -> Result<Option<(Codes, Beside)>> {
    if text == "FlatDedup" {
        let codes = Codes { residual: false, ..Codes::plain(CodecParts::Raw) };
        return Ok(Some((codes, Beside::Duplicates(Integers::default()))));
    }
    if let Some((first, second)) = text.split_once('+') {
        return refined(first, second, of);
    }
    let codes = codes::codes(text, of)?;
    codes.iter().try_for_each(|codes| codes::check_packed(codes, of))?;
    Ok(codes.map(|codes| (codes, Beside::Nothing)))
}

/// `PQ16+8`.
fn refined(first: &str, second: &str, of: Empty) -> Result<Option<(Codes, Beside)>> {
    let (mut first, mut second) = (Text(first), Text(second));
    let (Some(first_parts), Some(second_parts)) = (first.number_behind("PQ"), second.number())
    else {
        return Ok(None);
    };
    if !first.is_at_end() || !second.is_at_end() {
        return Ok(None);
    }
    if of.measure != Measure::L2 {
        return Err(Error::usage(format!("refined lists are for L2, not for {}", of.measure)));
    }
    let codes = Codes::plain(CodecParts::Product(product(first_parts, 8, of.dim)?));
    let product = product(second_parts, 8, of.dim)?;
    let refinement =
        Beside::Refinement { product, codes: Vec::new().into(), factor: REFINEMENT_FACTOR };
    Ok(Some((codes, refinement)))
}

/// An index of empty lists.
pub(super) fn inverted(
    list_count: usize,
    quantizer: IndexParts,
    codes: Codes,
    beside: Beside,
    of: Empty,
) -> IndexParts {
    let Codes { codec, blocks, residual } = codes;
    let structure = Structure::Inverted(Box::new(Inverted {
        list_count,
        probes: 1,
        most_rows: 0,
        quantizer,
        direct_map: DirectMap::None,
        codec,
        residual,
        blocks,
        lists: Some(Vec::new()),
        beside,
    }));
    empty(of, false, structure)
}
