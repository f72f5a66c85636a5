//! Where CSV records begin and the fields of one.
//!
//! As in RFC 4180: fields may be quoted, quoted fields may hold delimiters and line ends, and a
//! quote inside is doubled. Whether a field was quoted is kept, because that tells text from
//! numbers and an empty text from none.

use std::borrow::Cow;
use std::ops::Range;

/// A field of a record.
pub(super) struct Cell<'a> {
    /// Its text without quotes.
    pub(super) text: Cow<'a, str>,
    /// Whether it stood in quotes.
    pub(super) quoted: bool,
}

/// The record at `offset`, without its line end, and the offset behind that. Blank lines are no
/// records.
pub(super) fn record(bytes: &[u8], offset: usize) -> Option<(Range<usize>, usize)> {
    let rest = bytes.get(offset..)?;
    let start = offset + rest.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let mut position = start;
    let mut in_quotes = false;
    while let Some(found) = memchr::memchr2(b'"', b'\n', &bytes[position..]) {
        position += found + 1;
        match bytes[position - 1] {
            b'"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            _ => return Some((start..trim_return(bytes, start, position - 1), position)),
        }
    }
    Some((start..trim_return(bytes, start, bytes.len()), bytes.len()))
}

fn trim_return(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// The fields of a record, in order.
pub(super) fn cells(record: &str, delimiter: u8) -> impl Iterator<Item = Cell<'_>> {
    let mut rest = Some(record);
    std::iter::from_fn(move || {
        let text = rest?;
        let (cell, length) = match text.strip_prefix('"') {
            Some(inner) => quoted(inner, delimiter),
            None => {
                let length = memchr::memchr(delimiter, text.as_bytes()).unwrap_or(text.len());
                (Cell { text: Cow::Borrowed(&text[..length]), quoted: false }, length)
            }
        };
        rest = text.get(length + 1..);
        Some(cell)
    })
}

/// A field behind its opening quote, and its length with both quotes. What stands between the
/// closing quote and the delimiter is no CSV; it is left out.
fn quoted(inner: &str, delimiter: u8) -> (Cell<'_>, usize) {
    let bytes = inner.as_bytes();
    let mut end = 0;
    let mut doubled = false;
    while let Some(found) = memchr::memchr(b'"', &bytes[end..]) {
        end += found;
        if bytes.get(end + 1) != Some(&b'"') {
            break;
        }
        doubled = true;
        end += 2;
    }
    if bytes.get(end) != Some(&b'"') {
        end = bytes.len(); // never closed: all the rest
    }
    let text = &inner[..end];
    let text = if doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) };
    let behind = bytes.get(end + 1..).unwrap_or_default();
    let gap = memchr::memchr(delimiter, behind).unwrap_or(behind.len());
    (Cell { text, quoted: true }, (end + 2 + gap).min(bytes.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(String, bool)> {
        cells(text, b',').map(|cell| (cell.text.into_owned(), cell.quoted)).collect()
    }

    #[test]
    fn fields_keep_their_quotes_in_mind() {
        let expected = [("a", false), ("", false), ("", true), ("b\"c,\n", true), ("", false)];
        let expected = expected.map(|(text, quoted)| (text.to_owned(), quoted));
        assert_eq!(split("a,,\"\",\"b\"\"c,\n\","), expected);
        assert_eq!(split(""), [(String::new(), false)]);
        assert_eq!(split("\"open,x"), [("open,x".to_owned(), true)]);
        assert_eq!(split("\"é\"x,y").len(), 2);
        assert_eq!(split("\"\"\"\""), [("\"".to_owned(), true)]);
    }

    #[test]
    fn records_end_outside_of_quotes() {
        let bytes = b"\r\n\na,\"x\ny\"\r\nb\nc";
        let mut offset = 0;
        let mut found = Vec::new();
        while let Some((record, next)) = record(bytes, offset) {
            found.push(std::str::from_utf8(&bytes[record]).unwrap());
            offset = next;
        }
        assert_eq!(found, ["a,\"x\ny\"", "b", "c"]);
    }
}
