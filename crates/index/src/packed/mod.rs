//! Codes in groups, all of them looked at.

use crate::ann::{AnnIndex, Collector, Hit, Queries, RowScorer, Settings};
use crate::coded::{BLOCK_CODES, no_row};
use crate::flat::Goal;
use anear_quant::product::Packed;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::Result;
use anear_types::parts::Bytes;
use std::ops::Range;

/// Queries that a block of codes is scored against before the next one is taken.
const QUERIES_AT_ONCE: usize = 32;

/// Rows as codes that lie together in groups, whose ids are their numbers.
pub(crate) struct PackedIndex {
    codec: Packed,
    how: How,
    rows: usize,
    codes: Bytes,
}

impl PackedIndex {
    /// # Panics
    /// If there are not as many groups as rows need.
    pub(crate) fn new(codec: Packed, how: How, rows: usize, codes: Bytes) -> PackedIndex {
        let needed = rows.next_multiple_of(codec.codes_together()) * codec.code_bytes();
        assert_eq!(codes.len(), needed);
        PackedIndex { codec, how, rows, codes }
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
        let mut scores = [0.0; BLOCK_CODES];
        let blocks = self.codes.chunks(BLOCK_CODES * self.codec.code_bytes());
        for (block, first) in blocks.zip((0..self.rows).step_by(BLOCK_CODES)) {
            let scores = &mut scores[..BLOCK_CODES.min(self.rows - first)];
            for (scorer, collector) in scorers.iter_mut().zip(&mut collectors) {
                scorer.block(block, scores);
                collector.offer_all(scores, first as i64.., settings);
            }
        }
        Ok(collectors.into_iter().map(Collector::into_hits).collect())
    }
}

impl AnnIndex for PackedIndex {
    fn dim(&self) -> usize {
        self.codec.dim()
    }

    fn rows(&self) -> u64 {
        self.rows as u64
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
        match usize::try_from(id) {
            Ok(number) if number < self.rows => {
                self.codec.decode_at(&self.codes, number, row);
                Ok(())
            }
            _ => Err(no_row(id)),
        }
    }

    fn ids(&self, rows: Range<u64>) -> Result<Vec<i64>> {
        assert!(rows.end <= self.rows());
        Ok((rows.start as i64..rows.end as i64).collect())
    }

    fn decode(&self, rows: Range<u64>, values: &mut [f32]) -> Result<()> {
        assert_eq!(values.len() as u64, (rows.end - rows.start) * self.dim() as u64);
        for (number, row) in rows.zip(values.chunks_exact_mut(self.dim())) {
            self.reconstruct(number as i64, row)?;
        }
        Ok(())
    }

    fn is_lossless(&self) -> bool {
        self.codec.is_lossless()
    }
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
