//! From an expression, columns and parameters to a plan.

use super::interval::{Ends, Interval};
use super::members::Members;
use super::pattern::Pattern;
use super::plan::{Plan, Test, TextTest};
use super::scalar::Scalar;
use crate::columns::{Bits, ColumnData, ColumnStore, Integers, Values};
use crate::condition::{Comparison, Constant, Expression, Operand, PatternKind};
use anear_types::Value;
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

/// What the names and question marks of a condition stand for.
pub(super) struct Binder<'a> {
    columns: &'a ColumnStore,
    params: &'a [Value],
    /// Comparisons of bytes that patterns may take in the worst case; see [`MAX_PATTERN_WORK`].
    pattern_work: Cell<u64>,
}

/// Beyond this patterns are left to SQLite, which can be interrupted. Hardly any text makes a
/// pattern take more than a few comparisons for each of its bytes; one made for it does.
const MAX_PATTERN_WORK: u64 = 1 << 32;

/// An operand with its values.
enum Bound<'a> {
    Column(&'a ColumnData),
    Scalar(Scalar<'a>),
}

impl<'a> Binder<'a> {
    pub(super) fn new(columns: &'a ColumnStore, params: &'a [Value]) -> Binder<'a> {
        Binder { columns, params, pattern_work: Cell::new(0) }
    }

    /// The plan for the rows where an expression is true or, if `negated`, false: not where it is
    /// null. `None` if that is not surely known.
    pub(super) fn plan(&self, expression: &'a Expression, negated: bool) -> Option<Plan<'a>> {
        match expression {
            Expression::Not(inner) => self.plan(inner, !negated),
            // NOT (a AND b) is NOT a OR NOT b, with null too.
            Expression::And(parts) => self.parts(parts, negated, !negated),
            Expression::Or(parts) => self.parts(parts, negated, negated),
            Expression::Truth(operand) => truth(&self.operand(operand)?, negated),
            Expression::Compare { left, comparison, right } => {
                compare(self.operand(left)?, *comparison, self.operand(right)?, negated)
            }
            Expression::Is { left, right } => {
                is(self.operand(left)?, self.operand(right)?, negated)
            }
            Expression::IsTruth { operand, truth: wanted } => {
                is_truth(&self.operand(operand)?, *wanted, negated)
            }
            Expression::IsNull(operand) => Some(is_null(&self.operand(operand)?, negated)),
            Expression::In { operand, list } => {
                let list: Option<Vec<Scalar<'a>>> =
                    list.iter().map(|constant| self.scalar(constant)).collect();
                among(self.operand(operand)?, list?, negated)
            }
            Expression::Matches { operand, kind, pattern } => {
                self.matches(&self.operand(operand)?, *kind, &self.scalar(pattern)?, negated)
            }
        }
    }

    fn parts(&self, parts: &'a [Expression], negated: bool, all: bool) -> Option<Plan<'a>> {
        let plans = parts.iter().map(|part| self.plan(part, negated));
        let mut plans = plans.collect::<Option<Vec<Plan<'a>>>>()?;
        plans.sort_by_key(Plan::cost);
        Some(if all { Plan::All(plans) } else { Plan::Any(plans) })
    }

    fn operand(&self, operand: &'a Operand) -> Option<Bound<'a>> {
        match operand {
            Operand::Column(name) => self.columns.data(name).map(Bound::Column),
            Operand::Constant(constant) => self.scalar(constant).map(Bound::Scalar),
        }
    }

    fn scalar(&self, constant: &'a Constant) -> Option<Scalar<'a>> {
        Some(match constant {
            Constant::Null => Scalar::Null,
            Constant::Int(number) => Scalar::Int(*number),
            Constant::Real(number) => Scalar::Real(*number),
            Constant::Text(text) => Scalar::Text(Cow::Borrowed(text)),
            Constant::Truth(truth) => Scalar::Int(i64::from(*truth)),
            Constant::Parameter(position) => Scalar::of_parameter(&self.params[*position])?,
        })
    }

    /// Whether a text matches a pattern. A number would have to be written as text.
    fn matches(
        &self,
        operand: &Bound<'a>,
        kind: PatternKind,
        pattern: &Scalar<'a>,
        negated: bool,
    ) -> Option<Plan<'a>> {
        let Bound::Column(column) = operand else { return None };
        let pattern = match pattern {
            Scalar::Null => return Some(Plan::Nothing),
            Scalar::Text(pattern) => pattern,
            Scalar::Int(_) | Scalar::Real(_) => return None,
        };
        let test = TextTest::Pattern(Pattern::new(pattern, kind)?);
        match column.values() {
            Values::Nulls => Some(Plan::Nothing),
            Values::Text(texts) => {
                let work = texts.dictionary.all().len() as u64 * pattern.len() as u64;
                self.pattern_work.set(self.pattern_work.get().saturating_add(work));
                (self.pattern_work.get() <= MAX_PATTERN_WORK).then_some(Plan::Test {
                    known: column.known(),
                    test: Test::Text { texts, test },
                    outside: negated,
                })
            }
            Values::Whole(_) | Values::Real(_) | Values::GivenUp => None,
        }
    }
}

/// The plan for something that is the same for all rows; `None` is SQL's null.
fn constant<'a>(truth: Option<bool>, negated: bool) -> Plan<'a> {
    if truth == Some(!negated) { Plan::Everything } else { Plan::Nothing }
}

/// The plan for a comparison that is the same for all values, and null for null.
fn same_for_all(column: &ColumnData, truth: bool) -> Plan<'_> {
    match column.known() {
        _ if !truth => Plan::Nothing,
        Some(known) => Plan::Known(known),
        None => Plan::Everything,
    }
}

fn is_null<'a>(operand: &Bound<'a>, negated: bool) -> Plan<'a> {
    match operand {
        Bound::Scalar(scalar) => constant(Some(*scalar == Scalar::Null), negated),
        Bound::Column(column) => match (column.known(), negated) {
            (Some(known), false) => Plan::Unknown(known),
            (Some(known), true) => Plan::Known(known),
            (None, _) => constant(Some(false), negated),
        },
    }
}

