//! Codes one behind another, all of them looked at.

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings, TakeRows};
use crate::flat::Goal;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::Bytes;
use anear_types::{Error, Result};

/// Codes scored at a time.
pub(crate) const BLOCK_CODES: usize = 1024;
/// Queries that a block of codes is scored against before the next one is taken.
const QUERIES_AT_ONCE: usize = 32;

/// Rows as codes, whose ids are their numbers.
pub(crate) struct CodedIndex {
    codec: Box<dyn Codec>,
    how: How,
    codes: Bytes,
}

impl CodedIndex {
    /// # Panics
    /// If the bytes are not whole codes.
    pub(crate) fn new(codec: Box<dyn Codec>, how: How, codes: Bytes) -> CodedIndex {
        assert!(codes.len().is_multiple_of(codec.code_bytes()));
        CodedIndex { codec, how, codes }
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
        check_decodes(&*self.codec)?;
        let code_bytes = self.codec.code_bytes();
        let number = usize::try_from(id).ok();
        let code = number.and_then(|number| self.codes.chunks_exact(code_bytes).nth(number));
        self.codec.decode(code.ok_or_else(|| no_row(id))?, row);
        Ok(())
    }

    fn each_rows(&self, take: &mut TakeRows<'_>) -> Result<()> {
        check_decodes(&*self.codec)?;
        let mut first = 0;
        let mut rows = Vec::new();
        for codes in self.codes.chunks(BLOCK_CODES * self.codec.code_bytes()) {
            let count = codes.len() / self.codec.code_bytes();
            rows.resize(count * self.dim(), 0.0);
            self.codec.decode(codes, &mut rows);
            let ids: Vec<i64> = (first..first + count as i64).collect();
            take(&ids, &rows)?;
            first += count as i64;
        }
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        self.codec.is_lossless()
    }
}

/// Checks that rows can be told from their codes.
fn check_decodes(codec: &dyn Codec) -> Result<()> {
    match codec.can_decode() {
        true => Ok(()),
        false => Err(Error::unsupported("rows cannot be told from these codes")),
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
