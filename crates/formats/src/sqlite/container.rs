//! An open database.

use super::connection::Mode;
use super::decode::{Decoder, Stored};
use super::discover::{Contents, Place, discover};
use super::error::from_sqlite;
use super::header;
use super::rows::STEP;
use super::snapshot::Snapshot;
use super::source::{TableSource, explain};
use super::values;
use crate::{ArraySource, Container, Entry, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Input, swap_bytes};
use anear_types::{Column, ColumnKind, Element, Limits, Result, Value};
use std::ops::Range;

/// A database with its tables of vectors.
pub struct SqliteContainer {
    snapshot: Snapshot,
    contents: Contents,
    limits: Limits,
    threads: usize,
}

/// The array in one row of a table, whatever its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct RowVector {
    /// The row's key as text: its rowid or primary key.
    pub id: String,
    /// Its shape as stored.
    pub shape: Vec<u64>,
    /// The type of a component.
    pub element: Element,
    /// The components in C order and the byte order of this machine.
    pub bytes: Vec<u8>,
}

impl SqliteContainer {
    /// Opens a database for reading.
    ///
    /// # Errors
    /// If it is damaged or hostile, or another program has locked it; or if it holds no vectors,
    /// but something that looks like them and cannot be read.
    pub fn open(input: Input, options: &ReadOptions) -> Result<SqliteContainer> {
        let write_ahead_log = header::check(input.bytes())?;
        let mode = Mode::of(&input, write_ahead_log);
        let threads = options.threads.max(1);
        // One more, so that metadata can be read along with the vectors.
        let snapshot = Snapshot::open(input, mode, &options.limits, threads + 1)?;
        let connection = snapshot.connection()?;
        let contents = discover(&connection, options, snapshot.file_bytes())?;
        drop(connection);
        Ok(SqliteContainer { snapshot, contents, limits: options.limits.clone(), threads })
    }

    /// The array of each row of an entry by itself: for tables whose rows differ in length, which
    /// are no matrix. A row that cannot be read is an error and does not end the iteration.
    ///
    /// # Panics
    /// If there is no such entry.
    pub fn vectors(&self, entry: usize) -> impl Iterator<Item = Result<RowVector>> + '_ {
        const ROWS_AT_ONCE: u64 = 16;
        let rows = self.contents.places[entry].rows.count;
        let starts = (0..rows).step_by(ROWS_AT_ONCE as usize);
        starts.flat_map(move |first| {
            let part = first..rows.min(first + ROWS_AT_ONCE);
            self.read_vectors(entry, part).unwrap_or_else(|error| vec![Err(error)])
        })
    }

    fn read_vectors(&self, entry: usize, rows: Range<u64>) -> Result<Vec<Result<RowVector>>> {
        let place = &self.contents.places[entry];
        let mut decoder = Decoder::new(place.encoding, &self.limits);
        let name = self.contents.entries[entry].name.as_str();
        let mut row_number = rows.start;
        let mut vectors = Vec::new();
        let column = format!(", {}", place.column);
        self.each_row(place, &column, rows, |row| {
            let value = row.get_ref(place.rows.key_columns()).map_err(from_sqlite)?;
            let vector = decoder.array(value).map(|stored| RowVector {
                id: row.get_ref(0).map_or_else(|_| String::new(), text_of_key),
                shape: stored.shape.to_vec(),
                element: stored.element,
                bytes: c_order(&stored),
            });
            let explained = |error| explain(&error, value, row).at_row(row_number).at_entry(name);
            vectors.push(vector.map_err(explained));
            row_number += 1;
            Ok(())
        })?;
        Ok(vectors)
    }

    /// Calls `each` for rows `rows`; `columns` are quoted, each behind a comma.
    fn each_row(
        &self,
        place: &Place,
        columns: &str,
        rows: Range<u64>,
        mut each: impl FnMut(&rusqlite::Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.snapshot.check_unchanged()?;
        let connection = self.snapshot.connection()?;
        let start = place.rows.start(&connection, rows.start)?;
        let sql = place.rows.select(&start, columns);
        let mut statement = connection.query().prepare_cached(&sql).map_err(from_sqlite)?;
        let parameters = rusqlite::params_from_iter(start.bind(rows.end - rows.start));
        let mut found = statement.query(parameters).map_err(from_sqlite)?;
        for row_number in rows {
            let row = found.next().map_err(from_sqlite)?;
            let row = row.ok_or_else(|| place.rows.ended(row_number))?;
            place.rows.check_key(row, row_number)?;
            if row_number.is_multiple_of(STEP) {
                connection.restart_clock();
            }
            each(row)?;
        }
        Ok(())
    }
}

fn text_of_key(key: rusqlite::types::ValueRef<'_>) -> String {
    values::from_sqlite(key, None).to_string()
}

/// The components in C order and native byte order.
fn c_order(stored: &Stored<'_>) -> Vec<u8> {
    let size = stored.element.bytes();
    let mut bytes = stored.bytes.to_vec();
    if let (true, [rows, columns]) = (stored.fortran, stored.shape) {
        let (rows, columns) = (*rows as usize, *columns as usize);
        for position in 0..rows * columns {
            let from = (position % columns * rows + position / columns) * size;
            bytes[position * size..][..size].copy_from_slice(&stored.bytes[from..from + size]);
        }
    }
    if stored.order != ByteOrder::NATIVE {
        swap_bytes(&mut bytes, size);
    }
    bytes
}

impl Container for SqliteContainer {
    fn entries(&self) -> &[Entry] {
        &self.contents.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let place = &self.contents.places[entry];
        let entry = &self.contents.entries[entry];
        if place.column.is_empty() {
            let table = entry.schema.clone();
            return Ok(Box::new(ArraySource::contiguous(&[], table, ByteOrder::NATIVE)?));
        }
        let source = TableSource::new(&self.snapshot, entry, place, &self.limits, self.threads)?;
        Ok(Box::new(source))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let place = &self.contents.places[entry];
        let Entry { name, schema } = &self.contents.entries[entry];
        assert!(rows.start <= rows.end && rows.end <= schema.rows, "rows {rows:?}");
        let kinds: Vec<ColumnKind> = columns.iter().map(|c| schema.columns[*c].kind).collect();
        let list: String = columns.iter().map(|c| format!(", {}", place.metadata[*c].0)).collect();
        let mut found: Vec<Vec<Value>> = vec![Vec::new(); columns.len()];
        let read = self.each_row(place, &list, rows, |row| {
            for (position, values) in found.iter_mut().enumerate() {
                let value = row.get_ref(place.rows.key_columns() + position);
                let value = value.map_err(from_sqlite)?;
                values.push(values::from_sqlite(value, Some(kinds[position])));
            }
            Ok(())
        });
        read.map_err(|error| error.at_entry(name.as_str()))?;
        let columns = columns.iter().zip(found).map(|(column, values)| {
            let info = &schema.columns[*column];
            Column { name: info.name.clone(), kind: values::kind_with(info.kind, &values), values }
        });
        Ok(columns.collect())
    }

    fn skipped(&self) -> &[Skipped] {
        &self.contents.skipped
    }
}
