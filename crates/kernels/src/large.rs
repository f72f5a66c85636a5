//! Memory that is read here and there.

use memmap2::MmapMut;
use std::ops::{Deref, DerefMut};

/// From so many bytes on, large pages are asked for: the size of one.
const LARGE_PAGE: usize = 2 << 20;

/// Bytes that grow, in large pages where the system has them and there are enough: who reads rows here and
/// there waits less often for the translation of their addresses.
#[derive(Default)]
pub struct LargeBytes {
    memory: Memory,
    length: usize,
}

enum Memory {
    Vec(Vec<u8>),
    Pages(MmapMut),
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::Vec(Vec::new())
    }
}

impl LargeBytes {
    /// Appends zeros up to a length.
    ///
    /// # Panics
    /// If there are more bytes already.
    pub fn grow_to(&mut self, length: usize) {
        assert!(length >= self.length);
        if length > self.room() {
            // Pages that are not written to take no memory.
            let room = if self.length == 0 { length } else { length.max(2 * self.length) };
            if let Some(mut pages) = large_pages(room) {
                pages[..self.length].copy_from_slice(self);
                self.memory = Memory::Pages(pages);
            }
        }
        match &mut self.memory {
            Memory::Vec(bytes) => bytes.resize(length, 0),
            Memory::Pages(pages) if length <= pages.len() => (),
            Memory::Pages(pages) => {
                let mut bytes = pages[..self.length].to_vec();
                bytes.resize(length, 0);
                self.memory = Memory::Vec(bytes);
            }
        }
        self.length = length;
    }

    /// How long it may become where it lies.
    fn room(&self) -> usize {
        match &self.memory {
            Memory::Vec(bytes) => bytes.len(),
            Memory::Pages(pages) => pages.len(),
        }
    }
}

/// Zeros in large pages; `None` if they are few, or the system does not give any.
fn large_pages(length: usize) -> Option<MmapMut> {
    if length < LARGE_PAGE {
        return None;
    }
    let pages = MmapMut::map_anon(length.next_multiple_of(LARGE_PAGE)).ok()?;
    // A system without large pages leaves them small.
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::HugePage);
    Some(pages)
}

impl Deref for LargeBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Memory::Vec(bytes) => bytes,
            Memory::Pages(pages) => &pages[..self.length],
        }
    }
}

impl DerefMut for LargeBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Vec(bytes) => bytes,
            Memory::Pages(pages) => &mut pages[..self.length],
        }
    }
}

impl Clone for LargeBytes {
    fn clone(&self) -> LargeBytes {
        let mut bytes = LargeBytes::default();
        bytes.grow_to(self.length);
        bytes.copy_from_slice(self);
        bytes
    }
}

impl std::fmt::Debug for LargeBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LargeBytes({})", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_stays_and_zeros_follow() {
        let mut bytes = LargeBytes::default();
        assert!(bytes.is_empty());
        let mut expected = Vec::new();
        for length in [0, 10, LARGE_PAGE - 1, LARGE_PAGE, LARGE_PAGE + 1, 5 * LARGE_PAGE + 7] {
            bytes.grow_to(length);
            expected.resize(length, 0);
            assert!(*bytes == *expected, "{length}");
            for at in (0..length).step_by(1009) {
                (bytes[at], expected[at]) = ((at / 1009) as u8 | 1, (at / 1009) as u8 | 1);
            }
            let copy = bytes.clone();
            assert!(
                *copy == *expected
                    && matches!(copy.memory, Memory::Vec(_)) == (length < LARGE_PAGE)
            );
        }
        assert_eq!(bytes.room(), 6 * LARGE_PAGE);
    }
}
