//! Every codec decodes as its formula says, and scores codes as the rows they stand for.

mod bits;
mod product;
mod rabitq;
mod scalar;
mod transforms;

use anear_kernels::lookup::near::{PIECE, Taker};
use anear_quant::{Codec, How, Query, Scorer};
use anear_testkit::random::Random;
use anear_types::Measure;

fn floats(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.below(2001) as f32 / 500.0 - 2.0).collect()
}

fn bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.number() as u8).collect()
}

/// `bits` bits of a code from a bit on, the lowest first.
fn number(code: &[u8], first: usize, bits: usize) -> usize {
    (0..bits).fold(0, |number, bit| {
        let at = first + bit;
        number | usize::from(code[at / 8] >> (at % 8) & 1) << bit
    })
}

fn plain_score(measure: Measure, exponent: f64, query: &[f32], row: &[f32]) -> f64 {
    let pairs = || query.iter().zip(row).map(|(x, y)| (f64::from(*x), f64::from(*y)));
    match measure {
        Measure::InnerProduct => -pairs().map(|(x, y)| x * y).sum::<f64>(),
        Measure::L2 => pairs().map(|(x, y)| (x - y).powi(2)).sum(),
        Measure::Manhattan => pairs().map(|(x, y)| (x - y).abs()).sum(),
        Measure::Chebyshev => pairs().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max),
        Measure::Lp => pairs().map(|(x, y)| (x - y).abs().powf(exponent)).sum(),
        Measure::Canberra => pairs().map(|(x, y)| (x - y).abs() / (x.abs() + y.abs())).sum(),
        Measure::BrayCurtis => {
            let apart: f64 = pairs().map(|(x, y)| (x - y).abs()).sum();
            apart / pairs().map(|(x, y)| (x + y).abs()).sum::<f64>()
        }
        Measure::JensenShannon => {
            let half = |x: f64, y: f64| 0.5 * x * (2.0 * x / (x + y)).ln();
            pairs().map(|(x, y)| half(x, y) + half(y, x)).sum()
        }
        Measure::Jaccard => {
            let both: f64 = pairs().map(|(x, y)| x.min(y)).sum();
            -both / pairs().map(|(x, y)| x.max(y)).sum::<f64>()
        }
        Measure::NanEuclidean => {
            let known = || pairs().filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let squares: f64 = known().map(|(x, y)| (x - y).powi(2)).sum();
            squares * query.len() as f64 / known().count() as f64
        }
        Measure::Gower => {
            let known = || pairs().filter(|(x, y)| !x.is_nan() && !y.is_nan());
            let apart = |(x, y): (f64, f64)| match x < 0.0 {
                true => f64::from(u8::from(x != y)),
                false => (x - y).abs(),
            };
            known().map(apart).sum::<f64>() / known().count() as f64
        }
        Measure::Hamming => unreachable!("of bits"),
    }
}

fn assert_close(found: f32, expected: f64, place: &str) {
    let tolerance = 3e-5 * expected.abs().max(1.0);
    assert!((f64::from(found) - expected).abs() <= tolerance, "{place}: {found}, {expected}");
}

/// Checks blocks, gathered codes and differences to a center against decoded rows.
fn check_scores(codec: &dyn Codec, codes: &[u8], query: &[f32], measures: &[Measure]) {
    let (dim, count) = (codec.dim(), codes.len() / codec.code_bytes());
    let mut rows = vec![0.0; count * dim];
    codec.decode(codes, &mut rows);
    let numbers: Vec<u32> = (0..count as u32).rev().step_by(3).collect();
    for measure in measures {
        let place = format!("{codec:.20?} {measure}");
        let how = How { measure: *measure, argument: 3.0 };
        let expected = |row: usize, query: &[f32]| {
            plain_score(*measure, 3.0, query, &rows[row * dim..][..dim])
        };
        let mut scorer = codec.scorer(Query::Floats(query), how).unwrap();
        let mut scores = vec![0.0; count];
        scorer.block(codes, &mut scores);
        for (row, score) in scores.iter().enumerate() {
            assert_close(*score, expected(row, query), &place);
        }
        let mut gathered = vec![0.0; numbers.len()];
        scorer.gather(codes, &numbers, &mut gathered);
        for (number, score) in numbers.iter().zip(&gathered) {
            assert_close(*score, expected(*number as usize, query), &place);
        }
        if matches!(measure, Measure::L2 | Measure::InnerProduct) {
            let center: Vec<f32> = query.iter().rev().map(|component| component * 0.5).collect();
            scorer.announce(&[(0, &center)]);
            scorer.center_at(0, &center);
            scorer.block(codes, &mut scores);
            add_own_terms(codec, &center, codes, how, &mut scores);
            for (row, score) in scores.iter().enumerate() {
                let row = rows[row * dim..][..dim].iter().zip(&center).map(|(x, y)| x + y);
                let row: Vec<f32> = row.collect();
                assert_close(*score, plain_score(*measure, 3.0, query, &row), &place);
            }
        }
    }
}

/// The numbers and scores of so many codes that a scorer tells of below a limit that stays.
fn told_near(scorer: &mut dyn Scorer, codes: &[u8], count: usize, limit: f32) -> Vec<(usize, f32)> {
    struct Told(f32, Vec<(usize, f32)>);
    impl Taker for Told {
        fn take(&mut self, first: usize, which: u32, scores: &[f32; PIECE]) -> f32 {
            for (at, score) in scores.iter().enumerate() {
                if which >> at & 1 == 1 && *score <= self.0 {
                    self.1.push((first + at - 100, *score));
                }
            }
            self.0
        }
    }
    let mut told = Told(limit, Vec::new());
    scorer.near(codes, &mut vec![0.0; count], 100, limit, &mut told);
    told.1
}

/// What is told of near scores is what a block of scores says.
fn check_near(scorer: &mut dyn Scorer, codes: &[u8], scores: &[f32]) {
    let limit = scores[3];
    let near = scores.iter().copied().enumerate().filter(|(_, score)| *score <= limit);
    assert_eq!(told_near(scorer, codes, scores.len(), limit), near.collect::<Vec<_>>());
}

fn add_own_terms(codec: &dyn Codec, center: &[f32], codes: &[u8], how: How, scores: &mut [f32]) {
    let terms = codec.own_terms(center, codes, how);
    for (score, term) in scores.iter_mut().zip(terms.into_iter().flatten()) {
        *score += term;
    }
}
