//! Streaming the rows of a vector column, row group by row group.
//!
//! With several threads, the next row groups are decoded ahead, each by a thread of its own into a
//! channel of bounded size, so that memory stays bounded however large a row group is.

use super::file::File;
use super::vectors::{VectorReader, Vectors, open};
use crate::VectorSource;
use anear_types::{Block, Error, Result, Schema};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// About how many bytes are decoded at a time.
const BATCH_BYTES: usize = 1 << 20;
/// The most bytes a thread decodes ahead.
const AHEAD_BYTES: usize = 64 << 20;
/// Below so many bytes threads are not worth starting.
const THREADS_FROM_BYTES: u64 = 4 << 20;

/// The rows of one vector column.
pub(super) struct Rows {
    file: Arc<File>,
    vectors: Vectors,
    schema: Schema,
    next_row: u64,
    decoder: Decoder,
    threads: usize,
}

enum Decoder {
    /// Not begun, or moved away by a seek.
    None,
    /// In the caller's thread.
    Here { group: usize, reader: Box<dyn VectorReader> },
    /// In threads of their own, one a row group, first the current one.
    Ahead { running: VecDeque<Receiver<Result<Vec<u8>>>>, next_group: usize, batch: Batch },
}

/// Decoded rows not handed out yet.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    taken: usize,
}

impl Rows {
    /// Starts at the first row.
    pub(super) fn new(file: Arc<File>, vectors: Vectors, schema: Schema, threads: usize) -> Rows {
        let worth_it = file.groups() > 1 && schema.total_bytes() >= THREADS_FROM_BYTES;
        let threads = if worth_it { threads } else { 1 };
        Rows { file, vectors, schema, next_row: 0, decoder: Decoder::None, threads }
    }

    /// Fills `out` with some of the next rows; returns how many, at least one.
    fn fill(&mut self, out: &mut [u8], wanted: usize) -> Result<usize> {
        let group = self.file.group_of(self.next_row);
        if self.threads > 1 {
            return self.take_decoded(group, out, wanted);
        }
        let Decoder::Here { group: current, reader } = &mut self.decoder else {
            self.decoder = Decoder::Here {
                group,
                reader: open_at(&self.file, group, self.vectors, self.next_row)?,
            };
            return self.fill(out, wanted);
        };
        if *current != group {
            *reader = open_at(&self.file, group, self.vectors, self.next_row)?;
            *current = group;
        }
        let left = self.file.group_start(group + 1) - self.next_row;
        let rows = wanted.min(batch_rows(&self.vectors)).min(left as usize);
        let rows = reader.read(rows, out)?;
        if rows == 0 { Err(ends_early(group, self.next_row)) } else { Ok(rows) }
    }

    fn take_decoded(&mut self, group: usize, out: &mut [u8], wanted: usize) -> Result<usize> {
        if !matches!(self.decoder, Decoder::Ahead { .. }) {
            let (running, batch) = (VecDeque::new(), Batch::default());
            self.decoder = Decoder::Ahead { running, next_group: group, batch };
        }
        let Decoder::Ahead { running, next_group, batch } = &mut self.decoder else {
            unreachable!("set just above")
        };
        let row_bytes = self.vectors.row_bytes().max(1);
        while batch.taken == batch.bytes.len() {
            while running.len() < self.threads && *next_group < self.file.groups() {
                let first = self.next_row.max(self.file.group_start(*next_group));
                running.push_back(decode_ahead(&self.file, *next_group, self.vectors, first));
                *next_group += 1;
            }
            let Some(current) = running.front() else {
                return Err(ends_early(group, self.next_row));
            };
            match current.recv() {
                Ok(bytes) => *batch = Batch { bytes: bytes?, taken: 0 },
                Err(_) => drop(running.pop_front()),
            }
        }
        let bytes = (batch.bytes.len() - batch.taken).min(wanted * row_bytes);
        out[..bytes].copy_from_slice(&batch.bytes[batch.taken..][..bytes]);
        batch.taken += bytes;
        Ok(bytes / row_bytes)
    }
}

impl VectorSource for Rows {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row;
        self.decoder = Decoder::None;
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        assert_eq!((block.element(), block.dim()), (self.schema.element, self.schema.dim));
        let mut total = 0;
        while block.spare_rows() > 0 && self.next_row < self.schema.rows {
            let wanted = block.spare_rows();
            let rows = if self.schema.row_bytes() == 0 {
                wanted.min((self.schema.rows - self.next_row).min(1 << 20) as usize)
            } else {
                self.fill(block.spare_mut(), wanted)?
            };
            block.advance(rows);
            self.next_row += rows as u64;
            total += rows;
        }
        Ok(total)
    }
}

fn batch_rows(vectors: &Vectors) -> usize {
    (BATCH_BYTES / vectors.row_bytes().max(1)).max(1)
}

fn open_at(file: &File, group: usize, vectors: Vectors, row: u64) -> Result<Box<dyn VectorReader>> {
    let mut reader = open(file, group, vectors)?;
    let before = (row - file.group_start(group)) as usize;
    if before > 0 && reader.skip(before)? != before {
        return Err(ends_early(group, row));
    }
    Ok(reader)
}

fn ends_early(group: usize, row: u64) -> Error {
    Error::malformed(format!("row group {group} ends before its last row")).at_row(row)
}

/// Starts a thread that decodes a row group from `row` on. It ends when the receiver is dropped.
fn decode_ahead(
    file: &Arc<File>,
    group: usize,
    vectors: Vectors,
    row: u64,
) -> Receiver<Result<Vec<u8>>> {
    let batch_bytes = batch_rows(&vectors) * vectors.row_bytes();
    let (sender, receiver) = sync_channel((AHEAD_BYTES / batch_bytes).max(2));
    let file = Arc::clone(file);
    std::thread::spawn(move || {
        if let Err(error) = decode_group(&file, group, vectors, row, &sender) {
            let _ = sender.send(Err(error)); // nobody waits for it any more
        }
    });
    receiver
}

fn decode_group(
    file: &File,
    group: usize,
    vectors: Vectors,
    mut row: u64,
    sender: &SyncSender<Result<Vec<u8>>>,
) -> Result<()> {
    let end = file.group_start(group + 1);
    if row >= end {
        return Ok(());
    }
    let mut reader = open_at(file, group, vectors, row)?;
    while row < end {
        let rows = batch_rows(&vectors).min((end - row) as usize);
        let mut bytes = vec![0; rows * vectors.row_bytes()];
        let rows = reader.read(rows, &mut bytes)?;
        if rows == 0 {
            return Err(ends_early(group, row));
        }
        bytes.truncate(rows * vectors.row_bytes());
        row += rows as u64;
        if sender.send(Ok(bytes)).is_err() {
            return Ok(()); // nobody wants the rest
        }
    }
    Ok(())
}
