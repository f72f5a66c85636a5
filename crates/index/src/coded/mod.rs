//! Codes one behind another, or in groups that lie together, all of them looked at.

mod centroids;
mod floats;
mod in_order;
pub(crate) mod screen;

use crate::ann::{
    AnnIndex, Collector, FEWEST, Hit, Queries, RowScorer, Settings, Takers, Together,
};
use crate::flat::Goal;
use anear_kernels::Level;
use anear_kernels::lookup::packed::{self, GROUP, Groups};
use anear_kernels::ops::Op;
use anear_quant::{Codec, How, Query, Scorer};
use anear_types::parts::Bytes;
use anear_types::{Error, Measure, Result};
use centroids::Centroids;
use floats::Floats;
use in_order::InOrder;
use screen::ScreenedRows;
use std::ops::Range;

/// Codes scored at a time.
pub(crate) const BLOCK_CODES: usize = 1024;
/// Queries that a block of codes is scored against before the next one is taken.
const QUERIES_AT_ONCE: usize = 32;
/// What these may read besides: tables of more are slower to come by than codes.
const QUERIES_BYTES: usize = 64 << 10;
/// The same where they are decoded for that.
const QUERIES_TOGETHER: usize = 128;
/// So few components of centroids are scored in f32 alone, ..
const FEW_COMPONENTS: usize = 1 << 18;
/// .. and so few without codes that tell which are too far.
const FEWEST_COMPONENTS: usize = 1 << 16;

/// Rows as codes, whose ids are their numbers.
pub(crate) struct CodedIndex {
    codec: Box<dyn Codec>,
    how: How,
    rows: usize,
    codes: Bytes,
    /// Where codes are the floats themselves, and the measure a common one.
    floats: Option<Floats>,
    /// Whether these are so few that sums of f32 are good enough.
    are_few: bool,
    /// The same as rows that many queries go through together, where that pays.
    centroids: Option<Centroids>,
    /// Packed codes in the order in which they are looked at.
    in_order: InOrder,
}

impl CodedIndex {
    /// # Panics
    /// If there are not as many codes as rows, filled up to whole groups.
    pub(crate) fn new(codec: Box<dyn Codec>, how: How, rows: usize, codes: Bytes) -> CodedIndex {
        let needed = rows.next_multiple_of(codec.codes_together()) * codec.code_bytes();
        assert_eq!(codes.len(), needed);
        let is_raw = codec.is_raw();
        let floats = if is_raw { Floats::new(how, codec.dim()) } else { None };
        let in_order = InOrder::default();
        CodedIndex { codec, how, rows, codes, floats, are_few: false, centroids: None, in_order }
    }

    /// The same with rows that are centroids: which are near does not hang on the last digit, so that few
    /// of them are scored in f32 alone.
    pub(crate) fn of_centroids(mut self) -> CodedIndex {
        let components = self.rows * self.codec.dim();
        self.are_few = components <= FEW_COMPONENTS;
        if self.are_few && self.codec.is_raw() {
            self.centroids = Centroids::new(self.how, self.codec.dim(), &self.codes);
        }
        if components <= FEWEST_COMPONENTS {
            self.floats = None;
        }
        self
    }

    /// The operation for codes that are worth decoding for several queries.
    fn row_op(&self) -> Option<Op> {
        if self.how.measure == Measure::Hamming { None } else { self.codec.row_op(self.how) }
    }

