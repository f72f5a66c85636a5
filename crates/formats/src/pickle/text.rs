//! The ways pickles write text and bytes.

use anear_types::{Error, Result};
use std::borrow::Cow;

/// Bytes as a pickle holds them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ByteString<'a> {
    /// As they are.
    Plain(&'a [u8]),
    /// Protocols 0 to 2: text whose code points are the bytes.
    Latin1(&'a str),
}

impl<'a> ByteString<'a> {
    /// Number of bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            ByteString::Plain(bytes) => bytes.len(),
            ByteString::Latin1(text) => text.chars().count(),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// If the text has a character that is no byte.
    pub(crate) fn decode(self) -> Result<Cow<'a, [u8]>> {
        match self {
            ByteString::Plain(bytes) => Ok(Cow::Borrowed(bytes)),
            ByteString::Latin1(text) if text.is_ascii() => Ok(Cow::Borrowed(text.as_bytes())),
            ByteString::Latin1(text) => {
                let mut bytes = Vec::new();
                push_latin1(text.as_bytes(), &mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// Appends the bytes that UTF-8 `text` spells one character each.
///
/// # Errors
/// If a character is no byte, or the text is no UTF-8.
pub(super) fn push_latin1(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.resize(start + text.len(), 0);
    let mut rest = text;
    let mut written = 0;
    for target in &mut out[start..] {
        match rest {
            [first @ 0..0x80, tail @ ..] => {
                *target = *first;
                rest = tail;
            }
            [first @ (0xc2 | 0xc3), second @ 0x80..0xc0, tail @ ..] => {
                *target = first << 6 | second & 0x3f;
                rest = tail;
            }
            [] => break,
            _ => return Err(Error::malformed("a character among the bytes of an array")),
        }
        written += 1;
    }
    out.truncate(start + written);
    Ok(())
}

/// A line of a protocol 0 `UNICODE`: Latin-1 with escapes of four (`\u`) or eight (`\U`) digits.
/// `None` when it can stay as it is.
pub(super) fn unescape_unicode(line: &[u8]) -> Option<Result<Vec<u8>>> {
    (!line.is_ascii() || line.contains(&b'\\')).then(|| {
        let mut out = Vec::with_capacity(line.len());
        let mut rest = line;
        while let [first, tail @ ..] = rest {
            let digits = match (first, tail.first()) {
                (b'\\', Some(b'u')) => 4,
                (b'\\', Some(b'U')) => 8,
                _ => {
                    push_code_point(u32::from(*first), &mut out)?;
                    rest = tail;
                    continue;
                }
            };
            let code = tail.get(1..=digits).and_then(hex);
            push_code_point(
                code.ok_or_else(|| Error::malformed("a broken \\u escape"))?,
                &mut out,
            )?;
            rest = &tail[1 + digits..];
        }
        Ok(out)
    })
}

/// A quoted Python 2 string, as `repr` writes it: the content, or `None` within if it can be
/// taken from the line without its quotes.
///
/// # Errors
/// If it is not quoted or an escape is broken.
pub(super) fn unquote(line: &[u8]) -> Result<Option<Vec<u8>>> {
    let content = match line {
        [open @ (b'\'' | b'"'), content @ .., close] if open == close => content,
        _ => return Err(Error::malformed("a string without quotes")),
    };
    if !content.contains(&b'\\') {
        return Ok(None);
    }
    let broken = || Error::malformed("a broken escape in a string");
    let mut out = Vec::new();
    let mut rest = content;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let [letter, tail @ ..] = tail else { return Err(broken()) };
        rest = tail;
        match letter {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'x' => {
                out.push(tail.get(..2).and_then(hex).ok_or_else(broken)? as u8);
                rest = &tail[2..];
            }
            b'\\' | b'\'' | b'"' => out.push(*letter),
            _ => return Err(broken()),
        }
    }
    Ok(Some(out))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0u32, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// Lone surrogates, which Python allows in text, become what they would be in UTF-8 without the
/// rule against them; reading such text fails later.
fn push_code_point(code: u32, out: &mut Vec<u8>) -> Result<()> {
    match code {
        0..0x80 => {
            out.push(code as u8);
            return Ok(());
        }
        0x80..0x800 => {
            out.extend([0xc0 | (code >> 6) as u8, 0x80 | (code & 0x3f) as u8]);
            return Ok(());
        }
        _ => {}
    }
    match char::from_u32(code) {
        Some(character) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(())
        }
        None if code <= 0xffff => {
            let bits = code as u16;
            out.extend([0xe0 | (bits >> 12) as u8, 0x80 | (bits >> 6 & 0x3f) as u8]);
            out.push(0x80 | (bits & 0x3f) as u8);
            Ok(())
        }
        None => Err(Error::malformed("an escape beyond the last character")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert!(unescape_unicode(b"plain").is_none());
        let text = unescape_unicode(b"a\\u005c\\u000a\xe9\\U0001f600").unwrap().unwrap();
        assert_eq!(text, "a\\\n\u{e9}\u{1f600}".as_bytes());
        assert!(unescape_unicode(b"\\u00g0").unwrap().is_err());
        assert!(unescape_unicode(b"\\u+123").unwrap().is_err());
        assert!(unescape_unicode(b"\\U00110000").unwrap().is_err());
        assert!(unescape_unicode(b"\\u12").unwrap().is_err());
        assert_eq!(unquote(b"'plain'").unwrap(), None);
        assert_eq!(unquote(b"'a\\x00\\n\\\\\\''").unwrap().unwrap(), b"a\0\n\\'");
        for bad in [&b"plain"[..], b"'", b"'a\"", b"'\\x0'", b"'\\", b"'\\'"] {
            assert!(unquote(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn latin1_is_one_byte_a_character() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(ByteString::Latin1(&text).len(), 256);
        assert_eq!(*ByteString::Latin1(&text).decode().unwrap(), bytes);
        assert!(ByteString::Latin1("\u{100}").decode().is_err());
        assert!(push_latin1(b"\xc2", &mut Vec::new()).is_err());
    }
}
