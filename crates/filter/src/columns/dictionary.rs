//! The different texts of a column, each once, numbered in the order they came.
//!
//! A condition is evaluated once a text instead of once a row, and equality is one look into the
//! table. A column whose texts all differ costs some twelve bytes a row more this way than the
//! texts one after the other would, and finds a text without reading the others.

use std::hash::{BuildHasher, RandomState};

/// A slot of the table without a text.
const FREE: u32 = u32::MAX;

/// Numbers of texts, their codes, stay below this.
const MAX_TEXTS: usize = i32::MAX as usize;

/// Texts and a hash table of their codes. The hash is keyed anew in every process, so that nobody
/// can prepare texts that all fall into one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    /// The texts, one after the other.
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
    /// Codes where the hash of their text says, or in the next slots. A power of two of them, at
    /// most three quarters in use.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Dictionary {
    /// How many texts there are: one more than the largest code.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with this code.
    pub(crate) fn text(&self, code: usize) -> &[u8] {
        let start = if code == 0 { 0 } else { self.end(code - 1) };
        &self.bytes[start..self.end(code)]
    }

    /// All texts, one after the other in the order of their codes.
    pub(crate) fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the text with this code ends among [`all`](Dictionary::all).
    pub(crate) fn end(&self, code: usize) -> usize {
        self.ends[code] as usize
    }

    /// The code of a text, if it is there.
    pub(crate) fn code(&self, text: &[u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let slot = self.slots[self.slot_of(text)];
        (slot != FREE).then_some(slot)
    }

    /// The code of a text, which is added if it is new; `None` if there is no room.
    pub(crate) fn add(&mut self, text: &[u8]) -> Option<u32> {
        if (self.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot_of(text);
        if self.slots[slot] != FREE {
            return Some(self.slots[slot]);
        }
        let end = u32::try_from(self.bytes.len() + text.len()).ok()?;
        if self.len() == MAX_TEXTS {
            return None;
        }
        let code = self.len() as u32;
        self.bytes.extend_from_slice(text);
        self.ends.push(end);
        self.slots[slot] = code;
        Some(code)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity() + (self.ends.capacity() + self.slots.capacity()) * size_of::<u32>()
    }

    /// The slot that holds this text, or the free one where it belongs. There is one: the table
    /// is never full.
    fn slot_of(&self, text: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(text) as usize & mask;
        while self.slots[slot] != FREE && self.text(self.slots[slot] as usize) != text {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![FREE; (self.slots.len() * 2).max(16)];
        let mask = self.slots.len() - 1;
        for code in 0..self.len() {
            let mut slot = self.hasher.hash_one(self.text(code)) as usize & mask;
            while self.slots[slot] != FREE {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = code as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_one_code() {
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.code(b""), None);
        let texts: Vec<String> = (0..1000).map(|n| "x".repeat(n % 7) + &n.to_string()).collect();
        for round in 0..2 {
            for (code, text) in texts.iter().enumerate() {
                assert_eq!(dictionary.add(text.as_bytes()), Some(code as u32), "round {round}");
            }
        }
        assert_eq!(dictionary.len(), 1000);
        assert_eq!(dictionary.code(b"absent"), None);
        assert_eq!(dictionary.add(b""), Some(1000));
        for (code, text) in texts.iter().enumerate() {
            assert_eq!(dictionary.text(code), text.as_bytes());
            assert_eq!(dictionary.code(text.as_bytes()), Some(code as u32));
        }
        assert_eq!((dictionary.text(1000), dictionary.code(b"")), (&b""[..], Some(1000)));
    }
}
