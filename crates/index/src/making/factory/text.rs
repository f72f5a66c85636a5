//! Reading a factory string piece by piece.

use anear_types::{Error, Result};

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl<'a> Text<'a> {
    /// Takes a word if it is next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        match self.0.strip_prefix(word) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the digits that are next, if there are any, as a number.
    pub(super) fn number(&mut self) -> Option<usize> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        let number = number.parse().ok().filter(|number| i32::try_from(*number).is_ok())?;
        self.0 = rest;
        Some(number)
    }

    /// Takes a number behind a word, if both are next.
    pub(super) fn number_behind(&mut self, word: &str) -> Option<usize> {
        let mut ahead = *self;
        let number = ahead.take(word).then(|| ahead.number()).flatten()?;
        *self = ahead;
        Some(number)
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(self) -> bool {
        self.0.is_empty()
    }
}

/// What FAISS makes and we do not, by what its description begins with.
const ELSEWHERE: [&str; 19] = [
    "IMI2x",
    "NSG",
    "LSQ",
    "LSCQ",
    "RQ",
    "RCQ",
    "PRQ",
    "PLSQ",
    "ZnLattice",
    "EDEN",
    "HR",
    "FlatL2Panorama",
    "FlatIPPanorama",
    "FlatPanorama",
    "Residual",
    "MinMax",
    "SQ0",
    "SQtq",
    "BHash",
];

/// The error for a description that is not understood, or of something that is not made here.
pub(super) fn unknown(part: &str, whole: &str) -> Error {
    match ELSEWHERE.iter().find(|known| part.starts_with(**known)) {
        Some(known) => elsewhere(known, whole),
        None => Error::usage(format!("could not parse {part:?} in the index {whole:?}"))
            .help("describe it as for FAISS's index_factory: Flat, IVF100,PQ16 or HNSW32"),
    }
}

/// The error for something that FAISS makes and we do not.
pub(super) fn elsewhere(what: &str, whole: &str) -> Error {
    Error::unsupported(format!("{what}, as in the index {whole:?}, is not made here"))
        .help("make the index with FAISS, and read its file")
}

/// What lies between the first parenthesis and the one that closes it, and what is before and after.
pub(super) fn in_parentheses(text: &str) -> Result<Option<(&str, &str, &str)>> {
    let Some(first) = text.find(['(', ')']) else { return Ok(None) };
    let mut depth = 0i32;
    for (at, letter) in text[first..].char_indices() {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            break;
        }
        if depth == 0 {
            let end = first + at;
            return Ok(Some((&text[..first], &text[first + 1..end], &text[end + 1..])));
        }
    }
    Err(Error::usage(format!("the parentheses of the index {text:?} are not balanced")))
}
