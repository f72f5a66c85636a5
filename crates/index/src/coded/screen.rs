//! Scoring rows, of which only those that may be near are read in full.
//!
//! A search scores many rows, and most of them turn out to be too far. Their codes of a byte a component
//! are a quarter of the bytes and bound the distance ([`anear_quant::sq`]); the bounds are widened for
//! what sums of f32 may lose, so that no row is left out whose score would be near enough.

use crate::ann::RowScorer;
use anear_kernels::{Level, codes};
use anear_quant::sq::{Coded, Sq, SqBlock, SqQueries};
use anear_quant::{How, Scorer};
use anear_types::{Element, MatrixRef, Measure, Metric};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// More than sums lose where they are too small for f32.
const VANISHING: f64 = 1e-30;

/// Counts queries, to tell when it has paid to have coded the rows.
#[derive(Default)]
pub(crate) struct Asked(AtomicUsize);

impl Asked {
    /// Counts some queries that score all rows; whether it has paid.
    pub(crate) fn for_all(&self, queries: usize) -> bool {
        self.0.fetch_add(queries, Ordering::Relaxed) + queries >= 200
    }

    /// Counts a query that scores some of the rows; whether it has paid.
    pub(crate) fn for_some(&self, rows: u64) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) as u64 >= 200 + rows / 512
    }
}

/// The metric of a measure that codes bound; `None` for others.
pub(crate) fn metric_of(how: How) -> Option<Metric> {
    match how.measure {
        Measure::L2 => Some(Metric::L2),
        Measure::InnerProduct => Some(Metric::InnerProduct),
        _ => None,
    }
}

/// How rows are coded.
pub(crate) struct Coding {
    level: Level,
    metric: Metric,
    sq: Sq,
    /// The norm of the centre of all rows.
    center: f64,
}

/// The codes of some rows.
pub(crate) struct Codes {
    block: SqBlock,
    /// What is known of each row beside its code, from the first query on that asks for it.
    terms: OnceLock<Vec<Terms>>,
}

/// What stands for a row in the bound for its score.
#[derive(Clone, Copy)]
struct Terms {
    scale: f32,
    norm: f32,
    error: f32,
    shift: f32,
}

/// A query, and what scores rows in full.
pub(crate) struct Screened<'a> {
    coding: &'a Coding,
    queries: SqQueries,
    exact: Box<dyn Scorer + 'a>,
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
    /// What codes say of the rows that are scored.
    scores: Vec<f32>,
    /// Where rows that may be near stand among those that are scored, and which they are.
    places: Vec<usize>,
    near: Vec<u32>,
    /// The scores of these.
    found: Vec<f32>,
}

impl Coding {
    /// Chooses a coding for rows in several parts; `None` if a row is not finite, or there is none.
    pub(crate) fn new(metric: Metric, parts: &[MatrixRef<'_>]) -> Option<Coding> {
        let is_finite = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes).is_finite();
        if !parts.iter().all(|rows| rows.bytes().as_chunks().0.iter().all(is_finite)) {
            return None;
        }
        Coding::at(Level::best(), metric, parts)
    }

    fn at(level: Level, metric: Metric, parts: &[MatrixRef<'_>]) -> Option<Coding> {
        let sq = Sq::train_over(level, metric, parts)?;
        let (center, ..) = sq.parts();
        let center = norm(center);
        Some(Coding { level, metric, sq, center })
    }

    pub(crate) fn sq(&self) -> &Sq {
        &self.sq
    }

    pub(crate) fn encode(&self, rows: MatrixRef<'_>) -> Codes {
        let mut block = SqBlock::default();
        self.sq.encode(self.level, rows, &mut block);
        Codes { block, terms: OnceLock::new() }
    }

    /// Prepares a finite query, whose scores of rows are in full those of `exact`.
    pub(crate) fn screened<'a>(
        &'a self,
        query: &[f32],
        exact: Box<dyn Scorer + 'a>,
    ) -> Screened<'a> {
        let values: Vec<f64> = query.iter().copied().map(f64::from).collect();
        let one = std::iter::once(&values[..]);
        let queries = SqQueries::new(self.level, &self.sq, self.metric, one);
        // Each addition of f32 loses a unit of what was added up so far at most.
        let loss = (query.len() + 8) as f64 * UNIT * 1.01;
        let (norm, scratch) = (norm(query), Scratch::default());
        Screened { coding: self, queries, exact, loss, norm, scratch }
    }
}

/// Rows of floats, one behind another.
pub(crate) fn matrix(rows: &[u8], dim: usize) -> MatrixRef<'_> {
    let element = Element::F32;
    MatrixRef::new(rows, element, rows.len() / (dim * element.bytes()), dim)
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>().sqrt()
}

