//! Chunks decoded into rows, on all threads.
//!
//! The unit of work is a *band*: all chunks that share their place along the first axis, and so
//! hold a run of whole rows between them. Bands are decoded in parallel, each by one thread into
//! its own part of the destination; a chunk as wide as a row is inflated right there, narrower
//! ones are scattered into it. Bands that lie whole in what is asked for go straight to the
//! caller's block. Others go through a [`Bands`] cache, which reads ahead by one band a thread
//! when rows are read in order, so that small blocks keep all threads busy and decode no chunk
//! twice. Memory is bounded by that cache and one chunk a thread.

use super::dataset::{Chunked, Dataset, Storage};
use super::file::File;
use super::filters::Scratch;
use super::index::ChunkTable;
use anear_types::{Error, Result};
use std::sync::Mutex;

/// How the rows of a chunked data set are put together.
pub(super) struct Layout<'a> {
    file: &'a File,
    dataset: &'a Dataset,
    chunked: &'a Chunked,
    table: ChunkTable,
    /// Bytes of a chunk, decoded.
    chunk_bytes: usize,
    /// Bytes of one step along the first axis.
    step_bytes: usize,
}

impl<'a> Layout<'a> {
    /// Reads where the chunks are.
    pub(super) fn new(
        file: &'a File,
        dataset: &'a Dataset,
        chunked: &'a Chunked,
    ) -> Result<Layout<'a>> {
        let chunk_bytes = chunked.chunk_bytes(dataset.value_bytes);
        file.limits.check_expansion("a chunk", chunk_bytes, file.len())?;
        let table = ChunkTable::read(file, chunked, &dataset.shape, chunk_bytes)?;
        let step = dataset.shape[1..]
            .iter()
            .fold(dataset.value_bytes as u64, |bytes, axis| bytes.saturating_mul(*axis));
        let too_large = |_| Error::limit("a chunk is larger than memory");
        Ok(Layout {
            file,
            dataset,
            chunked,
            table,
            chunk_bytes: usize::try_from(chunk_bytes).map_err(too_large)?,
            step_bytes: usize::try_from(step).map_err(too_large)?,
        })
    }

    /// Steps along the first axis in a band; fewer in the last one.
    fn band_steps(&self) -> u64 {
        self.chunked.dims[0].min(self.dataset.shape[0]).max(1)
    }

    fn bands(&self) -> u64 {
        self.table.grid()[0]
    }

    /// Bytes of all bands before `band`.
    fn band_start(&self, band: u64) -> u64 {
        let steps = (band * self.band_steps()).min(self.dataset.shape[0]);
        steps * self.step_bytes as u64
    }

    /// All rows, if they lie in the file just as they are to be read.
    pub(super) fn contiguous(&self) -> Option<&'a [u8]> {
        let whole_steps = self.chunked.dims[1..] == self.dataset.shape[1..];
        if !whole_steps || !self.chunked.pipeline.is_empty() {
            return None;
        }
        let bytes = self.band_start(self.bands());
        self.file.bytes(self.table.consecutive()?, bytes, "the values").ok()
    }

    /// Decodes bands `first..first + n` into `out`, which they fill exactly.
    fn decode(&self, first: u64, out: &mut [u8]) -> Result<()> {
        let mut rest = out;
        let mut work = Vec::new();
        let mut band = first;
        while !rest.is_empty() {
            let bytes = (self.band_start(band + 1) - self.band_start(band)) as usize;
            let (part, after) = rest.split_at_mut(bytes);
            work.push((band, part));
            (rest, band) = (after, band + 1);
        }
        let threads = self.file.threads.min(work.len());
        let queue = Mutex::new(work.into_iter());
        let next = || queue.lock().ok()?.next();
        let run = || {
            let mut scratch = (Scratch::new(), Vec::new());
            while let Some((band, part)) = next() {
                self.decode_band(band, part, &mut scratch)?;
            }
            Ok(())
        };
        if threads < 2 {
            return run();
        }
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
            let mut outcome = run();
            for other in others {
                let other = other.join().unwrap_or_else(|_| Err(Error::malformed("a chunk")));
                outcome = outcome.and(other);
            }
            outcome
        })
    }

    fn decode_band(
        &self,
        band: u64,
        out: &mut [u8],
        (scratch, chunk): &mut (Scratch, Vec<u8>),
    ) -> Result<()> {
        let grid = self.table.grid();
        let in_band: u64 = grid[1..].iter().product();
        let whole = in_band == 1 && self.chunked.dims[1..] == self.dataset.shape[1..];
        for within in 0..in_band {
            let corner = self.corner(band, within);
            let Some(stored) = self.table.get(band * in_band + within) else {
                self.scatter(&corner, Values::Fill(&self.dataset.fill), out);
                continue;
            };
            let bytes = self.file.bytes(stored.address, stored.bytes, "a chunk")?;
            let at_chunk = |error: Error| error.at_offset(stored.address);
            let pipeline = &self.chunked.pipeline;
            if whole && out.len() == self.chunk_bytes {
                pipeline.decode(bytes, stored.mask, out, scratch).map_err(at_chunk)?;
            } else if pipeline.is_empty() {
                self.scatter(&corner, Values::Chunk(bytes), out);
            } else {
                chunk.resize(self.chunk_bytes, 0);
                pipeline.decode(bytes, stored.mask, chunk, scratch).map_err(at_chunk)?;
                self.scatter(&corner, Values::Chunk(chunk), out);
            }
        }
        Ok(())
    }

    /// Where a chunk begins along each axis, counted from the beginning of its band.
    fn corner(&self, band: u64, within: u64) -> Corner {
        let mut rest = within;
        let axes = self.dataset.shape.len();
        let mut starts = vec![0; axes];
        for axis in (1..axes).rev() {
            let chunks = self.table.grid()[axis];
            starts[axis] = rest % chunks * self.chunked.dims[axis];
            rest /= chunks;
        }
        starts[0] = band * self.chunked.dims[0];
        let ends = starts.iter().zip(&self.chunked.dims).zip(&self.dataset.shape);
        let lengths = ends.map(|((start, dim), axis)| (*axis - start).min(*dim)).collect();
        starts[0] = 0; // a band is decoded by itself
        Corner { starts, lengths }
    }

    /// Copies the part of a chunk inside the shape to its places in a band.
    fn scatter(&self, corner: &Corner, values: Values<'_>, band: &mut [u8]) {
        let size = self.dataset.value_bytes;
        let (shape, dims) = (&self.dataset.shape, &self.chunked.dims);
        let Corner { starts, lengths } = corner;
        let axes = shape.len();
        let run = lengths[axes - 1] as usize * size;
        // The last two axes are walked in a plain loop, those before them counted up.
        let (outer, steps) = match axes.checked_sub(2) {
            Some(outer) => (outer, lengths[outer] as usize),
            None => (0, 1),
        };
        let from_step = dims[axes - 1] as usize * size;
        let to_step = shape[axes - 1] as usize * size;
        let mut counter = vec![0u64; outer];
        loop {
            let (mut from, mut to) = (0u64, 0u64);
            for axis in 0..axes {
                let count = counter.get(axis).copied().unwrap_or(0);
                from = from * dims[axis] + count;
                to = to * shape[axis] + starts[axis] + count;
            }
            let (mut from, mut to) = (from as usize * size, to as usize * size);
            for _ in 0..steps {
                let target = &mut band[to..to + run];
                match values {
                    Values::Chunk(chunk) => target.copy_from_slice(&chunk[from..from + run]),
                    Values::Fill(value) => fill(target, value),
                }
                (from, to) = (from + from_step, to + to_step);
            }
            if !count_up(&mut counter, lengths) {
                return;
            }
        }
    }
}

