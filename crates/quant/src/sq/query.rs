//! Queries against coded rows: what a score says of a distance.

use super::encode::{ROUNDING, place, round_up, rounding};
use super::{Coded, Space, Sq};
use anear_kernels::Level;
use anear_kernels::codes::{self, Centered, CodeGroup, CodeQuery};
use anear_types::Metric;

/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// Squared norms of queries for which no score overflows.
const LARGEST_SQUARE: f64 = 1e36;
/// The code of 0 when signed bytes are written as unsigned ones.
const SIGN: u8 = 128;
/// What products of f32 lose at most where they are too small for it, see `vanished`.
const VANISHING: f64 = 1e-40;
/// The squares of so many signed bytes add up to what f32 holds exactly.
const MOST_EXACT: usize = 1024;
/// Up to here f32 holds every whole number.
const LARGEST_EXACT: f64 = (1 << 24) as f64;

/// Queries for coded rows.
#[derive(Debug)]
pub struct SqQueries {
    metric: Metric,
    /// The queries in the order of the groups, which is their own.
    pub members: Vec<Member>,
    /// The queries as the kernels take them.
    pub groups: Vec<CodeGroup>,
}

/// What is known of a query.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    metric: Metric,
    /// `|y|^2` and `|o|` of the module, `|q|`, and `m.q`.
    square: f64,
    rest: f64,
    norm: f64,
    center_product: f64,
    /// What the exact distance may be off by in f64, as a share and in absolute terms.
    share: f64,
    offset: f64,
    /// Whether the codes of the query and of all rows leave nothing over, nor do sums of their products.
    is_exact: bool,
}

/// Up to where scores pass: up to
/// `constant + by_norm * norm + by_error * error + shift` with the norm, error and shift of the row.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// What holds for all rows.
    pub constant: f32,
    /// For each unit of the row's norm.
    pub by_norm: f32,
    /// For each unit of the row's error.
    pub by_error: f32,
}

/// Inner products: that of a row is `center - score`, give or take
/// `by_norm * norm + by_error * error + constant`, where the norm is the root of the row's square.
#[derive(Clone, Copy, Debug)]
pub struct Products {
    /// The inner product of the query and the centre of all rows.
    pub center: f64,
    /// For each unit of the row's norm.
    pub by_norm: f64,
    /// For each unit of the row's error.
    pub by_error: f64,
    /// What holds for all rows.
    pub constant: f64,
}

impl SqQueries {
    /// Prepares queries of finite numbers. For one that is too large for f32 to tell anything, or zero
    /// where only angles count, no row is dropped.
    ///
    /// # Panics
    /// If their dimension is not that of the coding.
    pub fn new(
        level: Level,
        sq: &Sq,
        metric: Metric,
        queries: impl Iterator<Item: AsRef<[f64]>>,
    ) -> SqQueries {
        let mut values = vec![0.0; sq.dim()];
        let (mut members, mut steps) = (Vec::new(), Vec::new());
        for query in queries {
            values.copy_from_slice(query.as_ref());
            let norm = place(sq.space(), &mut values);
            let (member, query) = match (sq.space(), norm) {
                (Space::Unit, 0.0) => unknown(metric, sq.dim()),
                (Space::Unit, _) => prepare(level, sq, metric, &mut values, 1.0),
                (Space::Plain, norm) => prepare(level, sq, metric, &mut values, norm),
            };
            members.push(member);
            steps.push(query);
        }
        let groups = CodeGroup::split(level, &steps, sq.dim());
        SqQueries { metric, members, groups }
    }

    /// Whether bounds depend on the norms of rows.
    pub fn uses_norms(&self) -> bool {
        self.metric == Metric::InnerProduct
    }

