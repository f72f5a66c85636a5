//! Where bytes come from and go to: an [`Input`] is a whole file seen as one slice, a [`Cursor`]
//! reads it without ever trusting a length, an [`Output`] appears under its name whole or not at
//! all, a [`GrowingFile`] is read while it is written. A [`Segment`] is a file of named, checksummed
//! sections: the container of `.anx` files, and of a [`Delta`] beside a file of another library.
#![deny(unsafe_code)]

mod about;
mod cursor;
mod delta;
mod endian;
mod growing;
mod input;
mod mmap;
mod output;
mod segment;

pub use about::{About, PREFILTER};
pub use cursor::Cursor;
pub use delta::{Delta, MOST_ITEM};
pub use endian::{ByteOrder, swap_bytes};
pub use growing::{Appender, GrowingFile};
pub use input::Input;
pub use memmap2::MmapMut as PrivateMap;
pub use output::{Output, sync_folder};
pub use segment::{SEGMENT_MAGIC, Section, Segment, SegmentWriter};
