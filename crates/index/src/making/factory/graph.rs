//! Graphs of levels (HNSW).

use super::codes;
use super::text::{Text, elsewhere, unknown};
use super::{Empty, empty};
use anear_types::parts::{CodecParts, Graph, IndexParts, Integers, Structure};
use anear_types::{Error, Measure, Result};

/// Neighbours of a row where nothing else is said; on level 0 twice as many.
pub(super) const DEGREE: usize = 32;
/// More would not fit in what FAISS counts with.
const MAX_DEGREE: usize = 1 << 20;
/// How many rows are looked at for a new row's neighbours, and in a search.
const CONSTRUCTION_EFFORT: i32 = 40;
const SEARCH_EFFORT: i32 = 16;
/// Levels that are less likely than this are left out.
const LEAST_PROBABILITY: f32 = 1e-9;

/// `HNSW`, `HNSW32,SQ8`, `HNSW16_PQ8`; `None` if it is something else.
pub(super) fn graph_index(text: &str, whole: &str, of: Empty) -> Result<Option<IndexParts>> {
    let mut rest = Text(text);
    if !rest.take("HNSW") {
        return Ok(None);
    }
    let degree = rest.number().unwrap_or(DEGREE);
    let code = match rest.0.strip_prefix([',', '_']) {
        Some("") => "Flat",
        Some(code) => code,
        None if rest.is_at_end() => "Flat",
        None => return Err(unknown(text, whole)),
    };
    if code.contains("+PQ") {
        return Err(elsewhere("a graph over codes of two levels", whole));
    }
    // FAISS's factory makes a graph over product codes by L2, whatever is asked for; its class does not.
    let is_by_products = matches!(of.measure, Measure::L2 | Measure::InnerProduct);
    let codes = codes::codes(code, of)?.ok_or_else(|| unknown(code, whole))?;
    match codes.codec {
        CodecParts::Raw | CodecParts::Scalar(_) => {}
        CodecParts::Product(_) if codes.blocks.is_none() && is_by_products => {}
        CodecParts::Product(_) if codes.blocks.is_none() => {
            let what = format!(
                "a graph over product codes by {}, which they are not compared by",
                of.measure
            );
            return Err(Error::usage(what));
        }
        CodecParts::Rabitq(_) if codes.blocks.is_none() => {
            return Err(elsewhere("a graph over RaBitQ codes", whole));
        }
        _ => return Err(unknown(code, whole)),
    }
    graph(degree, codes::coded(codes, of)).map(Some)
}

/// A graph over rows to come.
pub(super) fn graph(degree: usize, storage: IndexParts) -> Result<IndexParts> {
    if !(2..=MAX_DEGREE).contains(&degree) {
        let what = format!("a graph of {degree} neighbours; 2 to {MAX_DEGREE} are possible");
        return Err(Error::usage(what));
    }
    let (level_probabilities, counts) = levels(degree);
    let of = Empty { dim: storage.dim, measure: storage.measure };
    let trained = storage.trained;
    let structure = Structure::Graph(Box::new(Graph {
        level_probabilities,
        counts,
        levels: Vec::new(),
        offsets: Integers::from_iter([0]),
        neighbors: Vec::new().into(),
        entry_point: -1,
        max_level: -1,
        construction_effort: CONSTRUCTION_EFFORT,
        search_effort: SEARCH_EFFORT,
        storage: storage.into(),
    }));
    Ok(empty(of, trained, structure))
}

/// How likely each level is the highest of a row, and how much room for neighbours is below each.
fn levels(degree: usize) -> (Vec<f64>, Vec<i32>) {
    let factor = (1.0 / (degree as f64).ln()) as f32;
    let probability = |level: usize| {
        let level = f64::from(-(level as f32) / factor);
        (level.exp() * (1.0 - f64::from(-1.0 / factor).exp())) as f32
    };
    let likely = (0..).map(probability).take_while(|likely| *likely >= LEAST_PROBABILITY);
    let probabilities: Vec<f64> = likely.map(f64::from).collect();
    let room = |level: usize| if level == 0 { 0 } else { (degree * (level + 1)) as i32 };
    let counts = (0..=probabilities.len()).map(room).collect();
    (probabilities, counts)
}
