//! Which f32 scores are too far off to matter.
//!
//! # What is claimed
//!
//! Let `t` be the k-th nearest distance so far, or the radius. [`Screen::bound`] gives a bound for
//! the f32 score of a row such that every row at distance `t` or nearer has a score up to the
//! bound. So a row above it may be dropped. Rows for which the reasoning below does not hold are
//! given no bound (NaN), and a query for which it does not hold is not screened at all.
//!
//! # Why it holds
//!
//! Below `u = 2^-24`, and `g = m u / (1 - m u)` for `m` somewhat above the number of roundings on
//! the way of a term into a sum, which is the dimension `n` plus a constant
//! (`anear_kernels::ops`). Then a sum of non-negative terms has a relative error of at most `g`,
//! and an inner product an error of at most `g |x| |y|` (Higham, Accuracy and Stability of
//! Numerical Algorithms, 2002, section 3.1). Products below f32's range lose up to `2^-149`
//! each. `m` leaves room for the f64 roundings in `t`, which are far smaller.
//!
//! Let `q` be the query in f64, `p` what it is as f32, and `e` the distance of the two.
//!
//! *Direct.* l2, manhattan, chebyshev, canberra, jensenshannon: the rows are exact in f32, and the
//! score is the distance `d(x, p)` with a relative error of `g`. These are metrics (l2 and
//! jensenshannon after the square root; Endres and Schindelin 2003 for the latter), so
//! `d(x, p) <= d(x, q) + e <= t + e`, and a score is at most `(t + e)(1 + g)`. To jensenshannon
//! comes the error of its polynomial. braycurtis is a quotient of two sums, with an error of
//! `2g`, and no metric, so there `e` must be 0.
//!
//! *Dot.* The score is `-x.p` with an error of `g |x| |p|`, and `-x.q <= t` is asked. As
//! `|x.q - x.p| <= |x| e`, a score is at most `t + (g |p| + e) |x|`. The norm comes from an f32
//! sum as well. Rows that are rounded to f32 themselves move by `u |x|`, which `m` covers.
//!
//! *Cosine.* The same with the unit vector of the query for `q`, where `1 + (-x.q / |x|) <= t`
//! is asked: a score is at most `(t - 1 + g |p| + e) |x|`.
//!
//! *Shifted.* l2 by way of inner products, half the work of the direct form for many queries:
//! `|x|^2 + |q|^2 - 2 x.q <= t` is `-x.q <= (t - |q|^2)/2 - |x|^2/2`. So the bound is that of the
//! dot form for `(t - |q|^2)/2`, moved by `-|x|^2/2` with its own error of `g`.
//!
//! *Intervals.* The same, solved for the distance: [`Screen::interval`] gives the keys between which the
//! distance of a row with a given score lies. For cosine `g` is added once more, since what is
//! reported of very near vectors has no error that is relative to one.
//!
//! The bound itself is computed in f32 from a constant, a slope by the norm and a shift; each is
//! widened by `4u` for that, and rounded up.

use anear_kernels::Level;
use anear_kernels::exact::Query;
use anear_kernels::ops::{Group, JENSEN_SHANNON_ERROR, Op};
use anear_types::{Element, Metric};

/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// From so many queries on, l2 goes by way of inner products.
const MANY: usize = 4;
/// Beyond, sums may lose too much for a bound to be of use.
const LARGEST_DIM: usize = 1 << 20;
/// Squared norms for which no product of two vectors overflows.
const LARGEST_SQUARE: f64 = 1e37;
/// Squared norms that lost nothing to underflow.
const SMALLEST_SQUARE: f64 = 1e-24;

/// How scores bound distances; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Direct(Op),
    Dot,
    Cosine,
    Shifted,
}

impl Form {
    pub(super) fn op(self) -> Op {
        match self {
            Form::Direct(op) => op,
            Form::Dot | Form::Cosine | Form::Shifted => Op::NegativeDot,
        }
    }

    /// Whether bounds depend on the norms of rows.
    pub(super) fn uses_norms(self) -> bool {
        !matches!(self, Form::Direct(_))
    }
}

/// Queries as f32, and what is known of their errors.
#[derive(Debug)]
pub(super) struct Screen {
    metric: Metric,
    dim: usize,
    pub(super) form: Form,
    /// What to go over to if the bounds of `form` let too much through.
    pub(super) fallback: Option<Form>,
    pub(super) groups: Vec<Group>,
    /// The queries in the groups, in the order of the groups.
    pub(super) members: Vec<Member>,
}

