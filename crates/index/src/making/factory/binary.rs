//! Indexes of bits.

use super::codes::{self, Codes};
use super::text::{Text, unknown};
use super::{Empty, graph, id_map, lists};
use anear_types::parts::{Beside, CodecParts, IndexParts};
use anear_types::{Error, Result};

/// `BFlat`, `BIVF100`, `BIVF100_BHNSW32` (or `_HNSW32`), `BHNSW32`, and id maps over them.
pub(super) fn binary(text: &str, of: Empty) -> Result<IndexParts> {
    if !of.dim.is_multiple_of(8) {
        return Err(Error::usage(format!("{} bits are no whole bytes", of.dim)));
    }
    if let Some((inner, both_ways)) = id_map::inner(text) {
        return Ok(id_map::around(binary(inner, of)?, both_ways));
    }
    let bits = || Codes { residual: false, ..Codes::plain(CodecParts::Bits) };
    let flat = || codes::coded(bits(), of);
    let mut rest = Text(text);
    if text == "BFlat" {
        return Ok(flat());
    }
    if let Some(degree) = rest.number_behind("BHNSW").filter(|_| rest.is_at_end()) {
        return graph::graph(degree, flat());
    }
    let mut rest = Text(text);
    if let Some(list_count) = rest.number_behind("BIVF").filter(|count| *count > 0) {
        let quantizer = match rest.number_behind("_HNSW").or_else(|| rest.number_behind("_BHNSW")) {
            Some(degree) => graph::graph(degree, flat())?,
            None => flat(),
        };
        if rest.is_at_end() {
            return Ok(lists::inverted(list_count, quantizer, bits(), Beside::Nothing, of));
        }
    }
    Err(unknown(text, text))
}
