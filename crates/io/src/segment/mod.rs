//! Files made of named sections: the container of `.anx` files.
//!
//! A file is a header, any number of sections, and behind them a table that says where each
//! section is. Sections begin at multiples of 64 bytes, so that numbers in a mapped file are used
//! where they lie, and follow each other in the order of the table with nothing but zeros between
//! them. What the sections mean is not this module's business; `docs/format.md` tells both.
//!
//! Opening reads the header, the table and the checksums of small sections, and touches nothing
//! of a large one: a file of many gigabytes opens at once. [`Segment::verify`] reads everything.

mod layout;
mod read;
mod write;

pub use layout::Section;
pub use read::Segment;
pub use write::SegmentWriter;

/// The first bytes of every file.
pub const SEGMENT_MAGIC: [u8; 8] = *b"\x8banx\r\n\x1a\n";
