//! One bit a row.

/// Rows that share a word.
pub(crate) const WORD_ROWS: usize = u64::BITS as usize;

/// Flags of rows 0 to `len`; bits beyond are zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// Flags that are all set.
    pub(crate) fn all(len: usize) -> Bits {
        let mut words = vec![u64::MAX; len.div_ceil(WORD_ROWS)];
        if let Some(last) = words.last_mut().filter(|_| !len.is_multiple_of(WORD_ROWS)) {
            *last = (1 << (len % WORD_ROWS)) - 1;
        }
        Bits { words, len }
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// Sets or clears a flag; rows up to there that had none are cleared.
    pub(crate) fn put(&mut self, row: usize, flag: bool) {
        if row >= self.len {
            self.extend(row + 1);
        }
        let word = &mut self.words[row / WORD_ROWS];
        let bit = 1 << (row % WORD_ROWS);
        *word = if flag { *word | bit } else { *word & !bit };
    }

    /// Has `len` flags from now on; new ones are cleared.
    pub(crate) fn extend(&mut self, len: usize) {
        self.len = self.len.max(len);
        self.words.resize(self.len.div_ceil(WORD_ROWS), 0);
    }
}

/// The positions of the ones in some words, ascending.
pub(crate) fn ones(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(position, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(position * WORD_ROWS + bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_beyond_the_end_are_zero() {
        for len in [0, 1, 63, 64, 65, 200] {
            let all = Bits::all(len);
            assert_eq!(ones(all.words()).collect::<Vec<usize>>(), (0..len).collect::<Vec<usize>>());
            assert_eq!(all.words().len(), len.div_ceil(64));
        }
    }

    #[test]
    fn rows_that_were_skipped_are_cleared() {
        let mut bits = Bits::default();
        bits.put(70, true);
        bits.put(3, true);
        bits.put(70, false);
        bits.put(130, true);
        assert_eq!(ones(bits.words()).collect::<Vec<usize>>(), [3, 130]);
        assert_eq!(bits.len(), 131);
    }
}
