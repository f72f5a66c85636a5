//! Bytes that stay where they are: part of a mapped file, or memory of their own.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// Bytes that someone else keeps alive and does not change.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A range of shared bytes. Cloning copies none of them.
#[derive(Clone)]
pub struct Bytes {
    memory: SharedBytes,
    range: Range<usize>,
}

impl Bytes {
    /// The bytes at `range`, of memory that must return the same bytes every time.
    ///
    /// # Panics
    /// If the range leaves them.
    pub fn new(memory: SharedBytes, range: Range<usize>) -> Bytes {
        assert!(range.start <= range.end && range.end <= (*memory).as_ref().len());
        Bytes { memory, range }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        let range = 0..bytes.len();
        Bytes { memory: Arc::new(bytes), range }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &(*self.memory).as_ref()[self.range.clone()]
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.range.len())
    }
}

/// Little-endian 64-bit integers in shared bytes, at any alignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Integers(Bytes);

impl Integers {
    /// Views bytes as integers.
    ///
    /// # Panics
    /// If they are not a whole number of them.
    pub fn new(bytes: Bytes) -> Integers {
        assert!(bytes.len().is_multiple_of(size_of::<i64>()));
        Integers(bytes)
    }

    /// Their bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / size_of::<i64>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one at a position; `None` beyond the last.
    pub fn get(&self, position: usize) -> Option<i64> {
        self.0.as_chunks().0.get(position).map(|bytes| i64::from_le_bytes(*bytes))
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes))
    }
}

impl FromIterator<i64> for Integers {
    fn from_iter<I: IntoIterator<Item = i64>>(integers: I) -> Integers {
        let bytes: Vec<u8> = integers.into_iter().flat_map(i64::to_le_bytes).collect();
        Integers(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_at_any_alignment() {
        let memory: Vec<u8> = (0..20).collect();
        let integers = Integers::new(Bytes::new(Arc::new(memory), 3..19));
        let expected = [0x0a09_0807_0605_0403, 0x1211_100f_0e0d_0c0b];
        assert_eq!(integers.iter().collect::<Vec<_>>(), expected);
        assert_eq!(
            (integers.len(), integers.get(1), integers.get(2)),
            (2, Some(expected[1]), None)
        );
        assert_eq!(expected.into_iter().collect::<Integers>(), integers);
    }
}