/// The next position within `lengths`, the last axis fastest; false behind the last.
fn count_up(counter: &mut [u64], lengths: &[u64]) -> bool {
    for (count, length) in counter.iter_mut().zip(lengths).rev() {
        *count += 1;
        if *count < *length {
            return true;
        }
        *count = 0;
    }
    false
}

/// Where a chunk lies in its band, and how much of it is inside the shape.
struct Corner {
    starts: Vec<u64>,
    lengths: Vec<u64>,
}

#[derive(Clone, Copy)]
enum Values<'a> {
    Chunk(&'a [u8]),
    Fill(&'a [u8]),
}

/// Fills with a value over and over; with zeros if it is empty.
pub(super) fn fill(out: &mut [u8], value: &[u8]) {
    if value.iter().all(|byte| *byte == 0) {
        out.fill(0);
    } else {
        out.chunks_exact_mut(value.len()).for_each(|slot| slot.copy_from_slice(value));
    }
}

/// Bands decoded but not yet handed out.
#[derive(Default)]
pub(super) struct Bands {
    /// The first byte held, counted from the first row.
    start: u64,
    bytes: Vec<u8>,
    /// Where the last read ended.
    end: u64,
}

impl Bands {
    /// Copies the bytes from `position` on into `out`, decoding what is needed.
    pub(super) fn read(
        &mut self,
        layout: &Layout<'_>,
        mut position: u64,
        out: &mut [u8],
    ) -> Result<()> {
        let mut rest = out;
        let in_order = position == self.end;
        self.end = position + rest.len() as u64;
        while !rest.is_empty() {
            let held = position.checked_sub(self.start).unwrap_or(u64::MAX);
            let taken = if held < self.bytes.len() as u64 {
                let held = &self.bytes[held as usize..];
                let count = held.len().min(rest.len());
                rest[..count].copy_from_slice(&held[..count]);
                count
            } else {
                self.read_on(layout, position, in_order, rest)?
            };
            rest = &mut rest[taken..];
            position += taken as u64;
        }
        Ok(())
    }

    /// Decodes the bands at `position`: those that fit straight into `out`, whose number of
    /// bytes it returns, or else the next few into the cache.
    fn read_on(
        &mut self,
        layout: &Layout<'_>,
        position: u64,
        in_order: bool,
        out: &mut [u8],
    ) -> Result<usize> {
        let band_bytes = (layout.band_steps() * layout.step_bytes as u64).max(1);
        let band = position / band_bytes;
        let begins_here = layout.band_start(band) == position;
        let end = position + out.len() as u64;
        let mut whole = end / band_bytes;
        if end == layout.band_start(layout.bands()) {
            whole = layout.bands();
        }
        if begins_here && whole > band {
            let bytes = (layout.band_start(whole) - position) as usize;
            layout.decode(band, &mut out[..bytes])?;
            return Ok(bytes);
        }
        let ahead = if in_order { layout.file.threads as u64 } else { 1 };
        let until = (band + ahead).min(layout.bands());
        let start = layout.band_start(band);
        self.bytes.clear(); // nothing is held if decoding fails
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize((layout.band_start(until) - start) as usize, 0);
        layout.decode(band, &mut bytes)?;
        (self.start, self.bytes) = (start, bytes);
        Ok(0)
    }
}

/// All stored values, in order, of a data set that is not chunked or small enough to read whole.
pub(super) enum Plain<'a> {
    /// They lie in the file or its header as they are.
    Bytes(&'a [u8]),
    /// None was ever written.
    Fill,
    /// They are in chunks.
    Chunks(Box<Layout<'a>>),
}

impl<'a> Plain<'a> {
    /// Finds the values of a data set. Its size must be in proportion to the file.
    pub(super) fn of(file: &'a File, dataset: &'a Dataset) -> Result<Plain<'a>> {
        if let Some(reason) = dataset.obstacle() {
            return Err(Error::unsupported(reason));
        }
        let bytes = dataset.values().saturating_mul(dataset.value_bytes as u64);
        file.limits.check_expansion("the data set", bytes, file.len())?;
        let plain = match &dataset.storage {
            Storage::Header(data) => Plain::Bytes(data),
            Storage::Contiguous(address) => {
                Plain::Bytes(file.bytes(*address, bytes, "the data set")?)
            }
            Storage::Chunked(_) if bytes == 0 => Plain::Bytes(&[]),
            Storage::Chunked(chunked) => {
                Plain::Chunks(Box::new(Layout::new(file, dataset, chunked)?))
            }
            Storage::Unwritten | Storage::Elsewhere(_) => Plain::Fill,
        };
        match &plain {
            Plain::Bytes(found) if (found.len() as u64) < bytes => Err(Error::malformed(format!(
                "the data set should have {bytes} bytes, {} are there",
                found.len()
            ))),
            _ => Ok(plain),
        }
    }
}
