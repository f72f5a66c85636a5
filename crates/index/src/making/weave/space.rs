//! How near rows are to each other.

use crate::ann::AnnIndex;
use crate::graph::Scored;
use crate::making::assign::how;
use anear_kernels::Level;
use anear_kernels::ops::{self, Op};
use anear_quant::bits::Bits;
use anear_quant::raw::Raw;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::{Bytes, CodecParts, IndexParts, Structure};
use anear_types::{Measure, Result};

/// Rows, as their codes tell them.
pub(super) struct Space {
    codec: Box<dyn Codec>,
    bytes: Bytes,
    dim: usize,
    how: How,
    /// What scores rows where they lie; `None` where the measure has no such kernel, or the machine another
    /// order of bytes.
    kernel: Option<Op>,
}

/// Memory for scoring.
#[derive(Default)]
pub(super) struct Scratch {
    /// The row that others are scored against.
    query: Vec<f32>,
    /// Rows to be scored, and their scores.
    rows: Vec<u32>,
    scores: Vec<f32>,
}

impl Space {
    pub(super) fn new(storage: &IndexParts, index: &dyn AnnIndex) -> Result<Space> {
        let (dim, how) = (storage.dim, how(storage));
        let codec: Box<dyn Codec> = match how.measure {
            Measure::Hamming => Box::new(Bits::new(dim)),
            _ => Box::new(Raw::new(dim)),
        };
        let bytes = match &storage.structure {
            Structure::Coded(coded)
                if matches!(coded.codec, CodecParts::Raw | CodecParts::Bits) =>
            {
                coded.codes.clone()
            }
            _ => decoded(index)?.into(),
        };
        let kernel = match how.measure {
            Measure::L2 => Some(Op::L2),
            Measure::InnerProduct => Some(Op::NegativeDot),
            _ => None,
        };
        let kernel = kernel.filter(|_| cfg!(target_endian = "little"));
        Ok(Space { codec, bytes, dim, how, kernel })
    }

    /// The best of the rows that want to be neighbours of another, the nearest first.
    pub(super) fn compete(
        &self,
        row: u32,
        rivals: impl Iterator<Item = u32>,
        room: usize,
        scratch: &mut Scratch,
    ) -> Vec<Scored> {
        self.score(row, rivals, scratch);
        let scored = scratch.rows.iter().zip(&scratch.scores);
        let scored = scored.map(|(row, score)| Scored { score: *score, row: *row });
        self.choose(scored.collect(), room, scratch)
    }

    /// The nearest ones of which none is nearer to another that is kept than to the row they were found
    /// for, as far as there is room.
    pub(super) fn choose(
        &self,
        mut found: Vec<Scored>,
        room: usize,
        scratch: &mut Scratch,
    ) -> Vec<Scored> {
        found.sort_unstable();
        let mut kept = 0;
        while kept + 1 < room && kept < found.len() {
            let (row, rest) = (found[kept].row, &found[kept + 1..]);
            self.score(row, rest.iter().map(|candidate| candidate.row), scratch);
            // All that it hides go at once.
            kept += 1;
            let mut seen = kept;
            for (at, score) in (kept..).zip(&scratch.scores) {
                let is_hidden = *score < found[at].score;
                found[seen] = found[at];
                seen += usize::from(!is_hidden);
            }
            found.truncate(seen);
        }
        found.truncate(room);
        found
    }

    /// Scores rows against another of them.
    fn score(&self, row: u32, others: impl Iterator<Item = u32>, scratch: &mut Scratch) {
        let Scratch { query, rows, scores } = scratch;
        rows.clear();
        rows.extend(others);
        scores.resize(rows.len(), 0.0);
        match self.kernel {
            Some(op) => {
                query.resize(self.dim, 0.0);
                self.codec.decode(self.code(row), query);
                let numbers = Some(&rows[..]);
                ops::scores_of_bytes(Level::best(), op, query, &self.bytes, numbers, scores);
            }
            None => self.scorer_of(row).gather(&self.bytes, rows, scores),
        }
    }

    fn code(&self, row: u32) -> &[u8] {
        let code_bytes = self.codec.code_bytes();
        &self.bytes[row as usize * code_bytes..][..code_bytes]
    }

    fn scorer_of(&self, row: u32) -> Box<dyn Scorer + '_> {
        let code = self.code(row);
        let scorer = match self.how.measure {
            Measure::Hamming => self.codec.scorer(Query::Bits(code), self.how),
            _ => {
                let mut values = vec![0.0; self.dim];
                self.codec.decode(code, &mut values);
                self.codec.scorer(Query::Floats(&values), self.how)
            }
        };
        scorer.expect("rows as they are, compared as the index compares them")
    }
}

/// All rows of an index, as the bytes of their components.
fn decoded(index: &dyn AnnIndex) -> Result<Vec<u8>> {
    let mut values = vec![0.0; index.rows() as usize * index.dim()];
    index.decode(0..index.rows(), &mut values)?;
    let mut bytes = vec![0; values.len() * size_of::<f32>()];
    Raw::new(index.dim()).encode(&values, &mut bytes);
    Ok(bytes)
}
