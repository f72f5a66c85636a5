//! Flat metadata values: from what Parquet stores to what anear speaks.
//!
//! Dates, times and decimals have no type of their own here; they become text in the forms of ISO
//! 8601, which sort and compare as expected: `2024-05-01`, `12:30:00.250`,
//! `2024-05-01T12:30:00.250Z` (`Z` when the file says the time is in UTC), `-12.50`.

use super::layout::Flat;
use super::vectors::Bytes;
use anear_types::{Error, Result, Value};
use half::f16;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use std::fmt::Write;

/// A physical value that can be metadata.
pub(super) trait Metadata {
    /// The value, read as `flat` says.
    fn value(&self, flat: Flat) -> Result<Value>;
}

impl Metadata for bool {
    fn value(&self, _: Flat) -> Result<Value> {
        Ok(Value::Bool(*self))
    }
}

impl Metadata for i32 {
    fn value(&self, flat: Flat) -> Result<Value> {
        match flat {
            Flat::Unsigned => Ok(Value::Int(i64::from(*self as u32))),
            _ => i64::from(*self).value(flat),
        }
    }
}

impl Metadata for i64 {
    fn value(&self, flat: Flat) -> Result<Value> {
        Ok(match flat {
            Flat::Null => Value::Null,
            Flat::Unsigned if *self < 0 => {
                return Err(Error::unsupported(format!(
                    "the number {} is beyond 2^63 - 1, the largest integer metadata can hold",
                    *self as u64
                )));
            }
            Flat::Date => Value::text(date(*self)),
            Flat::Time(per_second) => Value::text(time(*self, per_second)),
            Flat::Timestamp(per_second, utc) => Value::text(timestamp(*self, per_second, utc)),
            Flat::Decimal(scale) => Value::text(decimal(i128::from(*self), scale)),
            _ => Value::Int(*self),
        })
    }
}

impl Metadata for Int96 {
    fn value(&self, _: Flat) -> Result<Value> {
        let &[low, high, day] = self.data() else {
            return Err(Error::malformed("a timestamp without its three parts"));
        };
        let nanoseconds = i64::from(high) << 32 | i64::from(low);
        let days = i64::from(day) - JULIAN_DAY_OF_1970;
        let text = format!("{}T{}", date(days), time(nanoseconds, 1_000_000_000));
        Ok(Value::text(text))
    }
}

const JULIAN_DAY_OF_1970: i64 = 2_440_588;

impl Metadata for f32 {
    fn value(&self, _: Flat) -> Result<Value> {
        Ok(Value::Real(f64::from(*self)))
    }
}

impl Metadata for f64 {
    fn value(&self, _: Flat) -> Result<Value> {
        Ok(Value::Real(*self))
    }
}

impl Metadata for ByteArray {
    fn value(&self, flat: Flat) -> Result<Value> {
        from_bytes(self.bytes(), flat)
    }
}

impl Metadata for FixedLenByteArray {
    fn value(&self, flat: Flat) -> Result<Value> {
        from_bytes(self.bytes(), flat)
    }
}

fn from_bytes(bytes: &[u8], flat: Flat) -> Result<Value> {
    Ok(match flat {
        Flat::Null => Value::Null,
        Flat::Text => {
            let text = std::str::from_utf8(bytes);
            Value::text(text.map_err(|_| Error::malformed("a text is not valid UTF-8"))?)
        }
        Flat::Mixed => super::notes::mixed_value(bytes)?,
        Flat::Uuid => Value::text(uuid(bytes)),
        Flat::Decimal(scale) => match big_endian(bytes) {
            Some(number) => Value::text(decimal(number, scale)),
            None => Value::Blob(bytes.into()),
        },
        Flat::Real => match bytes.try_into() {
            Ok(bytes) => Value::Real(f16::from_le_bytes(bytes).to_f64()),
            Err(_) => Value::Blob(bytes.into()),
        },
        _ => Value::Blob(bytes.into()),
    })
}

/// A two's complement number of up to 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut all = [sign; 16];
    all[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}

/// `digits` with `scale` of them after the point.
pub(super) fn decimal(number: i128, scale: i32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let digits = number.unsigned_abs().to_string();
    match usize::try_from(scale) {
        Ok(0) | Err(_) => format!("{sign}{digits}"),
        Ok(scale) => {
            let digits = format!("{digits:0>width$}", width = scale.min(64) + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale.min(64));
            format!("{sign}{whole}.{fraction}")
        }
    }
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The date `days` after 1970-01-01 in the Gregorian calendar.
pub(super) fn date(days: i64) -> String {
    // Years are counted from March, so that the leap day comes last (a day-count method in common
    // use); an era is 400 years of 146,097 days and begins on 0000-03-01.
    let shifted = days.saturating_add(719_468);
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

/// The time of day.
pub(super) fn time(count: i64, per_second: i64) -> String {
    let (seconds, fraction) = (count.div_euclid(per_second), count.rem_euclid(per_second));
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction != 0 {
        let digits = per_second.ilog10() as usize;
        let _ = write!(text, ".{fraction:0digits$}");
    }
    text
}

/// The moment `count` fractions of a second after 1970-01-01.
pub(super) fn timestamp(count: i64, per_second: i64, utc: bool) -> String {
    let per_day = 86_400 * per_second;
    let (days, rest) = (count.div_euclid(per_day), count.rem_euclid(per_day));
    let zone = if utc { "Z" } else { "" };
    format!("{}T{}{zone}", date(days), time(rest, per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_read_like_iso_8601() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(19_844), "2024-05-01");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(timestamp(1_714_566_600_250, 1_000, true), "2024-05-01T12:30:00.250Z");
        assert_eq!(timestamp(-1, 1_000_000, false), "1969-12-31T23:59:59.999999");
        assert_eq!(time(1, 1_000_000_000), "00:00:00.000000001");
        for extreme in [i64::MIN, i64::MAX] {
            assert!(timestamp(extreme, 1_000, true).len() > 20);
            assert!(!date(extreme).is_empty() && !time(extreme, 1_000).is_empty());
        }
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(decimal(-1250, 2), "-12.50");
        assert_eq!(decimal(7, 3), "0.007");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(big_endian(&[0xff, 0xfe]), Some(-2));
        assert_eq!(uuid(&[0xab; 16]), "abababab-abab-abab-abab-abababababab");
    }
}
