//! The only place that maps files.
#![allow(unsafe_code)]

use memmap2::Mmap;
use std::fs::File;

/// Maps a whole file for reading.
pub(crate) fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read-only and private to this process's view. Another process that
    // shortens the file while it is mapped can end this process with a signal (SIGBUS), the
    // price every reader of mapped files pays; it cannot make us read memory that is not ours.
    unsafe { Mmap::map(file) }
}