    fn search_together(
        &self,
        values: &[f32],
        dim: usize,
        op: Op,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Vec<Vec<Hit>> {
        let mut found = Vec::with_capacity(values.len() / dim);
        let mut together = Together::new(op);
        for values in values.chunks(QUERIES_TOGETHER * dim) {
            let which: Vec<usize> = (0..values.len() / dim).collect();
            let mut collectors: Vec<Collector> =
                which.iter().map(|_| Collector::new(goal, self.how)).collect();
            let mut takers = Takers { collectors: &mut collectors, which: &which, offsets: &[] };
            together.take(values, dim);
            together.scan(&*self.codec, &self.codes, &mut takers, settings, |code| code as i64);
            found.extend(collectors.into_iter().map(Collector::into_hits));
        }
        found
    }

    fn search_some(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let scorer = |query| match (settings.rounding, goal) {
            (Some(rounding), _) => self.codec.rounding_scorer(query, self.how, rounding),
            (None, Goal::Nearest { .. }) => self.codec.scorer(query, self.how),
            (None, Goal::Within { .. }) => self.codec.row_scorer(query, self.how),
        };
        let mut scorers = queries.iter().map(scorer).collect::<Result<Vec<_>>>()?;
        let mut collectors: Vec<_> =
            scorers.iter().map(|_| Collector::new(goal, self.how)).collect();
        let id = |number| Some(number as i64).filter(|id| settings.keeps(*id));
        if scorers.iter_mut().all(|scorer| scorer.packed(true).is_some()) {
            self.look_together(&mut scorers, &mut collectors, id);
            return Ok(collectors.into_iter().map(Collector::into_hits).collect());
        }
        let mut scores = [0.0; BLOCK_CODES];
        for (block, first) in self.blocks() {
            let scores = &mut scores[..BLOCK_CODES.min(self.rows - first)];
            for (scorer, collector) in scorers.iter_mut().zip(&mut collectors) {
                let limit = collector.limit_from(first);
                scorer.near(block, scores, first, limit, &mut collector.taker_in_order(id));
            }
        }
        Ok(collectors.into_iter().map(Collector::into_hits).collect())
    }

    /// The same where codes beside floats tell which rows are too far; `None` where there are none.
    fn search_screened(
        &self,
        values: &[f32],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Option<Vec<Hit>>> {
        let query = Query::Floats(values);
        let codes = self.floats.as_ref().and_then(|floats| floats.codes_for(&self.codes, query));
        let Some((coding, codes)) = codes else { return Ok(None) };
        let mut collector = Collector::new(goal, self.how);
        let mut screened = coding.screened(values, self.codec.scorer(query, self.how)?);
        let id = |row| Some(row as i64).filter(|id| settings.keeps(*id));
        screened.scan((codes, &self.codes), self.rows, &mut collector, id);
        Ok(Some(collector.into_hits()))
    }

    /// Looks at codes in groups for several queries at once, all of which have tables.
    fn look_together(
        &self,
        scorers: &mut [Box<dyn Scorer + '_>],
        collectors: &mut [Collector],
        id: impl Fn(usize) -> Option<i64> + Copy,
    ) {
        let limits = collectors.iter().map(Collector::limit).collect::<Vec<_>>();
        let mut takers: Vec<_> =
            collectors.iter_mut().map(|collector| collector.taker_in_order(id)).collect();
        let asked = scorers.iter_mut().zip(limits).zip(&mut takers);
        let mut asked: Vec<_> = asked
            .map(|((scorer, limit), taker)| {
                let tables = scorer.packed(true).expect("tables for each query");
                packed::Asked { tables, limit, leaving: packed::Leaving::default(), taker }
            })
            .collect();
        let group_bytes = GROUP * self.codec.code_bytes();
        let arranged = self.in_order.for_queries(asked.len(), &self.codes, group_bytes);
        for (block, first) in self.blocks() {
            let count = BLOCK_CODES.min(self.rows - first);
            let groups = match arranged {
                Some(arranged) => arranged.groups(first / GROUP..(first + count).div_ceil(GROUP)),
                None => Groups::Packed(block),
            };
            packed::near(Level::best(), &mut asked, groups, count, first);
        }
    }

    /// Some codes at a time, and the row of the first of them.
    fn blocks(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let blocks = self.codes.chunks(BLOCK_CODES * self.codec.code_bytes());
        blocks.zip((0..self.rows).step_by(BLOCK_CODES))
    }
}

impl AnnIndex for CodedIndex {
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
        if let Some(floats) = self.floats.as_ref().filter(|_| !self.are_few)
            && let Some(found) = floats.search(&self.codes, queries, goal, settings)?
        {
            return Ok(found);
        }
        if let (Queries::Floats { values, .. }, Goal::Nearest { k }) = (queries, goal)
            && let Some(centroids) = self.centroids.as_ref().filter(|centroids| centroids.is_for(k))
            && settings.keep.is_none()
            && queries.len() >= FEWEST
        {
            return Ok(centroids.nearest(values, k));
        }
        if let (Queries::Floats { values, dim }, Some(op)) = (queries, self.row_op())
            && queries.len() >= FEWEST
        {
            return Ok(self.search_together(values, dim, op, goal, settings));
        }
        if let (Queries::Floats { values, dim }, true) = (queries, self.are_few)
            && let Some(found) = values
                .chunks_exact(dim)
                .map(|values| self.search_screened(values, goal, settings).transpose())
                .collect::<Option<Result<Vec<_>>>>()
        {
            return found;
        }
        let mut found = Vec::with_capacity(queries.len());
        let at_once = QUERIES_BYTES.checked_div(self.codec.query_bytes());
        let at_once = at_once.map_or(QUERIES_AT_ONCE, |count| count.clamp(1, QUERIES_AT_ONCE));
        for start in (0..queries.len()).step_by(at_once) {
            let some = queries.range(start, queries.len().min(start + at_once));
            found.extend(self.search_some(some, goal, settings)?);
        }
        Ok(found)
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        let scorer = self.codec.row_scorer(query, self.how)?;
        Ok(Box::new(CodeScorer { scorer, codes: &self.codes }))
    }

    fn bounded_scorer<'a>(&'a self, query: Query<'_>) -> Result<Box<dyn RowScorer + 'a>> {
        let scorer = self.codec.row_scorer(query, self.how)?;
        Ok(match self.floats.as_ref().and_then(|floats| floats.codes_for(&self.codes, query)) {
            Some((coding, codes)) => {
                let screened = coding.screened(query.floats(), scorer);
                Box::new(ScreenedRows { screened, codes, rows: &self.codes })
            }
            None => Box::new(CodeScorer { scorer, codes: &self.codes }),
        })
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
        let (code_bytes, dim) = (self.codec.code_bytes(), self.dim());
        let (start, end) = (rows.start as usize, rows.end as usize);
        assert!(end <= self.rows && values.len() == (end - start) * dim);
        if self.codec.codes_together() == 1 {
            self.codec.decode(&self.codes[start * code_bytes..end * code_bytes], values);
        } else {
            for (number, row) in (start..end).zip(values.chunks_exact_mut(dim)) {
                self.codec.decode_at(&self.codes, number, row);
            }
        }
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
