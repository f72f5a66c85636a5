//! One distance at a time, in f64: what is reported and what decides the order.
//!
//! Sums are taken in sixteen parts, without fused operations, so that every level gives the same
//! bits. Three metrics need more than their formula:
//!
//! * cosine and angular: `1 - cosine` has no digits left when vectors are near each other. There,
//!   half the squared distance of the unit vectors is taken, which is the same number and keeps
//!   its digits. Below 1e-28 it is rounding and counts 0, so that multiples of one vector tie.
//! * jensenshannon: with `m` the mean of `x` and `y` and `d = (x - y) / (x + y)`, a term is
//!   `m ((1 + d) ln(1 + d) + (1 - d) ln(1 - d))`; for small `d` its power series is taken.
//! * canberra and braycurtis: sums that overflow are taken again, scaled down.

use crate::Level;
use crate::arch::{Kernel, Simd};
use anear_types::Metric;

/// Sums kept side by side.
const PARTS: usize = 16;

/// A query with what can be computed once for it.
#[derive(Clone, Debug)]
pub struct Query {
    metric: Metric,
    values: Vec<f64>,
    /// `values` with norm 1, or all zero; for cosine and angular only.
    unit: Vec<f64>,
}

impl Query {
    /// Prepares a query for one of the metrics over numbers.
    ///
    /// # Panics
    /// If the metric is one over bits.
    pub fn new(metric: Metric, values: Vec<f64>) -> Query {
        assert!(!metric.is_binary(), "{metric} is over bits");
        let unit = match metric {
            Metric::Cosine | Metric::Angular => match norm(&values) {
                0.0 => values.clone(),
                norm => values.iter().map(|value| value / norm).collect(),
            },
            _ => Vec::new(),
        };
        Query { metric, values, unit }
    }

    /// The components.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The components divided by the norm; empty unless the metric is cosine or angular.
    pub fn unit(&self) -> &[f64] {
        &self.unit
    }

    /// The distance (or similarity) to a row, in the metric's own scale. Not a number where the
    /// metric is not defined: negative components for jensenshannon, or components that are not
    /// finite. Infinite where f64 overflows.
    ///
    /// # Panics
    /// If the row has another length.
    pub fn distance<T: Component>(&self, level: Level, row: &[T]) -> f64 {
        assert_eq!(row.len(), self.values.len());
        level.run(Distance { query: self, row })
    }
}

/// What a row may be made of: f64, or f32, which widens on the way.
pub trait Component: Copy + Into<f64> {}

impl Component for f32 {}
impl Component for f64 {}

struct Distance<'a, T> {
    query: &'a Query,
    row: &'a [T],
}

impl<T: Component> Kernel for Distance<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f64 {
        let (x, y) = (self.row, self.query.values.as_slice());
        match self.query.metric {
            Metric::L2 => sum(x, y, |x, y| (x - y) * (x - y)),
            Metric::Euclidean => sum(x, y, |x, y| (x - y) * (x - y)).sqrt(),
            Metric::Cosine => cosine_distance(x, &self.query.unit),
            Metric::Angular => (2.0 * cosine_distance(x, &self.query.unit)).sqrt(),
            Metric::InnerProduct => sum(x, y, |x, y| x * y),
            Metric::Manhattan => sum(x, y, |x, y| (x - y).abs()),
            Metric::Chebyshev => fold(x, y, |largest, x, y| (x - y).abs().max(largest), f64::max),
            Metric::Canberra => canberra(x, y, 1.0),
            Metric::BrayCurtis => bray_curtis(x, y, 1.0),
            Metric::JensenShannon => 0.5 * sum(x, y, jensen_shannon_term),
            Metric::Hamming | Metric::Jaccard => unreachable!("refused by Query::new"),
        }
    }
}

/// The Euclidean norm, also where squares would overflow or vanish.
#[inline(always)]
pub fn norm<T: Component>(x: &[T]) -> f64 {
    let squares = sum(x, x, |x, _| x * x);
    if (1e-280..=1e280).contains(&squares) {
        return squares.sqrt();
    }
    norm_scaled(x)
}

#[cold]
fn norm_scaled<T: Component>(x: &[T]) -> f64 {
    let x = x.iter().map(|x| -> f64 { (*x).into() });
    let largest = x.clone().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    largest * x.map(|x| (x / largest) * (x / largest)).sum::<f64>().sqrt()
}

#[inline(always)]
fn cosine_distance<T: Component>(x: &[T], unit: &[f64]) -> f64 {
    let norm = norm(x);
    if norm == 0.0 {
        return 1.0;
    }
    let cosine = sum(x, unit, |x, y| x * y) / norm;
    if cosine < 0.99 {
        return 1.0 - cosine;
    }
    let half = 0.5 * sum(x, unit, |x, y| (x / norm - y) * (x / norm - y));
    if half < 1e-28 { 0.0 } else { half }
}

#[inline(always)]
fn canberra<T: Component>(x: &[T], y: &[f64], scale: f64) -> f64 {
    let total = sum(x, y, |x, y| {
        let (over, under) = (scale * x - scale * y, (scale * x).abs() + (scale * y).abs());
        // The last term makes it NaN where the divisor overflowed.
        (if under == 0.0 { 0.0 } else { over.abs() / under }) + under * 0.0
    });
    if total.is_nan() && scale == 1.0 { canberra_scaled(x, y) } else { total }
}

