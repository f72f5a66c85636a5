//! Codecs and indexes of codes one behind another.

use super::super::blocks::QUERY_BITS;
use super::text::Text;
use super::{Empty, empty};
use anear_quant::transform::rotation;
use anear_types::parts::{
    Blocks, CodecParts, Coded, IndexParts, LinearOrigin, LshParts, ProductParts, ProductSearch,
    RabitqParts, ScalarKind, ScalarParts, Structure, TransformKind, TransformParts,
};
use anear_types::{Error, Measure, Result};

/// Rows in a block where nothing else is said.
const BLOCK_ROWS: usize = 32;
/// Bits of a component of a query that RaBitQ codes are compared with, where they are not packed.
const RABITQ_QUERY_BITS: u8 = 4;
/// The most bits of a centroid's number, as in FAISS.
const MAX_BITS: usize = 24;
/// Where the rotation before bits begins.
const LSH_SEED: u64 = 5;

/// A codec, and how its codes lie.
pub(super) struct Codes {
    pub(super) codec: CodecParts,
    pub(super) blocks: Option<Blocks>,
    /// Whether lists are to hold differences to centroids.
    pub(super) residual: bool,
}

impl Codes {
    pub(super) fn plain(codec: CodecParts) -> Codes {
        Codes { codec, blocks: None, residual: true }
    }
}

/// Codes as they are described inside lists and graphs, or alone; `None` if they are something else.
pub(super) fn codes(text: &str, of: Empty) -> Result<Option<Codes>> {
    let codes = plain_or_packed(text, of.dim)?;
    if let Some(codes @ Codes { codec: CodecParts::Rabitq(_), .. }) = &codes {
        check_packed(codes, of)?;
    }
    Ok(codes)
}

/// Refuses packed codes by a measure that they are not compared by.
pub(super) fn check_packed(codes: &Codes, of: Empty) -> Result<()> {
    if codes.blocks.is_some() && !matches!(of.measure, Measure::L2 | Measure::InnerProduct) {
        let what = format!("packed codes are for L2 and inner products, not for {}", of.measure);
        return Err(Error::usage(what));
    }
    Ok(())
}

fn plain_or_packed(text: &str, dim: usize) -> Result<Option<Codes>> {
    let scalar = |kind| {
        let parts = ScalarParts { kind, learned: Vec::new(), training: (0, 0.0) };
        Ok(Some(Codes::plain(CodecParts::Scalar(parts))))
    };
    let steps = |bits| scalar(ScalarKind::Steps { bits, uniform: false });
    match text {
        "Flat" => Ok(Some(Codes { residual: false, ..Codes::plain(CodecParts::Raw) })),
        "SQ4" => steps(4),
        "SQ6" => steps(6),
        "SQ8" => steps(8),
        "SQfp16" => scalar(ScalarKind::F16),
        "SQbf16" => scalar(ScalarKind::Bf16),
        "SQ8_direct" => scalar(ScalarKind::Direct),
        "SQ8_direct_signed" => scalar(ScalarKind::DirectSigned),
        _ => match rabitq(text)? {
            Some(codes) => Ok(Some(codes)),
            None => product_codes(text, dim),
        },
    }
}

/// `RaBitQ`, `RaBitQ4`, `RaBitQfs`, `RaBitQfs4_64`.
fn rabitq(text: &str) -> Result<Option<Codes>> {
    let mut text = Text(text);
    if !text.take("RaBitQ") {
        return Ok(None);
    }
    let is_fast = text.take("fs");
    let bits = (1..=9).find(|bits| text.take(&bits.to_string())).unwrap_or(1);
    let blocks = if is_fast { Some(blocks(text.number_behind("_"))?) } else { None };
    if !text.is_at_end() {
        return Ok(None);
    }
    let query_bits = if is_fast { QUERY_BITS } else { RABITQ_QUERY_BITS };
    let center = Vec::new();
    let parts = RabitqParts { bits, query_bits, centered: false, center };
    Ok(Some(Codes { blocks, ..Codes::plain(CodecParts::Rabitq(parts)) }))
}

