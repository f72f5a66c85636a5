//! The vectors of a table, block by block.
//!
//! A block is read by one query for each thread, every one with its own connection to the same
//! snapshot and its own part of the block to write into.

use super::decode::{Decoder, describe};
use super::discover::Place;
use super::error::from_sqlite;
use super::rows::Start;
use super::snapshot::{Lease, Snapshot};
use crate::{Entry, VectorSource};
use anear_types::{Block, Element, Error, Limits, Result, Schema};
use rusqlite::types::{Value, ValueRef};

/// A thread is worth starting for so many rows, and so many bytes.
const ROWS_PER_THREAD: usize = 64;
const BYTES_PER_THREAD: usize = 256 << 10;

/// Reads the rows of an entry.
pub(super) struct TableSource<'a> {
    snapshot: &'a Snapshot,
    entry: &'a Entry,
    place: &'a Place,
    workers: Vec<Worker<'a>>,
    next_row: u64,
    /// The key of the row before `next_row`, when that was just read.
    last_key: Option<Vec<Value>>,
}

struct Worker<'a> {
    lease: Lease<'a>,
    decoder: Decoder,
}

/// Rows for one worker.
struct Part<'b> {
    first_row: u64,
    rows: usize,
    start: Start,
    out: &'b mut [u8],
}

impl<'a> TableSource<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        entry: &'a Entry,
        place: &'a Place,
        limits: &Limits,
        threads: usize,
    ) -> Result<TableSource<'a>> {
        let mut workers = Vec::new();
        for _ in 0..snapshot.most_connections(threads) {
            let lease = snapshot.connection()?;
            workers.push(Worker { lease, decoder: Decoder::new(place.encoding, limits) });
        }
        Ok(TableSource { snapshot, entry, place, workers, next_row: 0, last_key: None })
    }

    /// How many workers a block of so many rows is divided among.
    fn workers_for(&self, rows: usize) -> usize {
        let bytes = rows * self.entry.schema.row_bytes();
        let worthwhile = (rows / ROWS_PER_THREAD).min(bytes / BYTES_PER_THREAD);
        worthwhile.clamp(1, self.workers.len())
    }

    fn parts<'b>(&self, rows: usize, mut out: &'b mut [u8]) -> Result<Vec<Part<'b>>> {
        let row_bytes = self.entry.schema.row_bytes();
        let count = self.workers_for(rows);
        let mut parts = Vec::new();
        let (mut first_row, mut left) = (self.next_row, rows);
        for position in 0..count {
            let rows = left.div_ceil(count - position);
            let (mine, rest) = out.split_at_mut(rows * row_bytes);
            let start = match &self.last_key {
                Some(key) if position == 0 => Start::After(key.clone()),
                _ => self.place.rows.start(&self.workers[0].lease, first_row)?,
            };
            parts.push(Part { first_row, rows, start, out: mine });
            (first_row, left, out) = (first_row + rows as u64, left - rows, rest);
        }
        Ok(parts)
    }
}

impl VectorSource for TableSource<'_> {
    fn schema(&self) -> &Schema {
        &self.entry.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        if row != self.next_row {
            (self.next_row, self.last_key) = (row, None);
        }
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        let schema = &self.entry.schema;
        assert_eq!((block.element(), block.dim()), (schema.element, schema.dim));
        let left = schema.rows.saturating_sub(self.next_row);
        let rows = block.spare_rows().min(usize::try_from(left).unwrap_or(usize::MAX));
        if rows == 0 {
            return Ok(0);
        }
        self.snapshot.check_unchanged()?;
        let out = &mut block.spare_mut()[..rows * schema.row_bytes()];
        let parts = self.parts(rows, out)?;
        let (place, element) = (self.place, schema.element);
        let mut work = self.workers.iter_mut().zip(parts);
        let (first, first_part) = work.next().expect("there is one worker at least");
        let results: Vec<Result<Vec<Value>>> = std::thread::scope(|scope| {
            let others: Vec<_> = work
                .map(|(worker, part)| scope.spawn(move || worker.read(place, element, part)))
                .collect();
            let first = first.read(place, element, first_part);
            let others = others.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            std::iter::once(first).chain(others).collect()
        });
        let mut last_key = None;
        for result in results {
            last_key = Some(result.map_err(|error| error.at_entry(self.entry.name.as_str()))?);
        }
        self.snapshot.check_unchanged()?;
        block.advance(rows);
        (self.next_row, self.last_key) = (self.next_row + rows as u64, last_key);
        Ok(rows)
    }
}

impl Worker<'_> {
    /// Fills a part of the block; returns the key of its last row.
    fn read(&mut self, place: &Place, element: Element, part: Part<'_>) -> Result<Vec<Value>> {
        let Part { first_row, rows, start, out } = part;
        let sql = place.rows.select(&start, &format!(", {}", place.column));
        let mut statement = self.lease.query().prepare_cached(&sql).map_err(from_sqlite)?;
        let parameters = rusqlite::params_from_iter(start.bind(rows as u64));
        let mut found = statement.query(parameters).map_err(from_sqlite)?;
        let column = place.rows.key_columns();
        let row_bytes = out.len() / rows;
        let mut last_key = Vec::new();
        for position in 0..rows {
            let row_number = first_row + position as u64;
            let row = found.next().map_err(from_sqlite)?;
            let row = row.ok_or_else(|| place.rows.ended(row_number))?;
            place.rows.check_key(row, row_number)?;
            let value = row.get_ref(column).map_err(from_sqlite)?;
            self.decoder
                .row(value, element, &mut out[position * row_bytes..][..row_bytes])
                .map_err(|error| explain(&error, value, row).at_row(row_number))?;
            if position + 1 == rows {
                last_key = place.rows.key_of(row)?;
            }
        }
        Ok(last_key)
    }
}

/// The decoder's error with the id of the row, and what to do about rows without a vector.
pub(super) fn explain(error: &Error, value: ValueRef<'_>, row: &rusqlite::Row<'_>) -> Error {
    let key = match row.get_ref(0) {
        Ok(ValueRef::Integer(key)) => format!(" in the row with id {key}"),
        Ok(ValueRef::Text(key)) => format!(" in the row of '{}'", String::from_utf8_lossy(key)),
        _ => String::new(),
    };
    if value == ValueRef::Null {
        return Error::bad_data(format!("{}{key}", describe(value)))
            .help("delete the rows without a vector, or fill them in");
    }
    let mut explained = Error::new(error.kind(), format!("{}{key}", error.what()));
    if let Some(help) = error.help_text() {
        explained = explained.help(help);
    }
    explained
}
