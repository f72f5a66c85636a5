//! The words and signs of a condition, as SQLite tells them apart.

use super::{Comparison, keywords};

/// What a condition is written with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A keyword or a name without quotes.
    Word(&'a str),
    /// A name in quotes, or a word that is no keyword.
    Name(String),
    Text(String),
    Int(i64),
    Real(f64),
    Parameter,
    Comparison(Comparison),
    Open,
    Close,
    Comma,
    Minus,
}

/// Digits that the largest integer has; no more are read, not even zeros.
const MAX_INT_DIGITS: usize = 19;

/// Digits of a number with a fraction that surely become the same real here and in SQLite.
const MAX_DIGITS: usize = 15;

/// The same for the power of ten.
const MAX_EXPONENT: i32 = 20;

/// The tokens of a text; `None` if there is one that is none of the above.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    // SQLite stops at a zero byte, and takes a byte order mark for a space.
    if text.contains(['\0', '\u{feff}']) {
        return None;
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
        if rest.is_empty() {
            return Some(tokens);
        }
        let (token, length) = token(rest)?;
        tokens.push(token);
        rest = &rest[length..];
    }
}

/// The first token of a text and its length in bytes.
fn token(text: &str) -> Option<(Token<'_>, usize)> {
    let bytes = text.as_bytes();
    let next = bytes.get(1).copied();
    let short = |token| Some((token, 1));
    match bytes[0] {
        b'(' => short(Token::Open),
        b')' => short(Token::Close),
        b',' => short(Token::Comma),
        // Two are a comment, and an arrow reaches into JSON.
        b'-' if next != Some(b'-') && next != Some(b'>') => short(Token::Minus),
        b'?' if !next.is_some_and(|byte| byte.is_ascii_digit()) => short(Token::Parameter),
        b'\'' => quoted(text, '\'').map(|(text, length)| (Token::Text(text), length)),
        quote @ (b'"' | b'`') => name(quoted(text, char::from(quote))?),
        b'[' => {
            let end = text.find(']')?;
            name((text[1..end].to_owned(), end + 1))
        }
        b'=' | b'!' | b'<' | b'>' => comparison(bytes),
        b'0'..=b'9' | b'.' => number(text),
        b'_' | 0x80.. => Some(word(text)),
        byte if byte.is_ascii_alphabetic() => {
            let (token, length) = word(text);
            // Letters before a quote may say what kind of text follows.
            (bytes.get(length) != Some(&b'\'')).then_some((token, length))
        }
        _ => None,
    }
}

fn comparison(bytes: &[u8]) -> Option<(Token<'_>, usize)> {
    let (comparison, length) = match (bytes[0], bytes.get(1)) {
        (b'=', Some(b'=')) => (Comparison::Equal, 2),
        (b'=', _) => (Comparison::Equal, 1),
        (b'!', Some(b'=')) | (b'<', Some(b'>')) => (Comparison::NotEqual, 2),
        (b'<', Some(b'=')) => (Comparison::LessOrEqual, 2),
        (b'>', Some(b'=')) => (Comparison::GreaterOrEqual, 2),
        (b'<', Some(b'<')) | (b'>', Some(b'>')) | (b'!', _) => return None,
        (b'<', _) => (Comparison::Less, 1),
        _ => (Comparison::Greater, 1),
    };
    Some((Token::Comparison(comparison), length))
}

/// A text in quotes, which are doubled within; its length counts the quotes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut at = 1;
    loop {
        let length = text[at..].find(quote)?;
        content.push_str(&text[at..at + length]);
        at += length + 1;
        if !text[at..].starts_with(quote) {
            return Some((content, at));
        }
        content.push(quote);
        at += 1;
    }
}

fn name((name, length): (String, usize)) -> Option<(Token<'static>, usize)> {
    Some((Token::Name(name), length))
}

fn word(text: &str) -> (Token<'_>, usize) {
    let length = text.bytes().take_while(|byte| is_in_word(*byte)).count();
    let word = &text[..length];
    let is_truth = word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false");
    let token = match keywords::is_name(word) && !is_truth {
        true => Token::Name(word.to_owned()),
        false => Token::Word(word),
    };
    (token, length)
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// An integer of 64 bits, or a short number with a fraction or an exponent.
fn number(text: &str) -> Option<(Token<'_>, usize)> {
    let bytes = text.as_bytes();
    let digits_at = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits_at(0);
    let mut end = whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits_at(end + 1);
        end += 1 + fraction;
        if fraction == 0 {
            return None;
        }
    }
    let mut exponent = 0;
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let first = (end + 1 + sign).min(bytes.len());
        let digits = digits_at(first);
        exponent = text[end + 1..first + digits].parse().ok()?;
        end = first + digits;
    }
    if bytes.get(end).is_some_and(|byte| is_in_word(*byte) || *byte == b'.') {
        return None;
    }
    if end == whole {
        return (whole <= MAX_INT_DIGITS).then_some((Token::Int(text[..end].parse().ok()?), end));
    }
    let is_short = whole + fraction <= MAX_DIGITS && i32::abs(exponent) <= MAX_EXPONENT;
    is_short.then_some((Token::Real(text[..end].parse().ok()?), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Token<'static> {
        Token::Name(text.to_owned())
    }

    #[test]
    fn tokens_are_told_apart() {
        use Comparison::{Equal, GreaterOrEqual, Less, NotEqual};
        let text = |text: &str| Token::Text(text.to_owned());
        assert_eq!(
            tokens("a=='it''s'AND\t[b c]<>-1").unwrap(),
            [
                name("a"),
                Token::Comparison(Equal),
                text("it's"),
                Token::Word("AND"),
                name("b c"),
                Token::Comparison(NotEqual),
                Token::Minus,
                Token::Int(1),
            ]
        );
        assert_eq!(
            tokens("\"a\"\"b\">=.5 `é`<1.25e-3(?)").unwrap(),
            [
                name("a\"b"),
                Token::Comparison(GreaterOrEqual),
                Token::Real(0.5),
                name("é"),
                Token::Comparison(Less),
                Token::Real(0.00125),
                Token::Open,
                Token::Parameter,
                Token::Close,
            ]
        );
        assert_eq!(tokens("''").unwrap(), [text("")]);
        assert_eq!(tokens("True é$1").unwrap(), [Token::Word("True"), name("é$1")]);
        assert_eq!(tokens(" \n").unwrap(), []);
    }

    #[test]
    fn what_is_not_known_is_no_token() {
        for text in [
            "a -- b",
            "a->'$.b'",
            "?1",
            ":a",
            "@a",
            "$a",
            "x'00'",
            "'open",
            "\"open",
            "[open",
            "0x10",
            "1_000",
            "1.",
            "1.5.2",
            "1e",
            "1e+",
            "1abc",
            "9223372036854775808",
            "a.b",
            "a + b",
            "a || b",
            "a;",
            "/* a */ b",
            "a << 1",
            "!a",
            "\u{feff}a",
            "a\0",
            "a\x0bb",
            "1.2345678901234567",
            "1e21",
            "~a",
            "a % 2",
            "{",
            "#1",
            "\\",
            "N'text'",
        ] {
            assert_eq!(tokens(text), None, "{text:?}");
        }
    }
}
