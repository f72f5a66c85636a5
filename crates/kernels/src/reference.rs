//! What every fast path must give, in plain loops; for tests.

use anear_types::Metric;

/// The distance between two vectors by the formula of the metric, in f64.
///
/// # Panics
/// If the lengths differ.
pub fn distance(metric: Metric, x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| term(*x, *y)).sum()
    };
    let l2 = || sum(&|x, y| (x - y) * (x - y));
    let cosine = || {
        let norms = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
        if norms == 0.0 { 0.0 } else { sum(&|x, y| x * y) / norms }
    };
    let bit = |value: f64| value > 0.5;
    match metric {
        Metric::L2 => l2(),
        Metric::Euclidean => l2().sqrt(),
        Metric::Cosine => 1.0 - cosine(),
        Metric::Angular => (2.0 - 2.0 * cosine()).max(0.0).sqrt(),
        Metric::InnerProduct => sum(&|x, y| x * y),
        Metric::Manhattan => sum(&|x, y| (x - y).abs()),
        Metric::Chebyshev => x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max),
        Metric::Canberra => sum(&|x, y| ratio((x - y).abs(), x.abs() + y.abs())),
        Metric::BrayCurtis => ratio(sum(&|x, y| (x - y).abs()), sum(&|x, y| (x + y).abs())),
        Metric::JensenShannon => {
            let part = |x: f64, mean: f64| if x == 0.0 { 0.0 } else { x * (x / mean).ln() };
            sum(&|x, y| part(x, (x + y) / 2.0) + part(y, (x + y) / 2.0)) / 2.0
        }
        Metric::Hamming => sum(&|x, y| f64::from(u8::from(bit(x) != bit(y)))),
        Metric::Jaccard => {
            let either = sum(&|x, y| f64::from(u8::from(bit(x) || bit(y))));
            let both = sum(&|x, y| f64::from(u8::from(bit(x) && bit(y))));
            if either == 0.0 { 0.0 } else { 1.0 - both / either }
        }
    }
}

fn ratio(over: f64, under: f64) -> f64 {
    if over == 0.0 && under == 0.0 { 0.0 } else { over / under }
}
