//! anear: opens, converts and searches embeddings, whatever file they are in.
#![forbid(unsafe_code)]

mod entry;
mod info;
mod location;
mod progress;
mod vectors;

pub use anear_formats::{
    Compression, Entry, FORMATS, FormatInfo, IndexInfo, Skipped, Summary, VectorSource,
};
pub use anear_types::{
    Block, Column, ColumnInfo, ColumnKind, Element, Error, ErrorKind, Limits, MatrixRef, Metric,
    Neighbor, Order, Result, Schema, Value,
};
pub use info::{FileInfo, info};
pub use location::Location;
pub use progress::{Progress, Silent};
pub use vectors::{OpenOptions, Vectors};
