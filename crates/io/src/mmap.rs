//! The only place that maps files.
#![allow(unsafe_code)]

use memmap2::{Mmap, MmapMut, MmapOptions, UncheckedAdvice};
use std::fs::File;

/// Maps a whole file for reading.
pub(crate) fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read-only and private to this process's view. Another process that
    // shortens the file while it is mapped can end this process with a signal (SIGBUS), the
    // price every reader of mapped files pays; it cannot make us read memory that is not ours.
    // Whoever writes to the file beside the map (`GrowingFile`) has no part of it lent to anyone
    // that is written to.
    unsafe { Mmap::map(file) }
}

/// Maps a whole file for reading and for writing that the file never sees.
pub(crate) fn map_private(file: &File) -> std::io::Result<MmapMut> {
    // SAFETY: as for `map`; pages that are written to become copies of this process's own. Nothing
    // is reserved for them, so a file larger than memory can be mapped.
    unsafe { MmapOptions::new().no_reserve_swap().map_copy(file) }
}

/// Drops the pages that `part` fills from memory, if `part` lies in the map.
pub(crate) fn release(map: &Mmap, part: &[u8]) {
    let Some(offset) = part.as_ptr().addr().checked_sub(map.as_ptr().addr()) else { return };
    if offset.checked_add(part.len()).is_none_or(|end| end > map.len()) {
        return;
    }
    // SAFETY: the advice drops pages of a map that is shared with the file and never written to,
    // so the next access reads the same bytes from the file. `offset` and the length were checked
    // to lie in the map. Advice that the system does not take is no error.
    let _ = unsafe { map.unchecked_advise_range(UncheckedAdvice::DontNeed, offset, part.len()) };
}
