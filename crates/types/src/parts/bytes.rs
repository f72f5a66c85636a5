//! Bytes that stay where they are: part of a mapped file, or memory of their own.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// Bytes that someone else keeps alive and does not change.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A range of shared bytes, or bytes of their own. Cloning copies none of them.
#[derive(Clone)]
pub struct Bytes(Held);

#[derive(Clone)]
enum Held {
    Own(Arc<Vec<u8>>),
    Shared(SharedBytes, Range<usize>),
}

impl Bytes {
    /// The bytes at `range`, of memory that must return the same bytes every time.
    ///
    /// # Panics
    /// If the range leaves them.
    pub fn new(memory: SharedBytes, range: Range<usize>) -> Bytes {
        assert!(range.start <= range.end && range.end <= (*memory).as_ref().len());
        Bytes(Held::Shared(memory, range))
    }

    /// The bytes, to be changed: they are copied if someone else holds them as well.
    pub fn make_mut(&mut self) -> &mut Vec<u8> {
        if let Held::Shared(..) = self.0 {
            *self = self.to_vec().into();
        }
        match &mut self.0 {
            Held::Own(bytes) => Arc::make_mut(bytes),
            Held::Shared(..) => unreachable!("made their own"),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(Held::Own(Arc::new(bytes)))
    }
}

impl Default for Bytes {
    fn default() -> Bytes {
        Vec::new().into()
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Own(bytes) => bytes,
            Held::Shared(memory, range) => &(**memory).as_ref()[range.clone()],
        }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

/// Little-endian 64-bit integers in shared bytes, at any alignment.
#[derive(Clone, Debug, Default, PartialEq)]
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

    /// Puts another in the place of one.
    ///
    /// # Panics
    /// If there is none at this position.
    pub fn set(&mut self, position: usize, integer: i64) {
        self.0.make_mut().as_chunks_mut().0[position] = integer.to_le_bytes();
    }

    /// Drops all but the first ones.
    pub fn truncate(&mut self, len: usize) {
        self.0.make_mut().truncate(len * size_of::<i64>());
    }
}

impl Extend<i64> for Integers {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, integers: I) {
        self.0.make_mut().extend(integers.into_iter().flat_map(i64::to_le_bytes));
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
    fn bytes_are_copied_when_changed_only_if_others_hold_them() {
        let mut own = Bytes::from(vec![1, 2, 3]);
        let place = own.as_ptr();
        own.make_mut()[0] = 9;
        assert_eq!((&own[..], own.as_ptr()), (&[9, 2, 3][..], place));
        let other = own.clone();
        own.make_mut().push(4);
        assert_eq!((&own[..], &other[..]), (&[9, 2, 3, 4][..], &[9, 2, 3][..]));
        let mut shared = Bytes::new(Arc::new(vec![5, 6, 7]), 1..3);
        shared.make_mut().push(8);
        assert_eq!(&shared[..], [6, 7, 8]);
    }

    #[test]
    fn integers_are_changed_in_place() {
        let mut integers: Integers = [1, -2, 3].into_iter().collect();
        integers.set(1, i64::MIN);
        integers.truncate(2);
        integers.extend([7]);
        assert_eq!(integers.iter().collect::<Vec<_>>(), [1, i64::MIN, 7]);
    }

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
