//! How near rows are to the one that is woven in, and to each other.

use crate::ann::{AnnIndex, RowScorer};
use crate::graph::Scored;
use crate::making::assign::how;
use anear_kernels::Level;
use anear_kernels::ops::{self, Op};
use anear_quant::bits::Bits;
use anear_quant::raw::Raw;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::{Bytes, CodecParts, IndexParts, Structure};
use anear_types::{Measure, Result};
use std::cmp::Ordering;

/// Rows, as their codes tell them.
pub(super) struct Space<'a> {
    /// Scores rows against the one that is woven in.
    scorer: Option<Box<dyn RowScorer + 'a>>,
    /// The rows, decoded.
    codec: Box<dyn Codec>,
    bytes: Bytes,
    dim: usize,
    how: How,
    /// What scores rows where they lie; `None` where the measure has no such kernel, or the machine another
    /// order of bytes.
    kernel: Option<Op>,
    /// The row that others are scored against.
    query: Vec<f32>,
    /// Rows to be scored, and their scores.
    rows: Vec<u32>,
    scores: Vec<f32>,
}

impl<'a> Space<'a> {
    pub(super) fn new(storage: &IndexParts, index: &dyn AnnIndex) -> Result<Space<'a>> {
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
        Ok(Space {
            scorer: None,
            codec,
            bytes,
            dim,
            how,
            kernel: kernel.filter(|_| cfg!(target_endian = "little")),
            query: vec![0.0; dim],
            rows: Vec::new(),
            scores: Vec::new(),
        })
    }

    /// From now on scores are for the row that the scorer is for.
    pub(super) fn turn_to(&mut self, scorer: Box<dyn RowScorer + 'a>) {
        self.scorer = Some(scorer);
    }

    pub(super) fn score(&mut self, row: u32) -> f32 {
        self.score_all(std::iter::once(row)).next().expect("one row").score
    }

    pub(super) fn score_all(
        &mut self,
        rows: impl Iterator<Item = u32>,
    ) -> impl Iterator<Item = Scored> + '_ {
        self.rows.clear();
        self.rows.extend(rows);
        self.scores.resize(self.rows.len(), 0.0);
        let scorer = self.scorer.as_mut().expect("turned to a row");
        scorer.score(&self.rows, &mut self.scores);
        self.scored()
    }

    /// Scores rows against another of them.
    pub(super) fn between(
        &mut self,
        row: u32,
        others: impl Iterator<Item = u32>,
    ) -> impl Iterator<Item = Scored> + '_ {
        self.rows.clear();
        self.rows.extend(others);
        let mut scores = std::mem::take(&mut self.scores);
        scores.resize(self.rows.len(), 0.0);
        match self.kernel {
            Some(op) => {
                let code_bytes = self.codec.code_bytes();
                let code = &self.bytes[row as usize * code_bytes..][..code_bytes];
                self.codec.decode(code, &mut self.query);
                let rows = Some(&self.rows[..]);
                let (level, query) = (Level::best(), &self.query);
                ops::scores_of_bytes(level, op, query, &self.bytes, rows, &mut scores);
            }
            None => self.scorer_of(row).gather(&self.bytes, &self.rows, &mut scores),
        }
        self.scores = scores;
        self.scored()
    }

    /// The rows that were scored last.
    fn scored(&self) -> impl Iterator<Item = Scored> + '_ {
        let scored = self.rows.iter().zip(&self.scores);
        scored.map(|(row, score)| Scored { score: *score, row: *row })
    }

    fn scorer_of(&self, row: u32) -> Box<dyn Scorer + '_> {
        let code_bytes = self.codec.code_bytes();
        let code = &self.bytes[row as usize * code_bytes..][..code_bytes];
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

    /// The nearest ones of which none is nearer to another that is kept than to the row they were found
    /// for, as far as there is room.
    pub(super) fn choose(&mut self, mut found: Vec<Scored>, room: usize) -> Vec<Scored> {
        found.sort_unstable();
        let mut chosen: Vec<Scored> = Vec::with_capacity(room);
        while let [kept, rest @ ..] = &found[..] {
            chosen.push(*kept);
            if chosen.len() >= room {
                break;
            }
            // All that it hides go at once.
            let to_kept = self.between(kept.row, rest.iter().map(|candidate| candidate.row));
            let seen = to_kept.zip(rest).filter(|(to_kept, candidate)| {
                to_kept.score.partial_cmp(&candidate.score) != Some(Ordering::Less)
            });
            found = seen.map(|(_, candidate)| *candidate).collect();
        }
        chosen
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
