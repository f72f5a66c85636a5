//! Values that are written in a way of their own.

use anear::Value;
use serde_json::Value as Json;

pub(super) fn element(name: &str) -> Result<anear::Element, String> {
    let known = || anear::Element::ALL.map(anear::Element::name).join(", ");
    anear::Element::from_name(name).ok_or_else(|| format!("the types are: {}", known()))
}

pub(super) fn metric(name: &str) -> Result<anear::Metric, String> {
    let known = || anear::Metric::ALL.map(anear::Metric::name).join(", ");
    anear::Metric::from_name(name).ok_or_else(|| format!("the metrics are: {}", known()))
}

/// A number of bytes, such as `500MB` or `2GB` (powers of 1000) or `1GiB` (powers of 1024).
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1u64,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err("a size is a number with kB, MB, GB, KiB, MiB or GiB".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| format!("{number:?} is no number"))?;
    Ok((number * factor as f64) as u64)
}

/// A value for a condition: null, a truth value, a number or a text as JSON has them; anything
/// else is text as it stands.
#[expect(clippy::unnecessary_wraps, reason = "the form of a parser")]
pub(super) fn param(text: &str) -> Result<Value, String> {
    Ok(match serde_json::from_str(text) {
        Ok(Json::Null) => Value::Null,
        Ok(Json::Bool(value)) => Value::Bool(value),
        Ok(Json::String(value)) => Value::text(value),
        Ok(Json::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Int(value),
            (None, Some(value)) => Value::Real(value),
            (None, None) => Value::text(text),
        },
        Ok(Json::Array(_) | Json::Object(_)) | Err(_) => Value::text(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("2GB"), Ok(2_000_000_000));
        assert_eq!(bytes("1.5 MiB"), Ok(1_572_864));
        assert_eq!(bytes("17"), Ok(17));
        assert!(bytes("many").is_err());
    }

    #[test]
    fn a_param_is_json_or_text() {
        for (text, value) in [
            ("3", Value::Int(3)),
            ("-0.5", Value::Real(-0.5)),
            ("true", Value::Bool(true)),
            ("null", Value::Null),
            ("a.pdf", Value::text("a.pdf")),
            ("\"3\"", Value::text("3")),
            ("[1, 2]", Value::text("[1, 2]")),
        ] {
            assert_eq!(param(text), Ok(value), "{text}");
        }
    }
}
