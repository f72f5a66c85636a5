//! Vectors written as text: JSON arrays, or numbers between commas or blanks.

use anear_types::{Error, Result};

/// Brackets that may stand around the numbers: `[[1, 2]]` is what a model that takes a list of
/// texts gives for one text.
const MOST_BRACKETS: usize = 2;

/// Appends the numbers in a text as f64 in the byte order of this machine.
///
/// # Errors
/// If something in it is not a number. `NaN` and `Infinity`, as Python's `json` writes them, are.
pub(super) fn parse(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut rest = text.trim_ascii();
    for _ in 0..MOST_BRACKETS {
        let Some(inner) = rest.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else {
            break;
        };
        rest = inner.trim_ascii();
    }
    while !rest.is_empty() {
        let length = rest.iter().position(|byte| is_separator(*byte)).unwrap_or(rest.len());
        let (token, behind) = rest.split_at(length);
        out.extend_from_slice(&number(token)?.to_ne_bytes());
        let behind = behind.trim_ascii_start();
        rest = match behind.strip_prefix(b",").or_else(|| behind.strip_prefix(b";")) {
            Some(b"") => return Err(Error::malformed("the text ends with a comma")),
            Some(behind) => behind.trim_ascii_start(),
            None => behind,
        };
    }
    Ok(())
}

fn is_separator(byte: u8) -> bool {
    byte == b',' || byte == b';' || byte.is_ascii_whitespace()
}

fn number(token: &[u8]) -> Result<f64> {
    // Rust reads "infinity" and "nan" in any case, with a sign.
    let text = std::str::from_utf8(token).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        let shown = token[..token.len().min(24)].escape_ascii();
        Error::malformed(format!("\"{shown}\" is not a number"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Option<Vec<f64>> {
        let mut out = Vec::new();
        parse(text.as_bytes(), &mut out).ok()?;
        Some(out.as_chunks().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect())
    }

    #[test]
    fn lists_in_many_spellings() {
        let expected = Some(vec![1.0, -2.5, 3e-7]);
        for text in [
            "[1, -2.5, 3e-7]",
            " [[1,-2.5,\n3E-7]] ",
            "1 -2.5 3e-7",
            "1;-2.5;3e-7",
            "[1 -2.5\t3e-7]",
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
        assert_eq!(numbers("[]"), Some(vec![]));
        assert_eq!(numbers("[-Infinity, 1e999]"), Some(vec![f64::NEG_INFINITY, f64::INFINITY]));
        assert!(numbers("[NaN]").unwrap()[0].is_nan());
    }

    #[test]
    fn anything_else_is_refused() {
        let deep = "[".repeat(50_000) + &"]".repeat(50_000);
        for text in ["[1, \"three\"]", "1,,2", "[1,]", "[[1],[2]]", "[1 2 ... 3]", "{}", &deep] {
            assert_eq!(numbers(text), None);
        }
    }
}
