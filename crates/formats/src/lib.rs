//! Every vector file format anear reads and writes: one folder each, one row in [`FORMATS`].
//!
//! A file is opened in three steps: [`probe`] finds the format from the first bytes and the
//! suffix, [`Format::open`] gives a [`Container`] of entries, [`Container::rows`] gives the rows
//! of one entry as a [`VectorSource`]. Writing goes through [`Format::create`] and a
//! [`VectorSink`].
#![forbid(unsafe_code)]

mod annoy;
pub mod anx;
mod columns;
mod container;
mod csv;
pub mod faiss;
mod fbin;
mod format;
#[cfg(any(feature = "hdf5", feature = "parquet"))]
mod guard;
#[cfg(feature = "hdf5")]
mod hdf5;
mod jsonl;
pub mod langchain;
pub mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod pickle;
mod probe;
mod pt;
mod registry;
mod safetensors;
mod shape;
mod source;
mod spool;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(test)]
mod testing;
mod text;
mod vecs;

pub use container::Entry;
pub use container::{Container, IndexInfo, Skipped};
pub use format::{
    Compression, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, Summary, VectorSink,
    WriteOptions,
};
pub use probe::{format_for_output, open, probe};
pub use registry::{FORMATS, by_name};
pub use source::{ArraySource, VectorSource};
