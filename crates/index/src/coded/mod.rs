//! Codes one behind another, all of them looked at.

mod floats;

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings};
use crate::flat::Goal;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::Bytes;
use anear_types::{Error, Result};
use floats::Floats;
use std::ops::Range;

/// Codes scored at a time.
pub(crate) const BLOCK_CODES: usize = 1024;
/// Queries that a block of codes is scored against before the next one is taken.
const QUERIES_AT_ONCE: usize = 32;

/// Rows as codes, whose ids are their numbers.
pub(crate) struct CodedIndex {
    codec: Box<dyn Codec>,
    how: How,
    codes: Bytes,
    /// Where codes are the floats themselves, and the measure a common one.
    floats: Option<Floats>,
}

impl CodedIndex {
    /// # Panics
    /// If the bytes are not whole codes.
    pub(crate) fn new(codec: Box<dyn Codec>, how: How, codes: Bytes) -> CodedIndex {
        assert!(codes.len().is_multiple_of(codec.code_bytes()));
        let is_raw = codec.is_raw();
        let floats = if is_raw { Floats::new(how, codec.dim()) } else { None };
        CodedIndex { codec, how, codes, floats }
    }

    fn search_some(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let scorer = |query| self.codec.scorer(query, self.how);
        let mut scorers = queries.iter().map(scorer).collect::<Result<Vec<_>>>()?;
        let mut collectors: Vec<_> =
            scorers.iter().map(|_| Collector::new(goal, self.how)).collect();
        let code_bytes = self.codec.code_bytes();
        let mut scores = [0.0; BLOCK_CODES];
        for (number, block) in self.codes.chunks(BLOCK_CODES * code_bytes).enumerate() {
            let scores = &mut scores[..block.len() / code_bytes];
            let first = number * BLOCK_CODES;
            for (scorer, collector) in scorers.iter_mut().zip(&mut collectors) {
                scorer.block(block, scores);
                collector.offer_all(scores, first as i64.., settings);
            }
        }
        Ok(collectors.into_iter().map(Collector::into_hits).collect())
    }
}

impl AnnIndex for CodedIndex {
    fn dim(&self) -> usize {
        self.codec.dim()
    }

    fn rows(&self) -> u64 {
        (self.codes.len() / self.codec.code_bytes()) as u64
    }

    fn how(&self) -> How {
        self.how
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        if let Some(floats) = &self.floats
            && let Some(found) = floats.search(&self.codes, queries, goal, settings)?
        {
            return Ok(found);
        }
        let mut found = Vec::with_capacity(queries.len());
        for start in (0..queries.len()).step_by(QUERIES_AT_ONCE) {
            let some = queries.range(start, queries.len().min(start + QUERIES_AT_ONCE));
            found.extend(self.search_some(some, goal, settings)?);
        }
        Ok(found)
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        let scorer = self.codec.scorer(query, self.how)?;
        Ok(Box::new(CodeScorer { scorer, codes: &self.codes }))
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        match u64::try_from(id) {
            Ok(number) if number < self.rows() => self.decode(number..number + 1, row),
            _ => Err(no_row(id)),
        }
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        assert!(rows.end <= self.rows());
        Ok((rows.start as i64..rows.end as i64).collect())
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        if !self.codec.can_decode() {
            return Err(Error::unsupported("rows cannot be told from these codes"));
        }
        let code_bytes = self.codec.code_bytes();
        let codes = rows.start as usize * code_bytes..rows.end as usize * code_bytes;
        self.codec.decode(&self.codes[codes], values);
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        self.codec.is_lossless()
    }
}

/// The error for an id that no row has.
pub(crate) fn no_row(id: i64) -> Error {
    Error::usage(format!("there is no row with the id {id}"))
}

struct CodeScorer<'a> {
    scorer: Box<dyn Scorer + 'a>,
    codes: &'a [u8],
}

impl RowScorer for CodeScorer<'_> {
    fn score(&mut self, rows: &[u32], scores: &mut [f32]) {
        self.scorer.gather(self.codes, rows, scores);
    }
}
