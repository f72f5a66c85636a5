//! HDF5: groups of data sets, chunked, compressed, with attributes.
//!
//! The crate `hdf5-reader` parses the file's metadata (superblock, object headers, group and chunk
//! indexes). The bytes of the data sets are ours: a walk over all groups lists the [`dataset`]s,
//! [`index`] finds where their chunks lie, [`chunks`] decodes them on all threads with the
//! [`filters`] below, and a contiguous data set is handed out as it lies in the file. Files are
//! written through `rust-hdf5`, with chunks that [`sink`] has compressed itself.
//!
//! A file can point outside itself (external links, external storage, virtual data sets). Such
//! pointers are listed among the things skipped and never followed.

mod attributes;
mod chunks;
mod columns;
mod container;
mod dataset;
mod datatype;
mod file;
mod filters;
mod heap;
mod index;
mod links;
mod lzf;
mod paths;
mod shuffle;
mod sink;
mod source;
#[cfg(test)]
mod tests;
mod write;

use crate::{
    Container, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, VectorSink, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Element, Result, Schema};

/// What every superblock begins with.
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The HDF5 format.
#[derive(Debug)]
pub(crate) struct Hdf5;

static INFO: FormatInfo = FormatInfo {
    name: "hdf5",
    extensions: &["h5", "hdf5", "he5"],
    about: "HDF5 files: every numeric data set of every group, whatever its chunks and filters",
    writes: &[
        Element::F32,
        Element::F16,
        Element::F64,
        Element::Bool,
        Element::I8,
        Element::U8,
        Element::I16,
        Element::U16,
        Element::I32,
        Element::U32,
        Element::I64,
        Element::U64,
        Element::Bf16,
    ],
    keeps: Keeps::Metadata,
};

impl Format for Hdf5 {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        // The superblock begins the file or follows a user block of 512, 1024, .. bytes.
        let starts = std::iter::once(0).chain((9..).map(|power| 1 << power));
        let mut seen = starts.take_while(|start| *start < head.len());
        if seen.any(|start| head[start..].starts_with(SIGNATURE)) {
            Score::Certain
        } else if hint.file_bytes > head.len() as u64
            && INFO.extensions.contains(&hint.extension.as_str())
        {
            Score::Suffix
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        Ok(Box::new(container::Hdf5Container::open(input, options)?))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Hdf5Sink::create(output, schema, options)?))
    }
}