#[cold]
fn canberra_scaled<T: Component>(x: &[T], y: &[f64]) -> f64 {
    canberra(x, y, 0.25)
}

#[inline(always)]
fn bray_curtis<T: Component>(x: &[T], y: &[f64], scale: f64) -> f64 {
    let over = sum(x, y, |x, y| (scale * x - scale * y).abs());
    let under = sum(x, y, |x, y| (scale * x + scale * y).abs());
    if scale == 1.0 && !(over + under).is_finite() {
        return bray_curtis_scaled(x, y);
    }
    if over == 0.0 && under == 0.0 { 0.0 } else { over / under }
}

#[cold]
fn bray_curtis_scaled<T: Component>(x: &[T], y: &[f64]) -> f64 {
    bray_curtis(x, y, 2f64.powi(-65))
}

#[inline(always)]
fn jensen_shannon_term(x: f64, y: f64) -> f64 {
    if x < 0.0 || y < 0.0 {
        return f64::NAN;
    }
    let total = x + y;
    if total == 0.0 {
        return 0.0;
    }
    let d = (x - y) / total;
    let square = d * d;
    let bent = if square < 0.0025 {
        // The sum of d^2k / (k (2k - 1)); six terms are exact to f64 for |d| < 0.05.
        let tail = 1.0 / 28.0 + square * (1.0 / 45.0 + square / 66.0);
        square * (1.0 + square * (1.0 / 6.0 + square * (1.0 / 15.0 + square * tail)))
    } else {
        let part = |share: f64| if share == 0.0 { 0.0 } else { share * share.ln() };
        part(1.0 + d) + part(1.0 - d)
    };
    0.5 * total * bent
}

#[inline(always)]
fn sum<T: Component, U: Component>(x: &[T], y: &[U], term: impl Fn(f64, f64) -> f64) -> f64 {
    fold(x, y, |sum, x, y| sum + term(x, y), |a, b| a + b)
}

/// Folds pairs into [`PARTS`] values, and those, half by half, into one.
#[inline(always)]
fn fold<T: Component, U: Component>(
    x: &[T],
    y: &[U],
    step: impl Fn(f64, f64, f64) -> f64,
    join: impl Fn(f64, f64) -> f64,
) -> f64 {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<PARTS>(), y.as_chunks::<PARTS>());
    let mut parts = [0.0; PARTS];
    for (xs, ys) in xs.iter().zip(ys) {
        for part in 0..PARTS {
            parts[part] = step(parts[part], xs[part].into(), ys[part].into());
        }
    }
    for (part, (x, y)) in parts.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *part = step(*part, (*x).into(), (*y).into());
    }
    let mut half = PARTS / 2;
    while half > 0 {
        for part in 0..half {
            parts[part] = join(parts[part], parts[part + half]);
        }
        half /= 2;
    }
    parts[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(metric: Metric, x: &[f64], y: &[f64]) -> f64 {
        Query::new(metric, y.to_vec()).distance(Level::best(), x)
    }

    #[test]
    fn near_vectors_keep_their_digits() {
        // The angle is 1e-9, so 1 - cosine is 5e-19, far below the rounding of 1.
        let near = distance(Metric::Cosine, &[1.0, 1e-9], &[1.0, 0.0]);
        assert!((near - 5e-19).abs() < 5e-25, "{near}");
        assert_eq!(distance(Metric::Cosine, &[0.3, 0.1, 0.7], &[0.9, 0.3, 2.1]), 0.0);
        let near = distance(Metric::JensenShannon, &[1.0 + 2e-7], &[1.0]);
        assert!((near / 5e-15 - 1.0).abs() < 1e-6, "{near}");
    }

    #[test]
    fn the_series_of_jensen_shannon_meets_the_logarithms() {
        for d in [0.0499999, 0.0500001] {
            let (x, y): (f64, f64) = (1.0 + d, 1.0 - d);
            let plain = 0.5 * (x * x.ln() + y * y.ln());
            let got = distance(Metric::JensenShannon, &[x], &[y]);
            assert!((got / plain - 1.0).abs() < 1e-12, "{got} {plain}");
        }
        assert_eq!(distance(Metric::JensenShannon, &[1.0, 0.0], &[0.0, 1.0]), 2f64.ln());
        assert!(distance(Metric::JensenShannon, &[-1.0], &[1.0]).is_nan());
    }

    #[test]
    fn sizes_at_the_end_of_the_scale_do_not_matter_where_they_cancel() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(distance(Metric::Cosine, &[1e200, 1e200], &[1e-200, 0.0]), 1.0 - 0.5f64.sqrt());
        close(distance(Metric::Cosine, &[1e-320, 0.0], &[1e300, 0.0]), 0.0);
        close(distance(Metric::Canberra, &[1.5e308], &[1e308]), 0.2);
        close(distance(Metric::BrayCurtis, &[1e308, 1e308], &[1e308, 5e307]), 1.0 / 7.0);
        assert_eq!(distance(Metric::Canberra, &[0.0, 5e-324], &[0.0, 0.0]), 1.0);
        assert_eq!(distance(Metric::BrayCurtis, &[1.0], &[-1.0]), f64::INFINITY);
    }
}
