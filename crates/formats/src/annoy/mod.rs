//! Annoy index files, as files with the vectors of their items. Their trees are for `anear-index`.
//!
//! The file names neither its metric nor its dimension, so both are found by trying every node
//! size that divides the file and looking at what the nodes would be. Ways to read it that fit
//! about as well are entries beside each other, named by metric and dimension, `angular-384`;
//! a file with more than a few items has one. Where item numbers were left out, the numbers of
//! the items there are become ids. What is kept beside the file ([`Delta`]) counts: rows are the items
//! there are with it, and its metric and dimension those of the file.

mod container;
mod layout;
#[cfg(test)]
mod tests;
mod tree;

use crate::{Container, Format, FormatInfo, Hint, IndexInfo, Keeps, ReadOptions, Score};
use anear_io::{Delta, Input};
use anear_types::{Element, Error, Result, Value};
use container::AnnoyFile;
use layout::{LAYOUTS, Layout, Nodes};
use std::sync::Arc;

/// The largest node tried: vectors of 2^16 floats.
const MAX_NODE_BYTES: usize = 16 + (4 << 16);
/// The most candidates listed.
const LISTED: usize = 8;
/// How well a way to read a file must fit beside the best one to count, as a share of it.
const RIVAL: f64 = 0.8;
/// How much of a file is looked at to see that it is all zeros.
const ZEROS_CHECKED: usize = 1 << 20;

/// The format.
#[derive(Debug)]
pub(crate) struct Annoy;

static INFO: FormatInfo = FormatInfo {
    name: "annoy",
    extensions: &["ann"],
    about: "Annoy indexes: the vectors of their items",
    writes: &[],
    keeps: Keeps::Rows,
};

impl Format for Annoy {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let is_named_so = INFO.extensions.contains(&hint.extension.as_str());
        if is_named_so && !head.is_empty() { Score::Suffix } else { Score::No }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let (bytes, delta) = (input.bytes(), Delta::beside(&input)?);
        let head = &bytes[..bytes.len().min(ZEROS_CHECKED)];
        if bytes.len() >= 16 && bytes.len().is_multiple_of(4) && head.iter().all(|b| *b == 0) {
            if delta.is_some() {
                let what = "there are changes of an Annoy file that has no items";
                let help = "build the file anew with items, or delete the changes";
                return Err(Error::unsupported(what).help(help));
            }
            return Ok(Box::new(AnnoyFile::open(&input, &[], None, without_items(), options)?));
        }
        let mut candidates = candidates(bytes);
        if let Some(delta) = &delta {
            let count = candidates.len();
            candidates.retain(|candidate| candidate.is_of(delta));
            if count > 0 && candidates.is_empty() {
                let Delta { metric, dim, element, .. } = delta;
                let what =
                    format!("the changes are of {dim} {element} ({metric}), the items are not");
                return Err(Error::malformed(what).at_path(Delta::path_for(input.path())));
            }
        }
        let best = candidates.first().ok_or_else(|| {
            Error::malformed(
                "not an Annoy index: no metric and dimension make its bytes a forest of trees",
            )
        })?;
        let index = describe(best, &candidates);
        let readings = readings(&candidates);
        Ok(Box::new(AnnoyFile::open(
            &input,
            &readings,
            delta.map(Arc::new).as_ref(),
            index,
            options,
        )?))
    }
}

/// A way to read a file.
struct Candidate<'a> {
    layout: Layout,
    dim: usize,
    fit: f64,
    nodes: Nodes<'a>,
}

impl Candidate<'_> {
    /// Whether changes are of such vectors, for this metric.
    fn is_of(&self, delta: &Delta) -> bool {
        let vector_bytes = self.nodes.size - self.layout.vector;
        let is_bits = delta.element == Element::U8;
        self.layout.metric == delta.metric
            && self.layout.is_bits() == is_bits
            && vector_bytes == delta.row_bytes()
    }
}

/// All ways to read a file that do not contradict it, the best first.
fn candidates(bytes: &[u8]) -> Vec<Candidate<'_>> {
    let largest = MAX_NODE_BYTES.min(bytes.len());
    let mut found = Vec::new();
    for size in (16..=largest).step_by(4) {
        let Some(nodes) = Nodes::new(bytes, size) else { continue };
        for layout in LAYOUTS {
            if let (Some(dim), Some(fit)) = (layout.dim(size), nodes.fit(layout)) {
                found.push(Candidate { layout, dim, fit, nodes });
            }
        }
    }
    // Stable: what cannot be told apart keeps the order of the layouts, smaller nodes first.
    found.sort_by(|a, b| b.fit.total_cmp(&a.fit));
    found
}

/// Those candidates that fit about as well as the best and give other vectors, the best first.
fn readings<'c, 'a>(candidates: &'c [Candidate<'a>]) -> Vec<&'c Candidate<'a>> {
    let mut readings: Vec<&Candidate<'_>> = Vec::new();
    let least = candidates.first().map_or(0.0, |best| best.fit * RIVAL);
    let vectors = |candidate: &Candidate<'_>| {
        (candidate.nodes.size, candidate.layout.vector, candidate.layout.is_bits())
    };
    for candidate in candidates.iter().take_while(|candidate| candidate.fit >= least) {
        if readings.len() < LISTED && !readings.iter().any(|r| vectors(r) == vectors(candidate)) {
            readings.push(candidate);
        }
    }
    readings
}

fn describe(best: &Candidate<'_>, candidates: &[Candidate<'_>]) -> IndexInfo {
    let shown = candidates.iter().take(LISTED);
    let shown = shown.map(|candidate| {
        let percent = 100.0 * candidate.fit;
        format!("{} f={} ({percent:.0}%)", candidate.layout.name, candidate.dim)
    });
    let listed: Vec<String> = shown.collect();
    IndexInfo {
        kind: format!("annoy:{}", best.layout.name),
        metric: Some(best.layout.metric),
        rows: Some(best.nodes.items as u64),
        dim: Some(best.dim),
        params: vec![
            ("trees".to_owned(), Value::Int(best.nodes.trees(best.layout) as i64)),
            ("node_bytes".to_owned(), Value::Int(best.nodes.size as i64)),
            ("candidates".to_owned(), Value::text(listed.join("; "))),
        ],
    }
}

/// An index without items is all zeros, whatever its metric and dimension.
fn without_items() -> IndexInfo {
    IndexInfo {
        kind: "annoy".to_owned(),
        metric: None,
        rows: Some(0),
        dim: None,
        params: Vec::new(),
    }
}