#[derive(Debug)]
pub(super) struct Member {
    /// Its position among all queries.
    pub(super) query: usize,
    /// `|p|`, `e` and `|q|^2` of the module.
    norm: f64,
    rounding: f64,
    square: f64,
}

impl Screen {
    /// A screen for as many of the queries as possible; `None` if rows of this element have none
    /// for this metric.
    pub(super) fn new(
        level: Level,
        metric: Metric,
        element: Element,
        queries: &[Query],
    ) -> Option<Screen> {
        let dim = queries.first()?.values().len();
        if dim > LARGEST_DIM {
            return None;
        }
        let (form, fallback) = forms(metric, element, queries.len())?;
        let (mut values, mut members) = (Vec::new(), Vec::new());
        for (position, query) in queries.iter().enumerate() {
            let exact = if form == Form::Cosine { query.unit() } else { query.values() };
            let singles: Vec<f32> = exact.iter().map(|value| *value as f32).collect();
            if let Some(member) = Member::new(level, metric, form, position, exact, &singles) {
                members.push(member);
                values.extend(singles);
            }
        }
        let groups = Group::split(level, &values, dim);
        Some(Screen { metric, dim, form, fallback, groups, members })
    }

    /// Constant and slope of the bound for rows with keys up to `threshold`.
    pub(super) fn bound(&self, form: Form, member: &Member, threshold: f64) -> (f32, f32) {
        let Member { norm, rounding, square, .. } = *member;
        let n = self.dim as f64;
        let g = growth(self.dim + 32);
        // By how much scores move with the norm of the row.
        let slope = (g * norm + rounding) * (1.0 + g);
        // What products, and the squares in the norm, lose to underflow.
        let lost = n * 2f64.powi(-148) * (1.0 + norm) + slope * n.sqrt() * 2f64.powi(-73);
        let (constant, slope) = match form {
            Form::Direct(op) => (self.direct(op, threshold, rounding) + n * 2f64.powi(-148), 0.0),
            Form::Dot => (threshold + 4.0 * UNIT * threshold.abs() + lost, slope),
            Form::Cosine => {
                let farthest = match self.metric {
                    Metric::Angular => 0.5 * threshold * threshold - 1.0,
                    _ => threshold - 1.0,
                };
                (lost, farthest + g * farthest.abs() + slope)
            }
            Form::Shifted => {
                let threshold = self.squared(threshold);
                let widened = 4.0 * UNIT * (threshold + square);
                (0.5 * (threshold - square) + widened + lost, slope)
            }
        };
        (round_up(constant), round_up(slope + 4.0 * UNIT * slope.abs()))
    }

    /// Between which keys the distance of a row lies that has this score, norm and square; `None`
    /// where the score tells too little, so that it must be computed.
    pub(super) fn interval(
        &self,
        form: Form,
        member: &Member,
        score: f32,
        (norm, square): (f32, f32),
    ) -> Option<(f64, f64)> {
        let (score, norm, square) = (f64::from(score), f64::from(norm), f64::from(square));
        let g = growth(self.dim + 64);
        let slope = (g * member.norm + member.rounding) * (1.0 + 4.0 * g);
        let lost = self.dim as f64 * 2f64.powi(-147) * (1.0 + member.norm) * (1.0 + norm);
        let (lower, upper) = match form {
            Form::Direct(op) => self.direct_interval(op, member, score, g, lost)?,
            Form::Dot => (score - slope * norm - lost, score + slope * norm + lost),
            Form::Cosine => {
                let middle = score / norm;
                let reach = slope + g * middle.abs() + lost / norm + g;
                self.angle_keys((1.0 + middle - reach).max(0.0), 1.0 + middle + reach)
            }
            Form::Shifted => {
                let middle = square + member.square + 2.0 * score;
                let reach = 2.0 * (slope * norm + lost) + 2.0 * g * square;
                self.squared_keys((middle - reach).max(0.0), middle + reach)
            }
        };
        // For the rounding of f64, here and in the distance that is reported.
        let share = 1e-14 * self.dim as f64;
        let (lower, upper) = (lower - share * lower.abs(), upper + share * upper.abs());
        let is_known = lower <= upper && score.is_finite() && norm.is_finite();
        Some(if is_known { (lower, upper) } else { (f64::NEG_INFINITY, f64::INFINITY) })
    }