impl Codes {
    pub(crate) fn coded(&self) -> Coded<'_> {
        self.block.coded()
    }

    fn terms(&self, queries: &SqQueries) -> &[Terms] {
        self.terms.get_or_init(|| {
            let coded = self.coded();
            let (mut norms, mut shifts) = (Vec::new(), Vec::new());
            queries.row_terms(&coded, &mut norms, &mut shifts);
            let row = |row: usize| Terms {
                scale: coded.scales[row],
                norm: norms.get(row).copied().unwrap_or(0.0),
                error: coded.errors[row],
                shift: shifts[row],
            };
            (0..shifts.len()).map(row).collect()
        })
    }
}

impl Screened<'_> {
    /// Scores rows that are numbered from 0, but gives infinity for some that are beyond the bound.
    fn score_up_to(
        &mut self,
        bound: f32,
        (codes, rows): (&Codes, &[u8]),
        numbers: &[u32],
        scores: &mut [f32],
    ) {
        if !is_bound(bound) && !self.is_told() {
            return self.exact.gather(rows, numbers, scores);
        }
        let Scratch { listed, terms, scales, .. } = &mut self.scratch;
        listed.clear();
        listed.extend(numbers.iter().map(|row| *row as usize));
        let all = codes.terms(&self.queries);
        terms.clear();
        terms.extend(listed.iter().map(|row| all[*row]));
        scales.clear();
        scales.extend(terms.iter().map(|terms| terms.scale));
        self.scratch.scores.resize(numbers.len(), 0.0);
        let coded = codes.coded().codes.listed(&self.scratch.listed);
        let (group, level) = (&self.queries.groups[0], self.coding.level);
        codes::scores(level, group, coded, &self.scratch.scales, &mut self.scratch.scores);
        let terms = std::mem::take(&mut self.scratch.terms);
        self.pass(bound, &terms, |at| numbers[at]);
        self.scratch.terms = terms;
        self.score_near((codes, rows));
        scores.fill(f32::INFINITY);
        let Scratch { places, found, .. } = &self.scratch;
        places.iter().zip(found).for_each(|(place, score)| scores[*place] = *score);
    }

    /// Scores some rows in a row; the numbers of those that may be up to the bound, and their scores.
    pub(crate) fn near(
        &mut self,
        bound: f32,
        (codes, rows): (&Codes, &[u8]),
        range: Range<usize>,
    ) -> (&[u32], &[f32]) {
        let first = range.start as u32;
        if is_bound(bound) || self.is_told() {
            let coded = codes.coded().range(range.start, range.end);
            self.scratch.scores.resize(range.len(), 0.0);
            let (group, level) = (&self.queries.groups[0], self.coding.level);
            codes::scores(level, group, coded.codes, coded.scales, &mut self.scratch.scores);
            let terms = &codes.terms(&self.queries)[range];
            self.pass(bound, terms, |at| first + at as u32);
        } else {
            self.scratch.near.clear();
            self.scratch.near.extend(first..range.end as u32);
        }
        self.score_near((codes, rows));
        (&self.scratch.near, &self.scratch.found)
    }

    /// Whether codes tell the scores themselves.
    fn is_told(&self) -> bool {
        self.queries.members[0].is_exact()
    }

    /// Scores the rows that may be near: in full, where their codes do not tell.
    fn score_near(&mut self, (codes, rows): (&Codes, &[u8])) {
        let is_told = self.is_told();
        let Scratch { scores, places, near, found, .. } = &mut self.scratch;
        found.resize(near.len(), 0.0);
        if !is_told {
            return self.exact.gather(rows, near, found);
        }
        let (member, squares) = (&self.queries.members[0], codes.coded().squares);
        for ((row, place), found) in near.iter().zip(places).zip(found) {
            match member.exact_square(scores[*place], squares[*row as usize]) {
                Some(square) => *found = square,
                None => self.exact.gather(rows, &[*row], std::slice::from_mut(found)),
            }
        }
    }

    /// Finds which of the rows that were scored may be up to a bound.
    fn pass(&mut self, bound: f32, terms: &[Terms], number: impl Fn(usize) -> u32) {
        let is_product = self.queries.uses_norms();
        let (by_length, share) =
            if is_product { (self.loss * self.norm, 0.0) } else { (0.0, 2.0 * self.loss) };
        let bound = f64::from(bound) * (1.0 + share) + by_length * self.coding.center + VANISHING;
        let limit = self.queries.members[0].bound(bound);
        let (by_norm, by_error) =
            (limit.by_norm + by_length as f32 * 1.1, limit.by_error + by_length as f32 * 1.1);
        let Scratch { scores, places, near, .. } = &mut self.scratch;
        places.resize(scores.len(), 0);
        near.resize(scores.len(), 0);
        let mut passing = 0;
        for (at, (score, terms)) in scores.iter().zip(terms).enumerate() {
            let limit =
                limit.constant + by_norm * terms.norm + by_error * terms.error + terms.shift;
            // Also where nothing is known, and the limit is not a number.
            let is_beyond = *score > limit;
            places[passing] = at;
            near[passing] = number(at);
            passing += usize::from(!is_beyond);
        }
        places.truncate(passing);
        near.truncate(passing);
    }
}

