//! The rows that passed.

use crate::columns::{WORD_ROWS, ones};

/// Rows that meet a condition, as one bit a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passing {
    words: Vec<u64>,
    rows: usize,
    count: u64,
}

impl Passing {
    pub(super) fn new(words: Vec<u64>, rows: usize) -> Passing {
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        Passing { words, rows, count }
    }

    /// How many rows it tells of: those that the columns had.
    pub fn rows(&self) -> u64 {
        self.rows as u64
    }

    /// How many rows passed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a row passed.
    pub fn contains(&self, row: u64) -> bool {
        row < self.rows()
            && self.words[row as usize / WORD_ROWS] >> (row as usize % WORD_ROWS) & 1 == 1
    }

    /// The rows that passed, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        ones(&self.words).map(|row| row as u64)
    }

    /// Row `r` is bit `r % 64` of word `r / 64`; bits of rows that are not there are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}
