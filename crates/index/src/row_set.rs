//! A set of row numbers, as one bit a row.

use std::ops::Range;

const BITS: u64 = u64::BITS as u64;

/// Some of the rows of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    /// Numbers from here on are not in it.
    rows: u64,
    count: u64,
}

impl RowSet {
    /// None of `rows` rows.
    pub fn none_of(rows: u64) -> RowSet {
        RowSet { words: vec![0; rows.div_ceil(BITS) as usize], rows, count: 0 }
    }

    /// The rows whose bits are set: row `r` is bit `r % 64` of word `r / 64`.
    ///
    /// # Panics
    /// If there are not as many words as `rows` need, or bits beyond them are set.
    pub fn from_words(words: Vec<u64>, rows: u64) -> RowSet {
        assert_eq!(words.len() as u64, rows.div_ceil(BITS), "words for {rows} rows");
        let used = rows % BITS;
        let beyond = words.last().filter(|_| used > 0).map_or(0, |word| word >> used);
        assert_eq!(beyond, 0, "bits beyond row {rows}");
        let count = words.iter().map(|word| u64::from(word.count_ones())).sum();
        RowSet { words, rows, count }
    }

    /// How many rows it can tell of: one more than the largest number it can hold.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many are in it.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a row is in it.
    pub fn contains(&self, row: u64) -> bool {
        row < self.rows && self.words[(row / BITS) as usize] >> (row % BITS) & 1 == 1
    }

    /// Adds a row; returns whether it was not in it before.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn insert(&mut self, row: u64) -> bool {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        let word = &mut self.words[(row / BITS) as usize];
        let before = *word;
        *word |= 1 << (row % BITS);
        let added = *word != before;
        self.count += u64::from(added);
        added
    }

    /// Takes a row out; returns whether it was in it.
    pub fn remove(&mut self, row: u64) -> bool {
        let was_there = self.contains(row);
        if was_there {
            self.words[(row / BITS) as usize] &= !(1 << (row % BITS));
            self.count -= 1;
        }
        was_there
    }

    /// Tells of more rows from now on, none of which is in it.
    pub fn grow(&mut self, more: u64) {
        self.rows += more;
        self.words.resize(self.rows.div_ceil(BITS) as usize, 0);
    }

    /// The rows of a range that are in it, ascending.
    pub fn members(&self, range: Range<u64>) -> impl Iterator<Item = u64> {
        self.selected(range, |word| word)
    }

    /// The rows of a range that are not in it, ascending; none beyond [`rows`](RowSet::rows).
    pub fn others(&self, range: Range<u64>) -> impl Iterator<Item = u64> {
        self.selected(range, |word| !word)
    }

    /// How many rows of a range are in it.
    pub fn count_in(&self, range: Range<u64>) -> u64 {
        if self.count == 0 {
            return 0;
        }
        self.words_of(range, |word| word).map(|(_, word)| u64::from(word.count_ones())).sum()
    }

    fn selected(&self, range: Range<u64>, turn: fn(u64) -> u64) -> impl Iterator<Item = u64> {
        let words = self.words_of(range, turn);
        words.flat_map(|(first, word)| Ones(word).map(move |bit| first + bit))
    }

    /// The words that hold a range, turned, with zeros outside of it; and the first row of each.
    fn words_of(
        &self,
        range: Range<u64>,
        turn: fn(u64) -> u64,
    ) -> impl Iterator<Item = (u64, u64)> {
        let end = range.end.min(self.rows);
        let start = range.start.min(end);
        (start / BITS..end.div_ceil(BITS)).map(move |position| {
            let first = position * BITS;
            let word = turn(self.words[position as usize]);
            let above = u64::MAX << start.saturating_sub(first).min(BITS - 1);
            let below = u64::MAX >> (BITS - (end - first).min(BITS));
            (first, word & above & below)
        })
    }
}

impl FromIterator<bool> for RowSet {
    /// One flag a row.
    fn from_iter<I: IntoIterator<Item = bool>>(flags: I) -> RowSet {
        let mut set = RowSet::default();
        let mut flags = flags.into_iter();
        loop {
            let (mut word, mut bits) = (0, 0);
            for flag in flags.by_ref().take(BITS as usize) {
                word |= u64::from(flag) << bits;
                bits += 1;
            }
            if bits == 0 {
                return set;
            }
            set.words.push(word);
            set.rows += bits;
            set.count += u64::from(word.count_ones());
        }
    }
}

/// The positions of the ones in a word, ascending.
struct Ones(u64);

impl Iterator for Ones {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let bit = (self.0 != 0).then(|| u64::from(self.0.trailing_zeros()))?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_others_agree_with_a_list_of_flags() {
        let flags: Vec<bool> = (0..300u64).map(|row| row * row % 7 < 3 || row / 64 == 2).collect();
        let set: RowSet = flags.iter().copied().collect();
        assert_eq!(set.count(), flags.iter().filter(|flag| **flag).count() as u64);
        for start in [0, 1, 63, 64, 65, 128, 250, 299, 300, 400] {
            for end in [0, 1, 64, 127, 128, 191, 192, 256, 299, 300, 500] {
                let range = start..end;
                let chosen = |wanted: bool| -> Vec<u64> {
                    range.clone().filter(|r| flags.get(*r as usize) == Some(&wanted)).collect()
                };
                assert_eq!(set.members(range.clone()).collect::<Vec<u64>>(), chosen(true));
                assert_eq!(set.count_in(range.clone()), chosen(true).len() as u64);
                assert_eq!(set.others(range.clone()).collect::<Vec<u64>>(), chosen(false));
            }
        }
    }

    #[test]
    fn a_row_is_counted_once() {
        let mut set = RowSet::none_of(5);
        assert!(set.insert(4));
        assert!(!set.insert(4));
        set.grow(100);
        assert!(set.insert(104));
        assert_eq!((set.rows(), set.count()), (105, 2));
        assert!(set.contains(4) && !set.contains(5) && !set.contains(1000));
    }
}