/// Whether a bound lets not everything pass.
fn is_bound(bound: f32) -> bool {
    bound.is_finite() && bound < f32::MAX
}

/// Scores rows whose numbers are their places.
pub(super) struct ScreenedRows<'a> {
    pub(super) screened: Screened<'a>,
    pub(super) codes: &'a Codes,
    pub(super) rows: &'a [u8],
}

impl RowScorer for ScreenedRows<'_> {
    fn score(&mut self, rows: &[u32], scores: &mut [f32]) {
        self.screened.exact.gather(self.rows, rows, scores);
    }

    fn score_up_to(&mut self, bound: f32, rows: &[u32], scores: &mut [f32]) {
        self.screened.score_up_to(bound, (self.codes, self.rows), rows, scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_quant::raw::Raw;
    use anear_quant::{Codec, Query};
    use anear_testkit::random::Random;

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
                let rows = matrix(bytes, DIM);
                let coding = Coding::at(level, metric, &[rows]).unwrap();
                let codes = coding.encode(rows);
                let how = How { measure, argument: 0.0 };
                let exact = raw.scorer(Query::Floats(&query), how).unwrap();
                let screened = coding.screened(&query, exact);
                let mut scorer = ScreenedRows { screened, codes: &codes, rows: bytes };
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
                    let (near, scores) = scorer.screened.near(bound, (&codes, bytes), 7..ROWS);
                    assert!(near.len() < ROWS / 2 && near.is_sorted());
                    for (row, score) in all.iter().rev().enumerate().skip(7) {
                        match near.binary_search(&(row as u32)) {
                            Ok(at) => assert_eq!(scores[at], *score),
                            Err(_) => assert!(*score > bound),
                        }
                    }
                }
                scorer.score_up_to(f32::INFINITY, &numbers, &mut found);
                assert_eq!(found, all);
            }
        }
    }

    #[test]
    fn whole_numbers_are_scored_by_their_codes_to_the_last_bit() {
        let mut random = Random::new(12);
        let numbers: Vec<u32> = (0..50).collect();
        // Of 1000 components some distances are too large for whole numbers in f32, of 2000 sums of products.
        for (dim, is_told) in [(40, true), (1000, true), (2000, false)] {
            let mut values: Vec<f32> = (0..50 * dim).map(|_| random.below(256) as f32).collect();
            let query: Vec<f32> = (0..dim).map(|_| (random.below(2) * 255) as f32).collect();
            values[..dim].copy_from_slice(&query);
            values[dim..2 * dim].iter_mut().zip(&query).for_each(|(v, q)| *v = 255.0 - q);
            for shift in [0.0, -77.0, 900_000.0] {
                let shifted = |values: &[f32]| values.iter().map(|v| v + shift).collect::<Vec<_>>();
                let (values, query) = (shifted(&values), shifted(&query));
                let half: Vec<f32> = query.iter().map(|value| value - 0.5).collect();
                let rows = matrix(bytemuck::cast_slice(&values), dim);
                let raw = Raw::new(dim);
                for level in Level::available() {
                    let coding = Coding::at(level, Metric::L2, &[rows]).unwrap();
                    let codes = coding.encode(rows);
                    for (query, is_told) in [(&query, is_told), (&half, false)] {
                        let how = How { measure: Measure::L2, argument: 0.0 };
                        let exact = raw.scorer(Query::Floats(query), how).unwrap();
                        let screened = coding.screened(query, exact);
                        assert_eq!(screened.is_told(), is_told);
                        let mut scorer =
                            ScreenedRows { screened, codes: &codes, rows: rows.bytes() };
                        let (mut all, mut found) = (vec![0.0; 50], vec![0.0; 50]);
                        scorer.score(&numbers, &mut all);
                        assert!(dim < 1000 || all[1] > 2f32.powi(24));
                        scorer.score_up_to(f32::INFINITY, &numbers, &mut found);
                        assert_eq!(found, all);
                        scorer.score_up_to(all[7], &numbers, &mut found);
                        let bound = all[7];
                        let mut pairs = all.iter().zip(&found);
                        assert!(pairs.all(
                            |(all, found)| all == found || found.is_infinite() && *all > bound
                        ));
                        let (_, scores) =
                            scorer.screened.near(f32::MAX, (&codes, rows.bytes()), 0..50);
                        assert_eq!(scores, all);
                    }
                }
            }
        }
    }
}