/// Whether an operand is a number other than zero. Text would have to be read as a number.
fn truth<'a>(operand: &Bound<'a>, negated: bool) -> Option<Plan<'a>> {
    match operand {
        Bound::Scalar(scalar) => Some(constant(scalar.truth()?, negated)),
        Bound::Column(column) => {
            let comparison = if negated { Comparison::Equal } else { Comparison::NotEqual };
            match column.values() {
                Values::Text(_) => None,
                _ => compare_column(column, comparison, Scalar::Int(0)),
            }
        }
    }
}

fn is_truth<'a>(operand: &Bound<'a>, wanted: bool, negated: bool) -> Option<Plan<'a>> {
    let plan = truth(operand, wanted == negated)?;
    Some(if negated { Plan::Any(vec![is_null(operand, false), plan]) } else { plan })
}

/// A comparison. Columns are not compared with each other.
fn compare<'a>(
    left: Bound<'a>,
    comparison: Comparison,
    right: Bound<'a>,
    negated: bool,
) -> Option<Plan<'a>> {
    // Where one side is null both a comparison and its inverse are null.
    let comparison = if negated { comparison.inverse() } else { comparison };
    match (left, right) {
        (Bound::Column(column), Bound::Scalar(scalar)) => {
            compare_column(column, comparison, scalar)
        }
        (Bound::Scalar(scalar), Bound::Column(column)) => {
            compare_column(column, comparison.mirrored(), scalar)
        }
        (Bound::Scalar(left), Bound::Scalar(right)) => {
            Some(constant(left.order(&right).map(|order| comparison.holds(order)), false))
        }
        (Bound::Column(_), Bound::Column(_)) => None,
    }
}

fn compare_column<'a>(
    column: &'a ColumnData,
    comparison: Comparison,
    scalar: Scalar<'a>,
) -> Option<Plan<'a>> {
    let scalar = scalar.with_affinity(column.affinity())?;
    let outside = comparison == Comparison::NotEqual;
    let test = match (column.values(), scalar) {
        (Values::Nulls, _) | (_, Scalar::Null) => return Some(Plan::Nothing),
        (Values::GivenUp, _) => return None,
        (Values::Whole(values), number @ (Scalar::Int(_) | Scalar::Real(_))) => {
            Test::Whole { values, interval: Interval::meeting(comparison, &number) }
        }
        (Values::Real(values), number @ (Scalar::Int(_) | Scalar::Real(_))) => {
            Test::Real { values, interval: Interval::meeting(comparison, &number) }
        }
        (Values::Text(texts), Scalar::Text(text)) => match comparison {
            Comparison::Equal | Comparison::NotEqual => {
                let code = texts.dictionary.code(text.as_bytes());
                let interval = code.map_or(Interval::NONE, |code| Interval::of(i64::from(code)));
                Test::Whole { values: &texts.codes, interval }
            }
            _ => {
                let test = TextTest::Order { comparison, text };
                return Some(Plan::Test {
                    known: column.known(),
                    test: Test::Text { texts, test },
                    outside: false,
                });
            }
        },
        // All numbers come before all texts.
        (Values::Whole(_) | Values::Real(_), Scalar::Text(_)) => {
            return Some(same_for_all(column, comparison.holds(Ordering::Less)));
        }
        (Values::Text(_), Scalar::Int(_) | Scalar::Real(_)) => {
            return Some(same_for_all(column, comparison.holds(Ordering::Greater)));
        }
    };
    Some(Plan::Test { known: column.known(), test, outside })
}

