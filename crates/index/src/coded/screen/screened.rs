//! The rows that may be near, scored.

use super::{Codes, Coding, Terms};
use crate::ann::{Collector, RowScorer};
use crate::coded::BLOCK_CODES;
use anear_kernels::{codes, exact};
use anear_quant::Scorer;
use anear_quant::sq::SqQueries;

/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// More than sums lose where they are too small for f32.
const VANISHING: f64 = 1e-30;
/// Where one row in so many is wanted, or fewer, those that codes tell to be the nearest are read first.
const FEW: usize = 8;

/// A query, and what scores rows in full.
pub(crate) struct Screened<'a> {
    coding: &'a Coding,
    queries: SqQueries,
    full: Box<dyn Scorer + 'a>,
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
    /// Prepares a finite query, whose scores of rows are in full those of `full`.
    pub(crate) fn screened<'a>(
        &'a self,
        query: &[f32],
        full: Box<dyn Scorer + 'a>,
    ) -> Screened<'a> {
        let values: Vec<f64> = query.iter().copied().map(f64::from).collect();
        let one = std::iter::once(&values[..]);
        let queries = SqQueries::new(self.level, &self.sq, self.metric, one);
        // Each addition of f32 loses a unit of what was added up so far at most.
        let loss = (query.len() + 8) as f64 * UNIT * 1.01;
        let (norm, scratch) = (exact::norm(query), Scratch::default());
        Screened { coding: self, queries, full, loss, norm, scratch }
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
            return self.full.gather(rows, numbers, scores);
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

    /// Offers so many rows, but for those that codes tell to be too far. `id` says what a row is called, if
    /// it is wanted.
    pub(crate) fn scan(
        &mut self,
        (codes, rows): (&Codes, &[u8]),
        count: usize,
        collector: &mut Collector,
        id: impl Fn(usize) -> Option<i64> + Copy,
    ) {
        for first in (0..count).step_by(BLOCK_CODES) {
            let block = first..count.min(first + BLOCK_CODES);
            let coded = codes.coded().range(block.start, block.end);
            let terms = &codes.terms(&self.queries)[block.clone()];
            self.scratch.scores.resize(block.len(), 0.0);
            let (group, level) = (&self.queries.groups[0], self.coding.level);
            codes::scores(level, group, coded.codes, coded.scales, &mut self.scratch.scores);
            let number = |at| (first + at) as u32;
            let wanted = collector.missing();
            let mut offered = Vec::new();
            if wanted <= block.len() / FEW && !is_bound(collector.limit()) && !self.is_told() {
                self.guess(wanted, terms, number);
                self.score_near((codes, rows));
                self.offer(collector, id);
                offered.clone_from(&self.scratch.near);
            }
            self.pass(collector.limit(), terms, number);
            self.leave_out(&offered);
            self.score_near((codes, rows));
            self.offer(collector, id);
        }
    }

    /// Finds as many of the rows that were scored as are wanted: the nearest, as codes tell.
    fn guess(&mut self, wanted: usize, terms: &[Terms], number: impl Fn(usize) -> u32) {
        let Scratch { scores, places, near, found, .. } = &mut self.scratch;
        found.clear();
        found.extend(scores.iter().zip(terms).map(|(score, terms)| score - terms.shift));
        let mut nearest = Collector::of(wanted);
        nearest.offer_all(found, 0, |place| Some(place as i64));
        places.clear();
        places.extend(nearest.into_hits().iter().map(|hit| hit.id as usize));
        places.sort_unstable();
        near.clear();
        near.extend(places.iter().map(|place| number(*place)));
    }

    /// Leaves out rows on a list, both in the order of their numbers.
    fn leave_out(&mut self, list: &[u32]) {
        let Scratch { places, near, .. } = &mut self.scratch;
        let mut kept = 0;
        let mut listed = list.iter().peekable();
        for at in 0..near.len() {
            (near[kept], places[kept]) = (near[at], places[at]);
            while listed.next_if(|row| **row < near[at]).is_some() {}
            kept += usize::from(listed.peek() != Some(&&near[at]));
        }
        near.truncate(kept);
        places.truncate(kept);
    }

    fn offer(&self, collector: &mut Collector, id: impl Fn(usize) -> Option<i64>) {
        let Scratch { near, found, .. } = &self.scratch;
        collector.offer_all(found, 0, |at| id(near[at] as usize));
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
            return self.full.gather(rows, near, found);
        }
        let (member, squares) = (&self.queries.members[0], codes.coded().squares);
        for ((row, place), found) in near.iter().zip(places).zip(found) {
            match member.exact_square(scores[*place], squares[*row as usize]) {
                Some(square) => *found = square,
                None => self.full.gather(rows, &[*row], std::slice::from_mut(found)),
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
pub(crate) struct ScreenedRows<'a> {
    pub(crate) screened: Screened<'a>,
    pub(crate) codes: &'a Codes,
    pub(crate) rows: &'a [u8],
}

impl RowScorer for ScreenedRows<'_> {
    fn score(&mut self, rows: &[u32], scores: &mut [f32]) {
        self.screened.full.gather(self.rows, rows, scores);
    }

    fn score_up_to(&mut self, bound: f32, rows: &[u32], scores: &mut [f32]) {
        self.screened.score_up_to(bound, (self.codes, self.rows), rows, scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coded::screen::matrix;
    use crate::flat::Goal;
    use anear_kernels::Level;
    use anear_quant::raw::Raw;
    use anear_quant::{Codec, How, Query};
    use anear_testkit::random::Random;
    use anear_types::{Measure, Metric};

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
                }
                for k in [1, 5, 60, 400] {
                    let mut plain = Collector::new(Goal::Nearest { k }, how);
                    plain.offer_all(&all, 0, |at| Some(numbers[at].into()));
                    let mut collector = Collector::new(Goal::Nearest { k }, how);
                    scorer
                        .screened
                        .scan((&codes, bytes), ROWS, &mut collector, |at| Some(at as i64));
                    assert_eq!(collector.into_hits(), plain.into_hits(), "{metric}, {k}");
                    let odd = |at: usize| Some(at as i64).filter(|_| at % 2 == 1);
                    let mut plain = Collector::new(Goal::Nearest { k }, how);
                    plain.offer_all(&all, 0, |at| odd(numbers[at] as usize));
                    let mut collector = Collector::new(Goal::Nearest { k }, how);
                    scorer.screened.scan((&codes, bytes), ROWS, &mut collector, odd);
                    assert_eq!(
                        collector.into_hits(),
                        plain.into_hits(),
                        "{metric}, {k} of odd numbers"
                    );
                }
                scorer.score_up_to(f32::INFINITY, &numbers, &mut found);
                assert_eq!(found, all);
            }
        }
    }

    #[test]
    fn products_beyond_f32_leave_room_for_no_others() {
        // Their mean is 0, so that what is known of the query and of the other rows is of use.
        let large: Vec<f32> = (0..ROWS * DIM)
            .map(|at| if (at / DIM).is_multiple_of(2) { 1e25 } else { -1e25 })
            .collect();
        let small: Vec<f32> = (0..ROWS * DIM).map(|at| (at % 7) as f32 - 3.0).collect();
        let lists = [&large, &small].map(|list| matrix(bytemuck::cast_slice(list), DIM));
        let query = vec![1e15; DIM];
        let how = How { measure: Measure::InnerProduct, argument: 0.0 };
        let raw = Raw::new(DIM);
        for level in Level::available() {
            let coding = Coding::at(level, Metric::InnerProduct, &lists).unwrap();
            let full = raw.scorer(Query::Floats(&query), how).unwrap();
            let mut screened = coding.screened(&query, full);
            let mut collector = Collector::of(3);
            for (first, rows) in [0, ROWS].into_iter().zip(lists) {
                let id = |row: usize| Some((first + row) as i64);
                screened.scan((&coding.encode(rows), rows.bytes()), ROWS, &mut collector, id);
            }
            let hits = collector.into_hits();
            assert!(hits.iter().all(|hit| hit.score == f32::NEG_INFINITY));
            assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [0, 2, 4]);
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
                        let mut plain = Collector::new(Goal::Nearest { k: 20 }, how);
                        plain.offer_all(&all, 0, |at| Some(at as i64));
                        let mut collector = Collector::new(Goal::Nearest { k: 20 }, how);
                        let (rows, id) = ((&codes, rows.bytes()), |at| Some(at as i64));
                        scorer.screened.scan(rows, 50, &mut collector, id);
                        assert_eq!(collector.into_hits(), plain.into_hits());
                    }
                }
            }
        }
    }
}
