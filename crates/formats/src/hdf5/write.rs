//! Appending to data sets of a new file, chunk by chunk.
//!
//! The library places chunks and keeps their index; what goes into a chunk is shuffled and
//! deflated here, several chunks at a time, one thread each. Only as many chunks as there are
//! threads wait in memory.

use super::shuffle::shuffle;
use crate::{Compression, WriteOptions};
use anear_types::{Element, Error, Result};
use libdeflater::{CompressionLvl, Compressor};
use rust_hdf5::{ByteOrder, DatatypeMessage, FilterPipeline, H5Dataset, H5Group, Hdf5Error};
use std::borrow::Cow;

/// About how large a chunk is: small enough to stay in cache while it is decoded.
const CHUNK_BYTES: usize = 512 << 10;

/// How to write chunks.
#[derive(Clone, Copy)]
pub(super) struct ChunkOptions {
    /// The deflate level, 1 to 9; `None` leaves chunks as they are.
    level: Option<u8>,
    /// Whether bytes are shuffled before they are deflated.
    shuffle: bool,
    threads: usize,
}

impl ChunkOptions {
    pub(super) fn new(options: &WriteOptions) -> Result<ChunkOptions> {
        let level = match options.compression {
            Compression::None => None,
            Compression::Gzip(level) if (1..=9).contains(&level) => Some(level),
            Compression::Gzip(level) => {
                return Err(Error::usage(format!("gzip has levels 1 to 9, not {level}")));
            }
            Compression::Zstd(_) => {
                return Err(Error::unsupported("HDF5 files are compressed with gzip, not zstd"));
            }
        };
        Ok(ChunkOptions { level, shuffle: options.shuffle, threads: options.threads.max(1) })
    }
}

/// A data set that grows row by row.
pub(super) struct Appender {
    dataset: H5Dataset,
    options: ChunkOptions,
    /// Components in a row; `None` for a column, whose rows are single values.
    dim: Option<usize>,
    element_bytes: usize,
    row_bytes: usize,
    chunk_rows: usize,
    /// Rows not written yet.
    waiting: Vec<u8>,
    chunks: usize,
    rows: usize,
}

impl Appender {
    /// Creates a data set in `group`: rows of `dim` components, or single values.
    pub(super) fn create(
        group: &H5Group,
        name: &str,
        element: Element,
        dim: Option<usize>,
        expected_rows: u64,
        options: ChunkOptions,
    ) -> Result<Appender> {
        let element_bytes = element.bytes();
        let row_bytes = dim.unwrap_or(1) * element_bytes;
        let chunk_rows = (CHUNK_BYTES / row_bytes).max(1);
        let chunk_rows = match usize::try_from(expected_rows) {
            Ok(rows) if rows > 0 => chunk_rows.min(rows),
            _ => chunk_rows,
        };
        let (shape, chunk): (Vec<usize>, Vec<usize>) = match dim {
            Some(dim) => (vec![0, dim], vec![chunk_rows, dim]),
            None => (vec![0], vec![chunk_rows]),
        };
        let limits: Vec<Option<usize>> = std::iter::once(None).chain(dim.map(Some)).collect();
        let mut builder = group
            .new_dataset::<u8>()
            .datatype(datatype(element)?)
            .shape(&shape)
            .chunk(&chunk)
            .max_shape(&limits);
        if let Some(level) = options.level {
            let level = u32::from(level);
            builder = builder.filter_pipeline(match options.shuffle {
                true => FilterPipeline::shuffle_deflate(element_bytes as u32, level),
                false => FilterPipeline::deflate(level),
            });
        }
        Ok(Appender {
            dataset: builder.create(name).map_err(failed)?,
            options,
            dim,
            element_bytes,
            row_bytes,
            chunk_rows,
            waiting: Vec::new(),
            chunks: 0,
            rows: 0,
        })
    }

    pub(super) fn dataset(&self) -> &H5Dataset {
        &self.dataset
    }

