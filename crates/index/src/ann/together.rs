//! Codes scored against several queries at once: they are decoded once for all of them.

use super::{Collector, Settings};
use anear_kernels::Level;
use anear_kernels::ops::{self, Group, Op};
use anear_quant::Codec;

/// From so many queries on it is worth while.
pub(crate) const FEWEST: usize = 4;
/// Components decoded at a time: few enough to stay in a fast cache.
const TILE_COMPONENTS: usize = 16_384;
/// Rows that the widest registers score side by side: whole blocks are decoded.
const BLOCK_ROWS: usize = 12;

/// Queries that go through codes together, and the memory for that.
pub(crate) struct Together {
    level: Level,
    op: Op,
    groups: Vec<Group>,
    rows: Vec<f32>,
    scores: Vec<f32>,
    limits: Vec<f32>,
}

/// What is found for some of many queries.
pub(crate) struct Takers<'a> {
    /// What is found for each of all queries.
    pub(crate) collectors: &'a mut [Collector],
    /// The numbers of the queries in question.
    pub(crate) which: &'a [usize],
    /// What is added to the scores of each of them; empty for nothing.
    pub(crate) offsets: &'a [f32],
}

impl Together {
    /// For codes whose scores are those of the rows they stand for by an operation.
    pub(crate) fn new(op: Op) -> Together {
        let (groups, rows, scores, limits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Together { level: Level::best(), op, groups, rows, scores, limits }
    }

    /// Takes queries of `dim` components in place of those before.
    pub(crate) fn take(&mut self, queries: &[f32], dim: usize) {
        self.groups = Group::split(self.level, queries, dim);
    }

    /// Scores codes against the queries taken. `label` says what the code of a number is called.
    pub(crate) fn scan(
        &mut self,
        codec: &dyn Codec,
        codes: &[u8],
        takers: &mut Takers<'_>,
        settings: &Settings<'_>,
        label: impl Fn(usize) -> i64,
    ) {
        let (dim, code_bytes) = (codec.dim(), codec.code_bytes());
        let tile = (TILE_COMPONENTS / dim).max(1).next_multiple_of(BLOCK_ROWS);
        let mut groups = std::mem::take(&mut self.groups);
        for (number, codes) in codes.chunks(tile * code_bytes).enumerate() {
            let count = codes.len() / code_bytes;
            self.rows.resize(count * dim, 0.0);
            codec.decode(codes, &mut self.rows);
            let mut first_query = 0;
            for group in &mut groups {
                self.scores.resize(count * group.width(), 0.0);
                ops::scores(self.level, self.op, group, &self.rows, &mut self.scores);
                let queries = first_query..first_query + group.live();
                first_query = queries.end;
                let mut some = takers.some(queries);
                let first_code = number * tile;
                some.offer(&self.scores, group.width(), &mut self.limits, settings, |code| {
                    label(first_code + code)
                });
            }
        }
        self.groups = groups;
    }
}

impl Takers<'_> {
    /// Those of some of the queries.
    fn some(&mut self, queries: std::ops::Range<usize>) -> Takers<'_> {
        let offsets = self.offsets.get(queries.clone()).unwrap_or(&[]);
        Takers { collectors: self.collectors, which: &self.which[queries], offsets }
    }

    /// Offers the scores of codes, which are `width` of each.
    fn offer(
        &mut self,
        scores: &[f32],
        width: usize,
        limits: &mut Vec<f32>,
        settings: &Settings<'_>,
        label: impl Fn(usize) -> i64,
    ) {
        let offset = |at: usize| self.offsets.get(at).copied().unwrap_or(0.0);
        limits.clear();
        let limit = |(at, query): (usize, &usize)| self.collectors[*query].limit() - offset(at);
        limits.extend(self.which.iter().enumerate().map(limit));
        for (code, scores) in scores.chunks_exact(width).enumerate() {
            let pairs = scores.iter().zip(&*limits);
            if !pairs.fold(false, |any, (score, limit)| any | (score <= limit)) {
                continue;
            }
            let id = label(code);
            if !settings.keeps(id) {
                continue;
            }
            for (at, query) in self.which.iter().enumerate() {
                if scores[at] <= limits[at] {
                    let collector = &mut self.collectors[*query];
                    collector.offer(scores[at] + offset(at), id);
                    limits[at] = collector.limit() - offset(at);
                }
            }
        }
    }
}
