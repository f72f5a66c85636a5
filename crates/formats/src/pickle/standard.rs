//! Objects of Python's standard library that stand for a text: dates, times and paths.
//!
//! A date is `date(4 bytes)`, a time `time(6 bytes, zone)`, both at once `datetime(10 bytes, zone)`,
//! where the zone may be missing: year (two bytes, the higher first), month, day; hour, minute,
//! second, microseconds (three bytes, the highest first). The highest bit of the month, or of the
//! hour of a mere time, says which of two readings of a clock set back is meant. A zone is
//! `timezone(timedelta(days, seconds, microseconds), name)`. A path is `PosixPath(part, part, ..)`.
//! Source: Python 3.8 to 3.13, seen in their pickles.

use super::globals::Global;
use super::node::{Call, NodeId, Pickle};

/// The bit that tells two readings of a clock apart.
const FOLD: u8 = 0x80;

/// The text an object stands for, dates and times as in ISO 8601; `None` if it is no such object
/// or makes no sense.
pub(super) fn text_of(pickle: &Pickle<'_>, call: &Call<'_>) -> Option<String> {
    match call.global {
        Global::Date => date(&bytes(pickle, call)?),
        Global::Time => {
            let [hour, rest @ ..] = bytes::<6>(pickle, call)?;
            Some(
                time([hour & !FOLD, rest[0], rest[1]], [rest[2], rest[3], rest[4]])?
                    + &zone(pickle, call)?,
            )
        }
        Global::DateTime => {
            let [y, year, month, day, hour, minute, second, micros @ ..] =
                bytes::<10>(pickle, call)?;
            let date = date(&[y, year, month & !FOLD, day])?;
            let time = time([hour, minute, second], micros)?;
            Some(format!("{date}T{time}{}", zone(pickle, call)?))
        }
        Global::Path(separator) => path(pickle, call.arguments, separator),
        _ => None,
    }
}

fn bytes<const LENGTH: usize>(pickle: &Pickle<'_>, call: &Call<'_>) -> Option<[u8; LENGTH]> {
    let bytes = pickle.byte_string(*call.arguments.first()?)?.decode().ok()?;
    (*bytes).try_into().ok()
}

fn date([high, low, month, day]: &[u8; 4]) -> Option<String> {
    let year = u16::from_be_bytes([*high, *low]);
    let fits = (1..=9999).contains(&year) && (1..=12).contains(month) && (1..=31).contains(day);
    fits.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn time([hour, minute, second]: [u8; 3], [high, middle, low]: [u8; 3]) -> Option<String> {
    let micros = u32::from_be_bytes([0, high, middle, low]);
    let fits = hour < 24 && minute < 60 && second < 60 && micros < 1_000_000;
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    fits.then(|| format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
}

/// The distance from UTC; empty for a time without a zone.
fn zone(pickle: &Pickle<'_>, call: &Call<'_>) -> Option<String> {
    let Some(zone) = call.arguments.get(1) else { return Some(String::new()) };
    let zone = pickle.call(*zone).filter(|zone| zone.global == Global::TimeZone)?;
    let offset = pickle.call(*zone.arguments.first()?);
    let offset = offset.filter(|offset| offset.global == Global::TimeDelta)?;
    let [days, seconds, 0] = integers::<3>(pickle, offset.arguments)? else { return None };
    let seconds = days.checked_mul(86_400)?.checked_add(seconds)?;
    let (sign, from_utc) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (from_utc / 3_600, from_utc / 60 % 60, from_utc % 60);
    let rest = if rest == 0 { String::new() } else { format!(":{rest:02}") };
    (hours < 24).then(|| format!("{sign}{hours:02}:{minutes:02}{rest}"))
}

fn integers<const COUNT: usize>(pickle: &Pickle<'_>, nodes: &[NodeId]) -> Option<[i64; COUNT]> {
    let integers: Option<Vec<i64>> = nodes.iter().map(|node| pickle.int(*node)).collect();
    integers?.try_into().ok()
}

fn path(pickle: &Pickle<'_>, parts: &[NodeId], separator: char) -> Option<String> {
    let mut path = String::new();
    for part in parts {
        if !path.is_empty() && !path.ends_with(separator) {
            path.push(separator);
        }
        path.push_str(pickle.text(*part)?);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use crate::pickle::{Pickle, load, single_value};
    use anear_types::{Limits, Value};

    /// The value of a pickle in protocol 0 with bytes of protocol 3, without the stop at its end.
    fn value(pickle: &[u8]) -> Option<Value> {
        let pickle = [pickle, b"."].concat();
        let loaded = load(&pickle, pickle.len() as u64, &Limits::default()).unwrap();
        single_value(&Pickle::new(&loaded.arena, &pickle), loaded.root)
    }

    #[test]
    fn dates_and_times_are_texts() {
        let utc = "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(I0\nI0\nI0\ntRtR";
        let west = "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(I-1\nI66600\nI0\ntRVX\ntR";
        let object = |class: &str, bytes: &[u8], zone: &str| {
            let head = format!("cdatetime\n{class}\n(C");
            value(&[head.as_bytes(), &[bytes.len() as u8], bytes, zone.as_bytes(), b"tR"].concat())
        };
        for (class, bytes, zone, expected) in [
            ("date", &[7, 232, 12, 31][..], "", "2024-12-31"),
            ("time", &[0x81, 2, 3, 0, 0, 4], "", "01:02:03.000004"),
            ("datetime", &[7, 232, 0x82, 29, 0, 0, 0, 0, 0, 0], "", "2024-02-29T00:00:00"),
            (
                "datetime",
                &[7, 232, 2, 29, 13, 5, 7, 0, 0, 89],
                utc,
                "2024-02-29T13:05:07.000089+00:00",
            ),
            ("datetime", &[7, 232, 2, 29, 0, 0, 0, 0, 0, 0], west, "2024-02-29T00:00:00-05:30"),
        ] {
            assert_eq!(object(class, bytes, zone), Some(Value::text(expected)));
        }
        for (class, bytes, zone) in [
            ("date", &[7, 232, 13, 31][..], ""),
            ("date", &[7, 232, 12], ""),
            ("time", &[24, 0, 0, 0, 0, 0], ""),
            ("datetime", &[7, 232, 2, 29, 13, 5, 7, 0xff, 0, 0], ""),
            ("datetime", &[7, 232, 2, 29, 13, 5, 7, 0, 0, 0], "Vutc\n"),
            ("datetime", &[7, 232, 2, 29, 13, 5, 7, 0, 0, 0], "cdatetime\ntimezone\n(tR"),
        ] {
            assert_eq!(object(class, bytes, zone), None, "{class} {bytes:?}");
        }
    }

    #[test]
    fn paths_are_joined() {
        for (pickle, expected) in [
            ("cpathlib\nPosixPath\n(V/\nVa\nVb c\ntR", "/a/b c"),
            ("cpathlib._local\nPosixPath\n(Vx/y\ntR", "x/y"),
            ("cpathlib\nPureWindowsPath\n(VC:\\u005c\nVa\nVb\ntR", "C:\\a\\b"),
        ] {
            assert_eq!(value(pickle.as_bytes()), Some(Value::text(expected)));
        }
        assert_eq!(value(b"cpathlib\nPosixPath\n(I1\ntR"), None);
    }
}
