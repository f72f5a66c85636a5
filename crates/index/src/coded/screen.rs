//! Scoring some of the rows, of which only those that may be near are read in full.
//!
//! A search by way of a graph scores rows that lie anywhere, and most of them turn out to be too far.
//! Their codes of a byte a component are a quarter of the bytes and bound the distance
//! ([`anear_quant::sq`]); the bounds are widened for what sums of f32 may lose, so that no row is left
//! out whose score would be near enough.

use crate::ann::RowScorer;
use anear_kernels::{Level, codes};
use anear_quant::Scorer;
use anear_quant::sq::{Coded, Sq, SqBlock, SqQueries};
use anear_types::Metric;
use std::sync::OnceLock;

/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// More than sums lose where they are too small for f32.
const VANISHING: f64 = 1e-30;

/// Codes of all rows.
pub(super) struct Codes {
    level: Level,
    metric: Metric,
    sq: Sq,
    block: SqBlock,
    /// What is known of each row beside its code, from the first query on that asks for it.
    terms: OnceLock<Vec<Terms>>,
    /// The norm of the centre of all rows.
    center: f64,
}

/// What stands for a row in the bound for its score.
#[derive(Clone, Copy)]
struct Terms {
    scale: f32,
    norm: f32,
    error: f32,
    shift: f32,
}

/// Scores rows against one query.
pub(super) struct Screened<'a> {
    codes: &'a Codes,
    terms: &'a [Terms],
    queries: SqQueries,
    exact: Box<dyn Scorer + 'a>,
    rows: &'a [u8],
    /// What a score may be off by, as a share of the product of the norms.
    loss: f64,
    norm: f64,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    listed: Vec<usize>,
    terms: Vec<Terms>,
    scales: Vec<f32>,
    scores: Vec<f32>,
    /// Where rows that may be near stand among those that are scored, and which they are.
    places: Vec<usize>,
    near: Vec<u32>,
}

impl Codes {
    pub(super) fn new(level: Level, metric: Metric, sq: Sq, block: SqBlock) -> Codes {
        let (center, ..) = sq.parts();
        let center = norm(center);
        Codes { level, metric, sq, block, terms: OnceLock::new(), center }
    }

    pub(super) fn of_rows(&self) -> (&Sq, Coded<'_>) {
        (&self.sq, self.block.coded())
    }

    /// Prepares a finite query for scoring some of the rows, which `exact` scores in full.
    pub(super) fn scorer<'a>(
        &'a self,
        query: &[f32],
        exact: Box<dyn Scorer + 'a>,
        rows: &'a [u8],
    ) -> Screened<'a> {
        let values: Vec<f64> = query.iter().copied().map(f64::from).collect();
        let one = std::iter::once(&values[..]);
        let queries = SqQueries::new(self.level, &self.sq, self.metric, one);
        let terms = self.terms.get_or_init(|| self.terms_for(&queries));
        // Each addition of f32 loses a unit of what was added up so far at most.
        let loss = (query.len() + 8) as f64 * UNIT * 1.01;
        let (norm, scratch) = (norm(query), Scratch::default());
        Screened { codes: self, terms, queries, exact, rows, loss, norm, scratch }
    }

    fn terms_for(&self, queries: &SqQueries) -> Vec<Terms> {
        let coded = self.block.coded();
        let (mut norms, mut shifts) = (Vec::new(), Vec::new());
        queries.row_terms(&coded, &mut norms, &mut shifts);
        let row = |row: usize| Terms {
            scale: coded.scales[row],
            norm: norms.get(row).copied().unwrap_or(0.0),
            error: coded.errors[row],
            shift: shifts[row],
        };
        (0..shifts.len()).map(row).collect()
    }
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>().sqrt()
}

