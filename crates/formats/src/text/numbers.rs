//! Components as text.

use anear_types::{Element, Error, Result};

/// Whether text is a decimal number, without words such as `nan`.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    !text.is_empty() && text.as_bytes().iter().all(digits) && text.parse::<f64>().is_ok()
}

/// Whether a number is no f32: neither exactly nor as the shortest text of one.
///
/// # Errors
/// If it is no number, or larger than any f64.
pub(super) fn needs_f64(text: &str) -> Result<bool> {
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'.');
    if text.len() <= 8 && text.as_bytes().iter().all(plain) {
        let digits = text.as_bytes().iter().filter(|byte| byte.is_ascii_digit());
        if digits.clone().count() <= 6 && text.parse::<f32>().is_ok() {
            return Ok(false); // an f32 tells all decimals of six digits apart
        }
    }
    if !is_number(text) {
        return Err(no_number(text));
    }
    let double: f64 = text.parse().map_err(|_| no_number(text))?;
    if double.is_infinite() {
        return Err(Error::bad_data(format!("{} is larger than any f64", shorten(text))));
    }
    let single = double as f32;
    if f64::from(single) == double {
        return Ok(false);
    }
    let nearest: f32 = text.parse().map_err(|_| no_number(text))?;
    if nearest.is_infinite() {
        return Ok(true);
    }
    let shortest: f64 = ryu::Buffer::new().format_finite(nearest).parse().unwrap_or(f64::NAN);
    Ok(shortest != double)
}

/// Writes a number as the native-endian bytes of an f32 or f64.
///
/// # Errors
/// If it is no number.
pub(super) fn parse_component(text: &str, element: Element, out: &mut [u8]) -> Result<()> {
    if !is_number_like(text) {
        return Err(no_number(text));
    }
    if element == Element::F32 {
        let number: f32 = text.parse().map_err(|_| no_number(text))?;
        out.copy_from_slice(&number.to_ne_bytes());
    } else {
        let number: f64 = text.parse().map_err(|_| no_number(text))?;
        out.copy_from_slice(&number.to_ne_bytes());
    }
    Ok(())
}

/// Rust also parses the words `inf` and `nan`; a number ends in a digit or a point.
fn is_number_like(text: &str) -> bool {
    matches!(text.as_bytes().last(), Some(b'0'..=b'9' | b'.'))
}

fn no_number(text: &str) -> Error {
    Error::bad_data(format!("'{}' among the components is no finite number", shorten(text)))
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Appends the shortest text that reads back as the same f32 or f64.
///
/// # Errors
/// If it is not finite.
pub(crate) fn write_component(element: Element, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut buffer = ryu::Buffer::new();
    let number = element.read_f64(stored);
    if !number.is_finite() {
        return Err(Error::bad_data(format!("{number} has no place in this text format"))
            .help("npy, safetensors, hdf5, parquet and others hold numbers that are not finite"));
    }
    let text = match element {
        Element::F32 => buffer.format_finite(number as f32),
        _ => buffer.format_finite(number),
    };
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Appends a finite number with a fraction, so that it reads back as one.
pub(crate) fn write_real(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f32_is_told_from_f64() {
        for text in ["0", "-0.0", "0.1", "16777216", "0.10000000149011612", "1e-45", "3.4028235e38"]
        {
            assert!(!needs_f64(text).unwrap(), "{text}");
        }
        for text in ["16777217", "0.123456789", "1e39", "3.141592653589793", "0.1000000000000001"] {
            assert!(needs_f64(text).unwrap(), "{text}");
        }
        for text in ["", "nan", "inf", "Infinity", "1e999", "abc", "0x1", "-", "1 2", "--1"] {
            assert!(needs_f64(text).is_err(), "{text}");
            assert!(text == "1e999" || parse_component(text, Element::F64, &mut [0; 8]).is_err());
        }
    }
}
