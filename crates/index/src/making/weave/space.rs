//! How near rows are to the one that is woven in, and to each other.

use super::links::Scored;
use crate::ann::{AnnIndex, RowScorer};
use crate::making::assign::how;
use anear_quant::bits::Bits;
use anear_quant::raw::Raw;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::{Bytes, CodecParts, IndexParts, Structure};
use anear_types::{Measure, Result};

/// Rows, as their codes tell them.
pub(super) struct Space<'a> {
    /// Scores rows against the one that is woven in.
    scorer: Option<Box<dyn RowScorer + 'a>>,
    /// The rows, decoded.
    codec: Box<dyn Codec>,
    bytes: Bytes,
    dim: usize,
    how: How,
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
        let (rows, scores) = (Vec::new(), Vec::new());
        Ok(Space { scorer: None, codec, bytes, dim, how, rows, scores })
    }

    /// From now on scores are for the row that the scorer is for.
    pub(super) fn turn_to(&mut self, scorer: Box<dyn RowScorer + 'a>) {
        self.scorer = Some(scorer);
    }

    pub(super) fn score(&mut self, row: u32) -> f32 {
        self.score_all(std::iter::once(row))[0].score
    }

    pub(super) fn score_all(&mut self, rows: impl Iterator<Item = u32>) -> Vec<Scored> {
        self.rows.clear();
        self.rows.extend(rows);
        self.scores.resize(self.rows.len(), 0.0);
        let scorer = self.scorer.as_mut().expect("turned to a row");
        scorer.score(&self.rows, &mut self.scores);
        scored(&self.rows, &self.scores)
    }

    /// Scores rows against another of them.
    pub(super) fn between(&mut self, row: u32, others: &[u32]) -> Vec<Scored> {
        self.scores.resize(others.len(), 0.0);
        let mut scores = std::mem::take(&mut self.scores);
        self.scorer_of(row).gather(&self.bytes, others, &mut scores);
        let found = scored(others, &scores);
        self.scores = scores;
        found
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
    pub(super) fn choose(&self, mut found: Vec<Scored>, room: usize) -> Vec<Scored> {
        found.sort_unstable();
        let mut chosen: Vec<Scored> = Vec::with_capacity(room);
        for candidate in found {
            let mut scorer = self.scorer_of(candidate.row);
            let is_hidden = chosen.iter().any(|kept| {
                let mut score = [0.0];
                scorer.gather(&self.bytes, &[kept.row], &mut score);
                score[0] < candidate.score
            });
            if !is_hidden {
                chosen.push(candidate);
                if chosen.len() >= room {
                    break;
                }
            }
        }
        chosen
    }
}

fn scored(rows: &[u32], scores: &[f32]) -> Vec<Scored> {
    rows.iter().zip(scores).map(|(row, score)| Scored { score: *score, row: *row }).collect()
}

/// All rows of an index, as the bytes of their components.
fn decoded(index: &dyn AnnIndex) -> Result<Vec<u8>> {
    let mut values = vec![0.0; index.rows() as usize * index.dim()];
    index.decode(0..index.rows(), &mut values)?;
    let mut bytes = vec![0; values.len() * size_of::<f32>()];
    Raw::new(index.dim()).encode(&values, &mut bytes);
    Ok(bytes)
}