/// Blocks of so many rows, or as many as usual.
fn blocks(rows: Option<usize>) -> Result<Blocks> {
    let rows = rows.unwrap_or(BLOCK_ROWS);
    if rows == 0 || !rows.is_multiple_of(BLOCK_ROWS) {
        return Err(Error::usage(format!("blocks of {rows} rows; multiples of 32 are possible")));
    }
    Ok(Blocks { rows, implementation: 0, queries: 0 })
}

/// `PQ16`, `PQ16x4`, `PQ16np`, `PQ16x4fs`, `PQ16x4fsr_64`.
fn product_codes(text: &str, dim: usize) -> Result<Option<Codes>> {
    let mut text = Text(text);
    let Some(parts) = text.number_behind("PQ") else { return Ok(None) };
    let bits = text.number_behind("x");
    let is_fast = bits == Some(4) && text.take("fs");
    let residual = !is_fast || text.take("r");
    let rows = if is_fast { text.number_behind("_") } else { None };
    // Codes are compared by distance, so centroids are in no order that could be asked for.
    if !is_fast {
        text.take("np");
    }
    if !text.is_at_end() {
        return Ok(None);
    }
    let blocks = if is_fast { Some(blocks(rows)?) } else { None };
    let codec = CodecParts::Product(product(parts, bits.unwrap_or(8), dim)?);
    Ok(Some(Codes { codec, blocks, residual }))
}

/// A product quantizer that has learned nothing.
pub(super) fn product(parts: usize, bits: usize, dim: usize) -> Result<ProductParts> {
    if parts == 0 || !dim.is_multiple_of(parts) {
        return Err(Error::usage(format!(
            "the dimension of the vectors, {dim}, is no multiple of the number of subquantizers, {parts}"
        )));
    }
    if !(1..=MAX_BITS).contains(&bits) {
        return Err(Error::usage(format!("codes of {bits} bits; 1 to {MAX_BITS} are possible")));
    }
    Ok(ProductParts { parts, bits, centroids: Vec::new() })
}

/// Whether a codec has nothing to learn.
pub(super) fn is_trained(codec: &CodecParts) -> bool {
    match codec {
        CodecParts::Raw | CodecParts::Bits => true,
        CodecParts::Scalar(scalar) => !matches!(scalar.kind, ScalarKind::Steps { .. }),
        CodecParts::Lsh(lsh) => !lsh.learn_thresholds,
        CodecParts::Product(_) | CodecParts::TwoLevel(_) | CodecParts::Rabitq(_) => false,
    }
}

/// An index of codes one behind another.
pub(super) fn coded(codes: Codes, of: Empty) -> IndexParts {
    let Codes { codec, blocks, .. } = codes;
    let product_search = match &codec {
        CodecParts::Product(product) if blocks.is_none() => {
            let bit_threshold = (product.parts * product.bits + 1) as i32;
            Some(ProductSearch { kind: 0, encodes_signs: false, bit_threshold })
        }
        _ => None,
    };
    let trained = is_trained(&codec);
    let coded = Coded { codec, codes: Vec::new().into(), blocks, product_search };
    empty(of, trained, Structure::Coded(coded))
}

/// `LSH`, `LSH64rt`.
pub(super) fn lsh(text: &str, of: Empty) -> Result<Option<IndexParts>> {
    let mut text = Text(text);
    if !text.take("LSH") {
        return Ok(None);
    }
    let bits = text.number().unwrap_or(of.dim);
    let (rotate, learn_thresholds) = (text.take("r"), text.take("t"));
    if !text.is_at_end() {
        return Ok(None);
    }
    if of.measure != Measure::L2 {
        return Err(Error::usage(format!("LSH is for L2, not for {}", of.measure)));
    }
    if bits == 0 || !rotate && bits > of.dim {
        let dim = of.dim;
        return Err(Error::usage(format!("{bits} bits of {dim} components as they are"))
            .help("rotate them: LSHr"));
    }
    let matrix = if rotate { rotation(of.dim, bits, LSH_SEED) } else { Vec::new() };
    let origin = LinearOrigin::RandomRotation;
    let kind = TransformKind::Linear { origin, matrix, biased: false, bias: Vec::new() };
    let rotation = TransformParts { input_dim: of.dim, output_dim: bits, trained: rotate, kind };
    let parts = LshParts { bits, rotate, learn_thresholds, thresholds: Vec::new(), rotation };
    Ok(Some(coded(Codes::plain(CodecParts::Lsh(Box::new(parts))), of)))
}
