//! A comparison with a number as the smallest and the largest value that meet it.
//!
//! An integer column has integers at both ends, a real one reals, whatever the number is: `> 2.5`
//! of integers is `3 ..`, and `<` of reals with an integer that is no real ends at the next real
//! below. So no value of a column is ever converted, and nothing is rounded.

use super::scalar::Scalar;
use crate::condition::Comparison;
use std::cmp::Ordering;

/// Values from `low` to `high`, both included; none when `low` is above `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval<T> {
    pub(super) low: T,
    pub(super) high: T,
}

/// The values of one type, in order.
pub(super) trait Ends: Copy + PartialOrd {
    const MIN: Self;
    const MAX: Self;

    /// The largest value that is not above a number; `None` if all are. The number is an integer
    /// or a real.
    fn not_above(number: &Scalar<'_>) -> Option<Self>;

    /// The smallest value that is not below a number; `None` if all are.
    fn not_below(number: &Scalar<'_>) -> Option<Self>;

    /// The value before this one.
    fn previous(self) -> Option<Self>;

    /// The value behind this one.
    fn next(self) -> Option<Self>;

    fn scalar(self) -> Scalar<'static>;
}

impl<T: Ends> Interval<T> {
    pub(super) const NONE: Interval<T> = Interval { low: T::MAX, high: T::MIN };

    /// The one value.
    pub(super) fn of(value: T) -> Interval<T> {
        Interval { low: value, high: value }
    }

    /// The values that compare so with a number; for [`NotEqual`](Comparison::NotEqual), those
    /// that do not.
    pub(super) fn meeting(comparison: Comparison, number: &Scalar<'_>) -> Interval<T> {
        let is_it = |value: T| value.scalar().order(number) == Some(Ordering::Equal);
        let not_above = T::not_above(number);
        let not_below = T::not_below(number);
        let (low, high) = match comparison {
            Comparison::Equal | Comparison::NotEqual => {
                let value = not_above.filter(|value| is_it(*value));
                (value, value)
            }
            Comparison::LessOrEqual => (Some(T::MIN), not_above),
            Comparison::Less => {
                let below =
                    not_above.and_then(|end| if is_it(end) { end.previous() } else { Some(end) });
                (Some(T::MIN), below)
            }
            Comparison::GreaterOrEqual => (not_below, Some(T::MAX)),
            Comparison::Greater => {
                let above =
                    not_below.and_then(|end| if is_it(end) { end.next() } else { Some(end) });
                (above, Some(T::MAX))
            }
        };
        match (low, high) {
            (Some(low), Some(high)) => Interval { low, high },
            _ => Interval::NONE,
        }
    }
}

/// One more than the largest integer; the smallest is minus this.
const END: f64 = 9223372036854775808.0;

impl Ends for i64 {
    const MIN: i64 = i64::MIN;
    const MAX: i64 = i64::MAX;

    fn not_above(number: &Scalar<'_>) -> Option<i64> {
        match *number {
            Scalar::Int(number) => Some(number),
            Scalar::Real(number) => (number >= -END).then_some(number.floor() as i64),
            Scalar::Null | Scalar::Text(_) => None,
        }
    }

    fn not_below(number: &Scalar<'_>) -> Option<i64> {
        match *number {
            Scalar::Int(number) => Some(number),
            Scalar::Real(number) => (number < END).then_some(number.ceil() as i64),
            Scalar::Null | Scalar::Text(_) => None,
        }
    }

    fn previous(self) -> Option<i64> {
        self.checked_sub(1)
    }

    fn next(self) -> Option<i64> {
        self.checked_add(1)
    }

    fn scalar(self) -> Scalar<'static> {
        Scalar::Int(self)
    }
}

impl Ends for f64 {
    const MIN: f64 = f64::NEG_INFINITY;
    const MAX: f64 = f64::INFINITY;

    fn not_above(number: &Scalar<'_>) -> Option<f64> {
        match *number {
            Scalar::Int(whole) => {
                let nearest = whole as f64;
                let is_above = nearest.scalar().order(number) == Some(Ordering::Greater);
                if is_above { nearest.previous() } else { Some(nearest) }
            }
            Scalar::Real(number) => Some(number),
            Scalar::Null | Scalar::Text(_) => None,
        }
    }

    fn not_below(number: &Scalar<'_>) -> Option<f64> {
        match *number {
            Scalar::Int(whole) => {
                let nearest = whole as f64;
                let is_below = nearest.scalar().order(number) == Some(Ordering::Less);
                if is_below { nearest.next() } else { Some(nearest) }
            }
            Scalar::Real(number) => Some(number),
            Scalar::Null | Scalar::Text(_) => None,
        }
    }

    fn previous(self) -> Option<f64> {
        (self != f64::NEG_INFINITY).then(|| self.next_down())
    }

    fn next(self) -> Option<f64> {
        (self != f64::INFINITY).then(|| self.next_up())
    }

    fn scalar(self) -> Scalar<'static> {
        Scalar::Real(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};

    /// Every comparison of values around the ends with numbers around the ends.
    #[test]
    fn the_ends_are_where_the_comparison_turns() {
        let wholes = [0, 1, -1, 2, 1 << 53, (1 << 53) + 1, -(1 << 60), (1 << 60) + 1, i64::MAX]
            .into_iter()
            .chain([i64::MAX - 1, i64::MIN, i64::MIN + 1]);
        let wholes: Vec<i64> = wholes.collect();
        let reals = [0.0, -0.0, 0.5, -0.5, 1.0, 2.5, 5e-324, 9007199254740992.0, -END, END, 1e300]
            .into_iter()
            .chain([END.next_down(), (-END).next_down(), f64::INFINITY, f64::NEG_INFINITY]);
        let reals: Vec<f64> = reals.collect();
        let mut numbers: Vec<Scalar<'_>> = wholes.iter().map(|n| Scalar::Int(*n)).collect();
        numbers.extend(reals.iter().map(|n| Scalar::Real(*n)));
        for comparison in [Equal, Less, LessOrEqual, Greater, GreaterOrEqual] {
            for number in &numbers {
                check(comparison, number, &wholes);
                check(comparison, number, &reals);
            }
        }
    }

    fn check<T: Ends + std::fmt::Debug>(comparison: Comparison, number: &Scalar<'_>, values: &[T]) {
        let interval = Interval::<T>::meeting(comparison, number);
        for value in values {
            let expected = comparison.holds(value.scalar().order(number).unwrap());
            let found = *value >= interval.low && *value <= interval.high;
            assert_eq!(found, expected, "{value:?} {comparison:?} {number:?}: {interval:?}");
        }
    }
}