impl Screened<'_> {
    /// Finds the rows that may have a score up to a bound.
    fn pass(&mut self, rows: &[u32], bound: f32) {
        let Scratch { listed, terms, scales, scores, places, near } = &mut self.scratch;
        listed.clear();
        listed.extend(rows.iter().map(|row| *row as usize));
        terms.clear();
        terms.extend(rows.iter().map(|row| self.terms[*row as usize]));
        scales.clear();
        scales.extend(terms.iter().map(|terms| terms.scale));
        scores.resize(rows.len(), 0.0);
        let (_, coded) = self.codes.of_rows();
        let group = &self.queries.groups[0];
        codes::scores(self.codes.level, group, coded.codes.listed(listed), scales, scores);
        let is_product = self.queries.uses_norms();
        let (by_length, share) =
            if is_product { (self.loss * self.norm, 0.0) } else { (0.0, 2.0 * self.loss) };
        let bound = f64::from(bound) * (1.0 + share) + by_length * self.codes.center + VANISHING;
        let limit = self.queries.members[0].bound(bound);
        let (by_norm, by_error) =
            (limit.by_norm + by_length as f32 * 1.1, limit.by_error + by_length as f32 * 1.1);
        places.resize(rows.len(), 0);
        near.resize(rows.len(), 0);
        let mut passing = 0;
        for (at, (score, terms)) in scores.iter().zip(&*terms).enumerate() {
            let limit =
                limit.constant + by_norm * terms.norm + by_error * terms.error + terms.shift;
            // Also where nothing is known, and the limit is not a number.
            let is_beyond = *score > limit;
            places[passing] = at;
            near[passing] = rows[at];
            passing += usize::from(!is_beyond);
        }
        places.truncate(passing);
        near.truncate(passing);
    }
}

impl RowScorer for Screened<'_> {
    fn score(&mut self, rows: &[u32], scores: &mut [f32]) {
        self.exact.gather(self.rows, rows, scores);
    }

    fn score_up_to(&mut self, bound: f32, rows: &[u32], scores: &mut [f32]) {
        if !bound.is_finite() || bound == f32::MAX {
            return self.score(rows, scores);
        }
        self.pass(rows, bound);
        let Scratch { places, near, scores: found, .. } = &mut self.scratch;
        found.resize(near.len(), 0.0);
        self.exact.gather(self.rows, near, found);
        scores.fill(f32::INFINITY);
        places.iter().zip(found).for_each(|(place, score)| scores[*place] = *score);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_quant::raw::Raw;
    use anear_quant::{Codec, How, Query};
    use anear_testkit::random::Random;
    use anear_types::{Element, MatrixRef, Measure};

    const ROWS: usize = 500;
    const DIM: usize = 40;

    #[test]
    fn scores_up_to_the_bound_are_those_of_the_rows_and_most_others_are_left_out() {
        let mut random = Random::new(11);
        let mut number = || random.below(2_001) as f32 / 1_000.0 - 1.0;
        // Of very different lengths, and two that are the query.
        let mut values: Vec<f32> = (0..ROWS * DIM)
            .map(|at| number() * if at / DIM % 10 == 9 { 1e-3 } else { 10.0 })
            .collect();
        let query: Vec<f32> = (0..DIM).map(|_| number() * 10.0).collect();
        values[..DIM].copy_from_slice(&query);
        values[77 * DIM..][..DIM].copy_from_slice(&query);
        let bytes: &[u8] = bytemuck::cast_slice(&values);
        let raw = Raw::new(DIM);
        let numbers: Vec<u32> = (0..ROWS as u32).rev().collect();
        for level in Level::available() {
            for (metric, measure) in
                [(Metric::L2, Measure::L2), (Metric::InnerProduct, Measure::InnerProduct)]
            {
                let rows = MatrixRef::new(bytes, Element::F32, ROWS, DIM);
                let sq = Sq::train(level, metric, rows).unwrap();
                let mut block = SqBlock::default();
                sq.encode(level, rows, &mut block);
                let codes = Codes::new(level, metric, sq, block);
                let how = How { measure, argument: 0.0 };
                let exact = raw.scorer(Query::Floats(&query), how).unwrap();
                let mut scorer = codes.scorer(&query, exact, bytes);
                let (mut all, mut found) = (vec![0.0; ROWS], vec![0.0; ROWS]);
                scorer.score(&numbers, &mut all);
                let mut sorted = all.clone();
                sorted.sort_by(f32::total_cmp);
                for nearest in [0, 1, 5, 60] {
                    let bound = sorted[nearest];
                    scorer.score_up_to(bound, &numbers, &mut found);
                    let pairs = || all.iter().zip(&found);
                    assert!(pairs().all(|(all, found)| all == found || *all > bound));
                    let left_out = found.iter().filter(|score| score.is_infinite()).count();
                    assert!(left_out > ROWS / 2, "{metric}: {left_out} of {ROWS} at {nearest}");
                }
                scorer.score_up_to(f32::INFINITY, &numbers, &mut found);
                assert_eq!(found, all);
            }
        }
    }
}
