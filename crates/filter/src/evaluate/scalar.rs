//! Single values: what a constant is, what an affinity makes of it, and how two compare.

use crate::columns::Affinity;
use anear_types::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Integers of so many digits are written as text, and read from it, in one way only.
const MAX_TEXT_DIGITS: usize = 15;

/// No longer text is taken for a parameter: SQLite refuses what is longer than its limit.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// A value that is not a column's.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Int(i64),
    /// Not NaN.
    Real(f64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The value that a parameter is bound to; `None` for one that is left to SQLite.
    pub(super) fn of_parameter(value: &'a Value) -> Option<Scalar<'a>> {
        match value {
            Value::Null => Some(Scalar::Null),
            Value::Bool(flag) => Some(Scalar::Int(i64::from(*flag))),
            Value::Int(number) => Some(Scalar::Int(*number)),
            Value::Real(number) if number.is_nan() => Some(Scalar::Null),
            Value::Real(number) => Some(Scalar::Real(*number)),
            Value::Text(text) if text.len() <= MAX_TEXT_BYTES => {
                Some(Scalar::Text(Cow::Borrowed(text)))
            }
            Value::Text(_) | Value::Blob(_) => None,
        }
    }

    /// The value as it is compared with those of a column. `None` where that depends on how
    /// SQLite reads or writes numbers as text.
    pub(super) fn with_affinity(self, affinity: Affinity) -> Option<Scalar<'a>> {
        match self {
            Scalar::Text(text) if affinity.is_numeric() => plain_integer(&text).map(Scalar::Int),
            Scalar::Int(number) if affinity == Affinity::Text => {
                Some(Scalar::Text(Cow::Owned(number.to_string())))
            }
            Scalar::Real(_) if affinity == Affinity::Text => None,
            other => Some(other),
        }
    }

    /// Whether it counts as true; `Some(None)` for null, `None` for text.
    pub(super) fn truth(&self) -> Option<Option<bool>> {
        match self {
            Scalar::Null => Some(None),
            Scalar::Int(number) => Some(Some(*number != 0)),
            Scalar::Real(number) => Some(Some(*number != 0.0)),
            Scalar::Text(_) => None,
        }
    }

    /// How two values that no affinity converts compare: numbers by size, before all texts, which
    /// compare by their bytes. `None` if one is null.
    pub(super) fn order(&self, other: &Scalar<'_>) -> Option<Ordering> {
        use Scalar::{Int, Null, Real, Text};
        Some(match (self, other) {
            (Null, _) | (_, Null) => return None,
            (Int(a), Int(b)) => a.cmp(b),
            (Int(a), Real(b)) => order_exactly(*a, *b),
            (Real(a), Int(b)) => order_exactly(*b, *a).reverse(),
            (Real(a), Real(b)) => a.partial_cmp(b)?,
            (Text(a), Text(b)) => a.cmp(b),
            (Int(_) | Real(_), Text(_)) => Ordering::Less,
            (Text(_), Int(_) | Real(_)) => Ordering::Greater,
        })
    }
}

/// An integer and a real, which is not NaN, as the numbers they are: no rounding.
fn order_exactly(whole: i64, real: f64) -> Ordering {
    // Saturates at the ends of i128, far beyond those of i64.
    let cut = real.trunc();
    let fraction = (real - cut).partial_cmp(&0.0).unwrap_or(Ordering::Equal);
    i128::from(whole).cmp(&(cut as i128)).then(fraction.reverse())
}

/// The integer that a text is in the plainest form: a minus sign, if any, and digits, the first
/// of which is no zero.
fn plain_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = (1..=MAX_TEXT_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if is_plain { text.parse().ok() } else { (text == "0").then_some(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_reals_compare_without_rounding() {
        use Ordering::{Equal, Greater, Less};
        let large = 1i64 << 60;
        for (whole, real, order) in [
            (0, -0.0, Equal),
            (0, 5e-324, Less),
            (-1, -0.5, Less),
            (0, -0.5, Greater),
            (large, large as f64, Equal),
            (large + 1, large as f64, Greater),
            (large - 1, large as f64, Less),
            (i64::MAX, 9223372036854775808.0, Less),
            (i64::MIN, -9223372036854775808.0, Equal),
            (i64::MAX, f64::INFINITY, Less),
            (i64::MIN, f64::NEG_INFINITY, Greater),
        ] {
            assert_eq!(
                Scalar::Int(whole).order(&Scalar::Real(real)),
                Some(order),
                "{whole} {real}"
            );
            let mirrored = Scalar::Real(real).order(&Scalar::Int(whole));
            assert_eq!(mirrored, Some(order.reverse()), "{real} {whole}");
        }
    }

    #[test]
    fn only_plain_integers_are_converted() {
        let converted =
            |text: &'static str| Scalar::Text(Cow::Borrowed(text)).with_affinity(Affinity::Integer);
        for (text, number) in
            [("0", 0), ("5", 5), ("-12", -12), ("999999999999999", 999999999999999)]
        {
            assert_eq!(converted(text), Some(Scalar::Int(number)), "{text}");
        }
        for text in ["", "-", "abc", " 5", "5 ", "+5", "05", "-0", "5.0", "1e3", "5x", "0x5", "٣"]
        {
            assert_eq!(converted(text), None, "{text:?}");
        }
        assert_eq!(converted("1000000000000000"), None);
        assert_eq!(
            Scalar::Int(-7).with_affinity(Affinity::Text),
            Some(Scalar::Text(Cow::Borrowed("-7")))
        );
        assert_eq!(Scalar::Real(0.5).with_affinity(Affinity::Text), None);
        assert_eq!(Scalar::Real(0.5).with_affinity(Affinity::Blob), Some(Scalar::Real(0.5)));
    }
}