    fn direct_interval(
        &self,
        op: Op,
        member: &Member,
        score: f64,
        g: f64,
        lost: f64,
    ) -> Option<(f64, f64)> {
        let (least, most) = ((score - lost) / (1.0 + g), (score + lost) / (1.0 - g));
        match op {
            Op::L2 => {
                let nearest = (least.max(0.0).sqrt() - member.rounding).max(0.0);
                let farthest = most.sqrt() + member.rounding;
                Some(self.squared_keys(nearest * nearest, farthest * farthest))
            }
            Op::Manhattan | Op::Chebyshev => {
                Some((least - member.rounding, most + member.rounding))
            }
            _ => None,
        }
    }

    /// Keys for squared distances.
    fn squared_keys(&self, lower: f64, upper: f64) -> (f64, f64) {
        match self.metric {
            Metric::Euclidean => (lower.sqrt(), upper.sqrt()),
            _ => (lower, upper),
        }
    }

    /// Keys for one minus a cosine.
    fn angle_keys(&self, lower: f64, upper: f64) -> (f64, f64) {
        match self.metric {
            Metric::Angular => ((2.0 * lower).sqrt(), (2.0 * upper).sqrt()),
            _ => (lower, upper),
        }
    }

    fn direct(&self, op: Op, threshold: f64, rounding: f64) -> f64 {
        match op {
            Op::L2 => {
                let root = self.squared(threshold).max(0.0).sqrt() + rounding;
                root * root * (1.0 + growth(self.dim + 32))
            }
            Op::JensenShannon => {
                let root = threshold.max(0.0).sqrt() + rounding.sqrt();
                root * root * (1.0 + JENSEN_SHANNON_ERROR) * (1.0 + growth(self.dim + 32))
            }
            Op::BrayCurtis => threshold * (1.0 + growth(2 * self.dim + 64)),
            _ => (threshold + rounding) * (1.0 + growth(self.dim + 32)),
        }
    }

    /// A threshold as a squared distance.
    fn squared(&self, threshold: f64) -> f64 {
        match self.metric {
            Metric::Euclidean => threshold * threshold,
            _ => threshold,
        }
    }

    /// Norm and shift of a row from its sum of squares; `None` where bounds do not hold.
    pub(super) fn norm_and_shift(&self, form: Form, square: f32) -> Option<(f32, f32)> {
        let smallest = if form == Form::Cosine { SMALLEST_SQUARE } else { 0.0 };
        let safe = (smallest..=LARGEST_SQUARE).contains(&f64::from(square));
        let shift = match form {
            Form::Shifted => -0.5 * square * (1.0 - growth(self.dim + 64) as f32),
            _ => 0.0,
        };
        safe.then(|| (square.sqrt(), shift))
    }
}

impl Member {
    fn new(
        level: Level,
        metric: Metric,
        form: Form,
        query: usize,
        exact: &[f64],
        singles: &[f32],
    ) -> Option<Member> {
        let widened: Vec<f64> = singles.iter().map(|value| f64::from(*value)).collect();
        let distance_by = match form {
            Form::Direct(Op::L2) | Form::Dot | Form::Cosine | Form::Shifted => Metric::Euclidean,
            Form::Direct(_) => metric,
        };
        let zero = Query::new(Metric::L2, vec![0.0; exact.len()]);
        let square = zero.distance(level, exact);
        let norm = zero.distance(level, &widened).sqrt();
        let rounding = Query::new(distance_by, widened).distance(level, exact);
        let fits = match form {
            Form::Direct(Op::BrayCurtis) => rounding == 0.0,
            Form::Direct(_) => true,
            Form::Dot | Form::Cosine | Form::Shifted => norm * norm <= LARGEST_SQUARE,
        };
        let finite = singles.iter().all(|value| value.is_finite());
        // A hair more, for the rounding of f64 itself.
        let rounding = rounding * (1.0 + UNIT);
        (fits && finite).then_some(Member { query, norm, rounding, square })
    }
}