    /// Rows appended so far.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Appends whole rows of native-endian bytes.
    pub(super) fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.rows += bytes.len() / self.row_bytes;
        let full = self.chunk_rows * self.row_bytes * self.options.threads;
        while !bytes.is_empty() {
            let taken = bytes.len().min(full - self.waiting.len());
            self.waiting.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.waiting.len() == full {
                self.write_waiting()?;
            }
        }
        Ok(())
    }

    /// Leaves `rows` rows out, to be read as zeros. Only whole chunks are left out of the file.
    pub(super) fn append_zeros(&mut self, rows: usize) -> Result<()> {
        let mut left = rows;
        while left > 0 {
            let at_start = self.waiting.is_empty();
            let step = if at_start && left >= self.chunk_rows {
                self.chunks += 1;
                self.rows += self.chunk_rows;
                self.chunk_rows
            } else {
                let step = left.min(self.chunk_rows - self.rows % self.chunk_rows);
                self.append(&vec![0; step * self.row_bytes])?;
                step
            };
            left -= step;
        }
        Ok(())
    }

    /// Writes what is waiting; the last chunk is filled up with zeros.
    pub(super) fn finish(mut self) -> Result<()> {
        let chunk_bytes = self.chunk_rows * self.row_bytes;
        self.waiting.resize(self.waiting.len().next_multiple_of(chunk_bytes), 0);
        self.write_waiting()?;
        let shape: Vec<usize> = std::iter::once(self.rows).chain(self.dim).collect();
        self.dataset.extend(&shape).map_err(failed)
    }

    fn write_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let chunks: Vec<&[u8]> = waiting.chunks(self.chunk_rows * self.row_bytes).collect();
        match self.options.level {
            None => {
                for chunk in &chunks {
                    self.dataset.write_chunk(self.chunks, chunk).map_err(failed)?;
                    self.chunks += 1;
                }
            }
            Some(level) => {
                let shuffle_bytes = self.options.shuffle.then_some(self.element_bytes);
                for chunk in compress_all(&chunks, shuffle_bytes, level) {
                    self.dataset.write_chunk_raw(self.chunks, &chunk?, 0).map_err(failed)?;
                    self.chunks += 1;
                }
            }
        }
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }
}

/// Deflates chunks, a thread for each, shuffled before if their elements are of so many bytes.
fn compress_all(chunks: &[&[u8]], shuffle_bytes: Option<usize>, level: u8) -> Vec<Result<Vec<u8>>> {
    let Some((first, others)) = chunks.split_first() else { return Vec::new() };
    std::thread::scope(|scope| {
        let others: Vec<_> = others
            .iter()
            .map(|chunk| scope.spawn(move || compress(chunk, shuffle_bytes, level)))
            .collect();
        let mut done = vec![compress(first, shuffle_bytes, level)];
        done.extend(others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| Err(Error::unsupported("a chunk cannot be deflated")))
        }));
        done
    })
}

fn compress(chunk: &[u8], shuffle_bytes: Option<usize>, level: u8) -> Result<Vec<u8>> {
    let mut planes = Cow::Borrowed(chunk);
    if let Some(element_bytes) = shuffle_bytes {
        planes = Cow::Owned(vec![0; chunk.len()]);
        shuffle(chunk, element_bytes, planes.to_mut());
    }
    let level = CompressionLvl::new(i32::from(level));
    let mut compressor = Compressor::new(level.unwrap_or_default());
    let mut out = vec![0; compressor.zlib_compress_bound(planes.len())];
    let length = compressor
        .zlib_compress(&planes, &mut out)
        .map_err(|_| Error::unsupported("a chunk cannot be deflated"))?;
    out.truncate(length);
    Ok(out)
}

/// How HDF5 describes an element; all are little-endian.
fn datatype(element: Element) -> Result<DatatypeMessage> {
    Ok(match element {
        Element::Bool => DatatypeMessage::bool_type(),
        Element::I8 => DatatypeMessage::i8_type(),
        Element::U8 => DatatypeMessage::u8_type(),
        Element::I16 => DatatypeMessage::i16_type(),
        Element::U16 => DatatypeMessage::u16_type(),
        Element::I32 => DatatypeMessage::i32_type(),
        Element::U32 => DatatypeMessage::u32_type(),
        Element::I64 => DatatypeMessage::i64_type(),
        Element::U64 => DatatypeMessage::u64_type(),
        Element::F16 => DatatypeMessage::f16_type(),
        Element::Bf16 => bf16(),
        Element::F32 => DatatypeMessage::f32_type(),
        Element::F64 => DatatypeMessage::f64_type(),
        Element::F8E4M3 | Element::F8E5M2 => {
            return Err(Error::unsupported(format!("HDF5 files are not written with {element}")));
        }
    })
}

/// As HDF5 2.0 defines `H5T_FLOAT_BFLOAT16LE`.
fn bf16() -> DatatypeMessage {
    DatatypeMessage::FloatingPoint {
        size: 2,
        byte_order: ByteOrder::LittleEndian,
        sign_location: 15,
        bit_offset: 0,
        bit_precision: 16,
        exponent_location: 7,
        exponent_size: 8,
        mantissa_location: 0,
        mantissa_size: 7,
        exponent_bias: 127,
    }
}

/// The library's errors as ours.
pub(super) fn failed(error: Hdf5Error) -> Error {
    match error {
        Hdf5Error::Io(source) => Error::io("cannot write", source),
        other => Error::unsupported(format!("this cannot be written to HDF5: {other}")),
    }
}
