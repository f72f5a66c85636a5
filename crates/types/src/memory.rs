//! Memory for blocks of rows.

use memmap2::MmapMut;
use std::ops::{Deref, DerefMut};

/// From this size on, memory comes straight from the system in huge pages where it has them: a
/// page fault for every 4 KiB costs more than filling them does.
const LARGE_BYTES: usize = 4 << 20;

/// Bytes that begin as zeros, aligned for every element.
pub(crate) enum Memory {
    /// Eight-byte words, for their alignment.
    Small(Vec<u64>, usize),
    Large(MmapMut),
}

impl Memory {
    pub(crate) fn zeroed(bytes: usize) -> Memory {
        Memory::try_zeroed(bytes).unwrap_or_else(|| Memory::small(bytes))
    }

    /// `None` if the system does not have that much.
    pub(crate) fn try_zeroed(bytes: usize) -> Option<Memory> {
        if bytes < LARGE_BYTES {
            return Some(Memory::small(bytes));
        }
        let map = MmapMut::map_anon(bytes).ok()?;
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage); // a wish, not a need
        Some(Memory::Large(map))
    }

    fn small(bytes: usize) -> Memory {
        Memory::Small(vec![0; bytes.div_ceil(8)], bytes)
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Memory::Small(words, bytes) => &bytemuck::cast_slice(words)[..*bytes],
            Memory::Large(map) => map,
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Memory::Small(words, bytes) => &mut bytemuck::cast_slice_mut(words)[..*bytes],
            Memory::Large(map) => map,
        }
    }
}

impl Clone for Memory {
    fn clone(&self) -> Memory {
        let mut copy = Memory::zeroed(self.len());
        copy.copy_from_slice(self);
        copy
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zeroed_and_aligned_at_any_size() {
        for bytes in [0, 1, 7, 8, 100, LARGE_BYTES, LARGE_BYTES + 3] {
            let mut memory = Memory::zeroed(bytes);
            assert_eq!(memory.len(), bytes);
            assert!(memory.iter().all(|byte| *byte == 0));
            assert!(memory.as_ptr().addr().is_multiple_of(8));
            memory.fill(7);
            assert_eq!(memory.clone()[..], memory[..]);
        }
    }
}