fn forms(metric: Metric, element: Element, queries: usize) -> Option<(Form, Option<Form>)> {
    let exact = element.fits_f32();
    let direct = |op| exact.then_some((Form::Direct(op), None));
    match metric {
        Metric::L2 | Metric::Euclidean if exact && queries < MANY => direct(Op::L2),
        Metric::L2 | Metric::Euclidean => {
            Some((Form::Shifted, exact.then_some(Form::Direct(Op::L2))))
        }
        Metric::InnerProduct => Some((Form::Dot, None)),
        Metric::Cosine | Metric::Angular => Some((Form::Cosine, None)),
        Metric::Manhattan => direct(Op::Manhattan),
        Metric::Chebyshev => direct(Op::Chebyshev),
        Metric::Canberra => direct(Op::Canberra),
        Metric::BrayCurtis => direct(Op::BrayCurtis),
        Metric::JensenShannon => direct(Op::JensenShannon),
        Metric::Hamming | Metric::Jaccard => None,
    }
}

/// `g` of the module, for `m` roundings.
fn growth(m: usize) -> f64 {
    let error = m as f64 * UNIT;
    error / (1.0 - error)
}

/// The smallest f32 that is not below; NaN stays NaN.
fn round_up(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) < value { nearest.next_up() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flat::key;
    use anear_kernels::ops;

    /// Components from -1 to 1 that repeat from run to run.
    fn values(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    /// Every key of a row must lie in the interval that its score gives.
    fn check(level: Level, metric: Metric, rows: &[f32], queries: &[Query], dim: usize) -> usize {
        let wide: Vec<f64> = rows.iter().map(|value| f64::from(*value)).collect();
        let screen = Screen::new(level, metric, Element::F32, queries).expect("it serves all");
        let mut squares = vec![0.0; rows.len() / dim];
        ops::squares(level, rows, dim, &mut squares);
        let forms = [Some(screen.form), screen.fallback].into_iter().flatten();
        let mut known = 0;
        for form in forms {
            let mut members = screen.members.iter();
            for group in &screen.groups {
                let mut scores = vec![0.0; squares.len() * group.width()];
                ops::scores(level, form.op(), group, rows, &mut scores);
                for (lane, member) in members.by_ref().take(group.live()).enumerate() {
                    for (row, values) in wide.chunks_exact(dim).enumerate() {
                        let norm = match screen.norm_and_shift(form, squares[row]) {
                            _ if !form.uses_norms() => 0.0,
                            Some((norm, _)) => norm,
                            None => f32::NAN,
                        };
                        let score = scores[row * group.width() + lane];
                        let size = (norm, squares[row]);
                        let Some((lower, upper)) = screen.interval(form, member, score, size)
                        else {
                            continue;
                        };
                        let key = key(metric, queries[member.query].distance(level, values));
                        assert!(
                            lower <= key && key <= upper,
                            "{metric} {form:?} {dim} row {row}: {lower} {key} {upper}"
                        );
                        known += usize::from(upper.is_finite());
                    }
                }
            }
        }
        known
    }

    #[test]
    fn keys_lie_in_the_intervals_of_their_scores() {
        for dim in [1, 7, 64, 300] {
            for (seed, scale) in [1.0, 1e-22, 1e17, 1e25].into_iter().enumerate() {
                let mut rows = values(seed as u64, 40 * dim);
                rows.iter_mut().for_each(|value| *value *= scale);
                rows[3 * dim..4 * dim].fill(0.0);
                let near = rows[5 * dim..6 * dim].iter();
                let mut queries: Vec<Vec<f64>> =
                    vec![near.map(|value| f64::from(*value) * (1.0 + 1e-7)).collect()];
                let more = values(99, 5 * dim);
                queries.extend(more.chunks_exact(dim).map(|values| {
                    values.iter().map(|value| f64::from(*value) * f64::from(scale)).collect()
                }));
                for metric in Metric::ALL {
                    let positive = metric == Metric::JensenShannon;
                    let absolute = |value: f64| if positive { value.abs() } else { value };
                    if metric.is_binary() {
                        continue;
                    }
                    let rows: Vec<f32> =
                        rows.iter().map(|value| absolute(f64::from(*value)) as f32).collect();
                    let queries: Vec<Query> = queries
                        .iter()
                        .map(|query| {
                            Query::new(metric, query.iter().map(|value| absolute(*value)).collect())
                        })
                        .collect();
                    for level in Level::available() {
                        for count in [2, 6] {
                            let known = check(level, metric, &rows, &queries[..count], dim);
                            let expected = scale == 1.0
                                && metric != Metric::JensenShannon
                                && !matches!(metric, Metric::Canberra | Metric::BrayCurtis);
                            assert!(known > 0 || !expected, "{metric} tells nothing");
                        }
                    }
                }
            }
        }
    }
}
