//! The Python dict literal in a `.npy` header.
//!
//! NumPy writes `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` and reads it with
//! Python's own literal parser. We read only what such a header can hold, in one pass over the
//! bytes and without recursion: a dict of strings, booleans and tuples of integers. A list (a
//! structured dtype) is stepped over, so that the caller can say what it is.

use anear_types::{Error, Result};

/// The most axes an array may have; NumPy's own limit.
const MAX_AXES: usize = 64;

/// A value of the dict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    /// A string, as its bytes between the quotes.
    Text(Vec<u8>),
    /// `True` or `False`.
    Bool(bool),
    /// A tuple of non-negative integers.
    Tuple(Vec<u64>),
    /// A list of anything.
    List,
}

/// Reads a dict. Nothing but white space may follow it.
pub(super) fn parse_dict(text: &[u8]) -> Result<Vec<(Vec<u8>, Literal)>> {
    let mut reader = Reader { text, position: 0 };
    let mut items: Vec<(Vec<u8>, Literal)> = Vec::new();
    reader.expect(b'{')?;
    while reader.peek() != Some(b'}') {
        let key = reader.string()?;
        reader.expect(b':')?;
        let value = reader.value()?;
        if items.iter().any(|(other, _)| *other == key) {
            return Err(reader.error(&format!("the key '{}' again", key.escape_ascii())));
        }
        items.push((key, value));
        if items.len() > 16 {
            return Err(reader.error("more than 16 keys"));
        }
        if reader.peek() != Some(b'}') {
            reader.expect(b',')?;
        }
    }
    reader.expect(b'}')?;
    match reader.peek() {
        None => Ok(items),
        Some(_) => Err(reader.error("more text after the dict")),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    /// The next byte that is no white space, not taken.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.position).is_some_and(u8::is_ascii_whitespace) {
            self.position += 1;
        }
        self.text.get(self.position).copied()
    }

    fn error(&mut self, found: &str) -> Error {
        Error::malformed(format!(
            "the header is no dict of descr, fortran_order and shape: found {found}"
        ))
        .at_offset(self.position as u64)
    }

    fn unexpected(&mut self) -> Error {
        match self.peek() {
            Some(byte) => self.error(&format!("'{}'", byte.escape_ascii())),
            None => self.error("its end"),
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<()> {
        if self.peek() != Some(wanted) {
            return Err(self.unexpected());
        }
        self.position += 1;
        Ok(())
    }

    /// Takes `word` if the next bytes are that.
    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.position..].starts_with(word);
        if found {
            self.position += word.len();
        }
        found
    }

    fn value(&mut self) -> Result<Literal> {
        match self.peek() {
            Some(b'\'' | b'"' | b'u' | b'b') => Ok(Literal::Text(self.string()?)),
            Some(b'(') => Ok(Literal::Tuple(self.tuple()?)),
            Some(b'[') => self.skip_list(),
            Some(b'T') if self.word(b"True") => Ok(Literal::Bool(true)),
            Some(b'F') if self.word(b"False") => Ok(Literal::Bool(false)),
            _ => Err(self.unexpected()),
        }
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        if matches!(self.peek(), Some(b'u' | b'b')) {
            self.position += 1;
        }
        let quote = match self.text.get(self.position) {
            Some(quote @ (b'\'' | b'"')) => *quote,
            _ => return Err(self.unexpected()),
        };
        self.position += 1;
        let start = self.position;
        loop {
            match self.text.get(self.position) {
                None => return Err(self.error("a string that does not end")),
                Some(b'\\') => self.position += 2,
                Some(byte) if *byte == quote => break,
                Some(_) => self.position += 1,
            }
        }
        self.position += 1;
        Ok(self.text[start..self.position - 1].to_vec())
    }

    fn tuple(&mut self) -> Result<Vec<u64>> {
        self.expect(b'(')?;
        let mut numbers = Vec::new();
        while self.peek() != Some(b')') {
            if numbers.len() == MAX_AXES {
                return Err(self.error("more than 64 axes"));
            }
            numbers.push(self.integer()?);
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b')') if numbers.len() > 1 => {}
                Some(b')') => return Err(self.error("a number in parentheses, not a tuple")),
                _ => return Err(self.unexpected()),
            }
        }
        self.position += 1;
        Ok(numbers)
    }

    /// A non-negative integer, with Python 2's `L` or without.
    fn integer(&mut self) -> Result<u64> {
        let start = self.position;
        let mut number = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.text.get(self.position) {
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(u64::from(digit - b'0')))
                .ok_or_else(|| self.error("an axis longer than 64 bits can count"))?;
            self.position += 1;
        }
        if self.position == start {
            return Err(self.unexpected());
        }
        if self.text.get(self.position) == Some(&b'L') {
            self.position += 1;
        }
        Ok(number)
    }

    /// Steps over a list and all that is nested in it, by counting brackets.
    fn skip_list(&mut self) -> Result<Literal> {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                Some(b'[' | b'(') => depth += 1,
                Some(b']' | b')') => depth -= 1,
                Some(b'\'' | b'"') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return Err(self.error("a list that does not end")),
            }
            self.position += 1;
            if depth == 0 {
                return Ok(Literal::List);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes_is_read() {
        let items =
            parse_dict(b"{'shape': (3L, 4), \"fortran_order\": False, 'descr': '<f4', }  \n");
        let expected = [
            (b"shape".to_vec(), Literal::Tuple(vec![3, 4])),
            (b"fortran_order".to_vec(), Literal::Bool(false)),
            (b"descr".to_vec(), Literal::Text(b"<f4".to_vec())),
        ];
        assert_eq!(items.unwrap(), expected);
        assert_eq!(parse_dict(b"{}").unwrap(), []);
        let items = parse_dict(b"{'a': (), u'b': (7,), 'c': [('x]', '<f4', (2,)), ('y', [])]}");
        let values: Vec<Literal> = items.unwrap().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [Literal::Tuple(vec![]), Literal::Tuple(vec![7]), Literal::List]);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{",
            "(1, 2)",
            "{'a'}",
            "{'a': }",
            "{'a': (7)}",
            "{'a': (1 2)}",
            "{'a': (-1,)}",
            "{'a': (1.5, 2)}",
            "{'a': exit()}",
            "{'a': 'b}",
            "{'a': 'b\\",
            "{'a': [}",
            "{'a': [)]",
            "{'a': (1,), 'a': (1,)}",
            "{'a': (1,)} x",
            "{'a': (99999999999999999999,)}",
            "{'a': 3}",
        ] {
            assert!(parse_dict(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!("{{'shape': {}", "(".repeat(60_000));
        assert!(parse_dict(deep.as_bytes()).is_err());
        let deep = format!("{{'descr': {}", "[".repeat(60_000));
        assert!(parse_dict(deep.as_bytes()).is_err());
    }
}