    /// The terms of rows in their bounds: shifts, and norms where bounds depend on them.
    pub fn row_terms(&self, rows: &Coded<'_>, norms: &mut Vec<f32>, shifts: &mut Vec<f32>) {
        norms.clear();
        shifts.clear();
        if self.uses_norms() {
            norms.extend(rows.squares.iter().map(|square| square.sqrt()));
            // Not a number where the error is none, so that such rows pass.
            shifts.extend(rows.errors.iter().map(|error| error * 0.0));
        } else {
            let rows = rows.squares.iter().zip(rows.errors);
            shifts.extend(rows.map(|(square, error)| shift(*square, *error)));
        }
    }
}

fn shift(square: f32, error: f32) -> f32 {
    const MARGIN: f32 = 10.0 * UNIT as f32;
    let error = error * error;
    0.5 * (error - square) + MARGIN * (error + square) + VANISHING as f32 * (1.0 + square)
}

impl Member {
    /// The bound for scores of rows whose distance has a key up to `threshold`: what hits are
    /// ordered by, the smaller the nearer.
    pub fn bound(&self, threshold: f64) -> Bound {
        let Member { square, rest, .. } = *self;
        let (constant, by_norm, by_error) = match self.metric {
            Metric::InnerProduct => {
                let constant = threshold + self.center_product + self.offset;
                (constant, self.error_by_norm(), self.error_by_residual())
            }
            _ => {
                let squared = squared(self.metric, threshold) * (1.0 + self.share) + self.offset;
                let reach = (squared.max(0.0).sqrt() + rest) * (1.0 + 1e-12);
                (0.5 * (reach * reach - square) + 2.0 * UNIT * square, 0.0, reach)
            }
        };
        // Six roundings of the terms when they are added up in f32.
        Bound {
            constant: round_up(constant + 6.0 * UNIT * constant.abs() + VANISHING),
            by_norm: round_up(by_norm * (1.0 + 6.0 * UNIT)),
            by_error: round_up(by_error * (1.0 + 6.0 * UNIT)),
        }
    }

    /// Between which keys the distance of a row lies that has this score, squared norm and error.
    pub fn interval(&self, score: f32, square: f32, error: f32) -> (f64, f64) {
        let (score, square, error) = (f64::from(score), f64::from(square), f64::from(error));
        let (lower, upper) = match self.metric {
            Metric::InnerProduct => {
                let middle = score - self.center_product;
                let reach = self.error_by_norm() * square.sqrt()
                    + self.error_by_residual() * error
                    + self.offset
                    + VANISHING * (1.0 + square);
                (middle - reach, middle + reach)
            }
            metric => {
                let sum = square + self.square;
                let middle = sum + 2.0 * score;
                let rounding = 6.0 * UNIT * sum + VANISHING * (1.0 + square);
                let reach = (error + self.rest) * (1.0 + 1e-12);
                let nearest = ((middle - rounding).max(0.0).sqrt() - reach).max(0.0);
                let farthest = (middle + rounding).max(0.0).sqrt() + reach;
                let lower = nearest * nearest * (1.0 - self.share) - self.offset;
                let upper = farthest * farthest * (1.0 + self.share) + self.offset;
                (key(metric, lower.max(0.0)), key(metric, upper))
            }
        };
        if lower <= upper { (lower, upper) } else { (f64::NEG_INFINITY, f64::INFINITY) }
    }

    /// Whether scores tell squared distances exactly: where query and rows are whole numbers.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The squared distance of a row that has this score and squared norm, where scores tell it; `None` if
    /// sums of f32 might be rounded on the way to it.
    pub fn exact_square(&self, score: f32, square: f32) -> Option<f32> {
        let squared = self.square + f64::from(square) + 2.0 * f64::from(score);
        (squared <= LARGEST_EXACT).then_some(squared as f32)
    }

    /// Between which bounds inner products lie; for the inner product.
    pub fn products(&self) -> Products {
        Products {
            center: self.center_product,
            // Norms are up to the root of the largest square.
            by_norm: self.error_by_norm() + VANISHING * LARGEST_SQUARE.sqrt(),
            by_error: self.error_by_residual(),
            constant: self.offset + VANISHING,
        }
    }