/// Equality that is never null.
fn is<'a>(left: Bound<'a>, right: Bound<'a>, negated: bool) -> Option<Plan<'a>> {
    let (column, scalar) = match (left, right) {
        (Bound::Column(column), Bound::Scalar(scalar))
        | (Bound::Scalar(scalar), Bound::Column(column)) => (column, scalar),
        (Bound::Scalar(left), Bound::Scalar(right)) => {
            let are_null = left == Scalar::Null && right == Scalar::Null;
            let same = are_null || left.order(&right) == Some(Ordering::Equal);
            return Some(constant(Some(same), negated));
        }
        (Bound::Column(_), Bound::Column(_)) => return None,
    };
    if scalar == Scalar::Null {
        return Some(is_null(&Bound::Column(column), negated));
    }
    if !negated {
        return compare_column(column, Comparison::Equal, scalar);
    }
    let other = compare_column(column, Comparison::NotEqual, scalar)?;
    Some(Plan::Any(vec![is_null(&Bound::Column(column), false), other]))
}

/// Whether an operand is in a list. If it is not, but null is, the answer is null.
fn among<'a>(operand: Bound<'a>, list: Vec<Scalar<'a>>, negated: bool) -> Option<Plan<'a>> {
    if list.is_empty() {
        return Some(constant(Some(false), negated));
    }
    let has_null = list.contains(&Scalar::Null);
    match operand {
        Bound::Scalar(scalar) => {
            let orders = list.iter().map(|member| scalar.order(member));
            let found = orders.clone().any(|order| order == Some(Ordering::Equal));
            let unsure = scalar == Scalar::Null || (has_null && !found);
            Some(constant((!unsure).then_some(found), negated))
        }
        Bound::Column(column) => {
            let affinity = column.affinity();
            let list = list.into_iter().map(|member| member.with_affinity(affinity));
            let list = list.collect::<Option<Vec<Scalar<'a>>>>()?;
            Some(if has_null && negated {
                Plan::Nothing
            } else {
                column_among(column, &list, negated)
            })
        }
    }
}

fn column_among<'a>(column: &'a ColumnData, list: &[Scalar<'a>], outside: bool) -> Plan<'a> {
    let known = column.known();
    match column.values() {
        Values::Nulls | Values::GivenUp => Plan::Nothing,
        Values::Whole(values) => whole_among(values, equals(list).collect(), known, outside),
        Values::Text(texts) => {
            let codes = list.iter().filter_map(|member| match member {
                Scalar::Text(text) => texts.dictionary.code(text.as_bytes()).map(i64::from),
                _ => None,
            });
            whole_among(&texts.codes, codes.collect(), known, outside)
        }
        Values::Real(values) => {
            // Both zeros are one number.
            let mut sorted: Vec<f64> = equals(list).map(|member: f64| member + 0.0).collect();
            sorted.sort_by(f64::total_cmp);
            Plan::Test { known, test: Test::RealAmong { values, sorted }, outside }
        }
    }
}

/// The values of one type that equal a member of a list.
fn equals<T: Ends>(list: &[Scalar<'_>]) -> impl Iterator<Item = T> {
    let interval = |member| Interval::<T>::meeting(Comparison::Equal, member);
    list.iter().map(interval).filter(|one| one.low == one.high).map(|one| one.low)
}

/// Bytes of a row that are scanned in the time of looking one value up.
const SCANNED_BYTES: usize = 24;

fn whole_among<'a>(
    values: &'a Integers,
    list: Vec<i64>,
    known: Option<&'a Bits>,
    outside: bool,
) -> Plan<'a> {
    let runs = match Members::new(list, SCANNED_BYTES / values.width()) {
        Members::Runs(runs) => runs,
        members => {
            return Plan::Test { known, test: Test::WholeAmong { values, members }, outside };
        }
    };
    let run = |interval| Plan::Test { known, test: Test::Whole { values, interval }, outside };
    let mut plans: Vec<Plan<'a>> = runs.into_iter().map(run).collect();
    match plans.len() {
        0 => run(Interval::NONE),
        1 => plans.remove(0),
        _ if outside => Plan::All(plans),
        _ => Plan::Any(plans),
    }
}
