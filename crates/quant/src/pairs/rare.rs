//! Measures that few indexes are built with, in plain loops.

use anear_types::Measure;

/// A score of a row: query, row, argument of the measure.
type Score = fn(&[f32], &[f32], f32) -> f32;

/// What scores by a measure that has no kernel.
///
/// # Panics
/// If it has one.
pub(super) fn score(measure: Measure) -> Score {
    match measure {
        Measure::Lp => lp,
        Measure::Canberra => canberra,
        Measure::BrayCurtis => bray_curtis,
        Measure::JensenShannon => jensen_shannon,
        Measure::Jaccard => negative_jaccard,
        Measure::NanEuclidean => nan_euclidean,
        Measure::Gower => gower,
        other => panic!("{other} has a kernel"),
    }
}

fn sum(x: &[f32], y: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    x.iter().zip(y).map(|(x, y)| term(*x, *y)).sum()
}

fn lp(x: &[f32], y: &[f32], exponent: f32) -> f32 {
    sum(x, y, |x, y| (x - y).abs().powf(exponent))
}

fn canberra(x: &[f32], y: &[f32], _: f32) -> f32 {
    sum(x, y, |x, y| (x - y).abs() / (x.abs() + y.abs()))
}

fn bray_curtis(x: &[f32], y: &[f32], _: f32) -> f32 {
    sum(x, y, |x, y| (x - y).abs()) / sum(x, y, |x, y| (x + y).abs())
}

fn jensen_shannon(x: &[f32], y: &[f32], _: f32) -> f32 {
    let term = |x: f32, y: f32| {
        let mean = 0.5 * (x + y);
        -x * (mean / x).ln() - y * (mean / y).ln()
    };
    0.5 * sum(x, y, term)
}

fn negative_jaccard(x: &[f32], y: &[f32], _: f32) -> f32 {
    -sum(x, y, f32::min) / sum(x, y, f32::max)
}

fn nan_euclidean(x: &[f32], y: &[f32], _: f32) -> f32 {
    let both = || x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let squares: f32 = both().map(|(x, y)| (x - y) * (x - y)).sum();
    match both().count() {
        0 => f32::NAN,
        present => x.len() as f32 / present as f32 * squares,
    }
}

fn gower(x: &[f32], y: &[f32], _: f32) -> f32 {
    let (mut total, mut present) = (0.0, 0);
    for (x, y) in x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan()) {
        total += match (*x >= 0.0, *y >= 0.0) {
            (true, true) if *x > 1.0 || *y > 1.0 => return f32::NAN,
            (true, true) => (x - y).abs(),
            (false, false) => f32::from(u8::from(x != y)),
            _ => return f32::NAN,
        };
        present += 1;
    }
    if present == 0 { f32::NAN } else { total / present as f32 }
}