    /// By how much an inner product may be off for each unit of the row's norm ..
    fn error_by_norm(&self) -> f64 {
        (self.rest + 4.0 * UNIT * self.square.sqrt()) * (1.0 + 1e-6) + self.share * self.norm
    }

    /// .. and of its error.
    fn error_by_residual(&self) -> f64 {
        self.norm * (1.0 + self.share)
    }
}

/// The squared distance in the space that a key stands for.
fn squared(metric: Metric, key: f64) -> f64 {
    match metric {
        Metric::Cosine => 2.0 * key,
        Metric::Euclidean | Metric::Angular => key * key,
        _ => key,
    }
}

/// The key that a squared distance in the space stands for.
fn key(metric: Metric, squared: f64) -> f64 {
    match metric {
        Metric::Cosine => 0.5 * squared,
        Metric::Euclidean | Metric::Angular => squared.sqrt(),
        _ => squared,
    }
}

/// Takes a query apart; `values` are those in the space.
fn prepare(
    level: Level,
    sq: &Sq,
    metric: Metric,
    values: &mut [f64],
    norm: f64,
) -> (Member, CodeQuery) {
    let (center_product, Centered { largest, size }) = match metric {
        Metric::InnerProduct => beside_center(values, sq.center()),
        _ => (0.0, codes::center(level, values, sq.center())),
    };
    let scale = step_for(level, values, largest);
    let mut bytes = vec![0; values.len()];
    let encoded = codes::encode(level, values, scale, SIGN, &mut bytes);
    let steps: Vec<i8> = bytes.iter().map(|byte| (byte ^ SIGN).cast_signed()).collect();
    let sum: i32 = steps.iter().map(|step| i32::from(*step)).sum();
    let square = encoded.square * f64::from(scale) * f64::from(scale);
    let rest = encoded.residual.sqrt() * (1.0 + 1e-9) + rounding(size, values.len());
    let fits = [square, rest * rest, size].iter().all(|square| *square <= LARGEST_SQUARE);
    if !fits {
        return unknown(metric, values.len());
    }
    let share = ROUNDING * values.len() as f64;
    let offset = match metric {
        Metric::InnerProduct => share * norm * size.sqrt(),
        Metric::Cosine | Metric::Angular => share,
        _ => 0.0,
    };
    let is_exact = metric == Metric::L2
        && sq.is_whole()
        && (scale, encoded.residual) == (1.0, 0.0)
        && values.len() <= MOST_EXACT;
    let member = Member { metric, square, rest, norm, center_product, share, offset, is_exact };
    let query = CodeQuery { steps, start: -sq.origin() * sum, factor: -scale };
    (member, query)
}

/// A query of which nothing is known.
fn unknown(metric: Metric, dim: usize) -> (Member, CodeQuery) {
    let none = f64::NAN;
    let (square, rest, norm, center_product) = (none, none, none, none);
    let (share, offset, is_exact) = (0.0, none, false);
    let member = Member { metric, square, rest, norm, center_product, share, offset, is_exact };
    (member, CodeQuery { steps: vec![0; dim], start: 0, factor: 0.0 })
}

/// The inner product with the centre, and what is known of the two.
fn beside_center(values: &[f64], center: &[f32]) -> (f64, Centered) {
    let (mut product, mut known) = (0.0, Centered::default());
    for (value, center) in values.iter().zip(center) {
        let center = f64::from(*center);
        product += value * center;
        known.size += value * value + center * center;
        known.largest = known.largest.max(value.abs());
    }
    (product, known)
}

/// The size of a step: 1 where that leaves nothing over.
fn step_for(level: Level, values: &[f64], largest: f64) -> f32 {
    let whole = codes::whole_range(level, values);
    if largest >= 1.0 && whole.is_some_and(|(least, most)| least >= -128.0 && most <= 127.0) {
        return 1.0;
    }
    let step = largest / 127.0;
    if (1e-18..1e18).contains(&step) { step as f32 } else { 0.0 }
}
