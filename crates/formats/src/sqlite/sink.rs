//! Writing a database: one table, one transaction, no journal.
//!
//! A journal protects what was in a file before. Here nothing was, and the file gets its name
//! only when it is complete, so SQLite is told not to keep one and not to sync; [`Output`] syncs
//! once at the end.

use super::connection::file_uri;
use super::layout::{Key, Layout};
use super::names::quoted;
use super::tables::INFO_TABLE;
use super::values::to_sqlite;
use crate::pickle::ArrayPickler;
use crate::{Summary, VectorSink, WriteOptions};
use anear_io::{ByteOrder, Output, swap_bytes};
use anear_types::{Column, Error, MatrixRef, Result, Schema, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

/// Rows that should fit on a page: little of it stays empty, and the file is written in few large
/// pieces (100,000 rows of 384 f32 take 0.29 s like this, 0.47 s with 4 rows a page).
const ROWS_PER_PAGE: usize = 24;
const PAGE_BYTES: (usize, usize) = (4096, 65_536);

/// A database being written.
pub(super) struct Sink {
    // Closed before the file under it goes.
    connection: Connection,
    output: Output,
    layout: Layout,
    pickler: Option<ArrayPickler>,
    columns: usize,
    rows: u64,
    /// The last integer id.
    last_id: Option<i64>,
    scratch: Vec<u8>,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        let layout = Layout::of(schema, options)?;
        let pickler = match options.pickle {
            true => Some(ArrayPickler::new(schema.element, schema.dim)?),
            false => None,
        };
        let row_bytes = schema.row_bytes().saturating_mul(ROWS_PER_PAGE);
        let page_bytes = row_bytes.clamp(PAGE_BYTES.0, PAGE_BYTES.1).next_power_of_two();
        let create = layout.create_table(&layout.table);
        let connection = open(&output, page_bytes, &create).map_err(writing)?;
        let columns = schema.columns.len();
        Ok(Sink {
            connection,
            output,
            layout,
            pickler,
            columns,
            rows: 0,
            last_id: None,
            scratch: Vec::new(),
        })
    }

    /// Inserts rows from `first` on until they end or one does not fit the key; returns the row
    /// behind the last one inserted.
    fn insert(
        &mut self,
        vectors: MatrixRef<'_>,
        metadata: &[Column],
        first: usize,
    ) -> Result<usize> {
        let Sink { connection, layout, pickler, rows, last_id, scratch, .. } = self;
        let mut statement = connection.prepare_cached(&layout.insert()).map_err(writing)?;
        for row in first..vectors.rows() {
            if let Key::Int(ids) = layout.key
                && !rises(&metadata[ids].values[row], last_id)
            {
                return Ok(row);
            }
            let generated = (layout.key == Key::Generated).then_some(*rows as i64);
            let values = metadata.iter().map(|column| to_sqlite(&column.values[row]));
            let vector = encode(vectors.row(row), vectors, pickler.as_ref(), scratch);
            match execute(&mut statement, generated, values, vector) {
                Ok(()) => *rows += 1,
                Err(error) if matches!(layout.key, Key::Text(_)) && is_duplicate(&error) => {
                    return Ok(row);
                }
                Err(error) => return Err(writing(error)),
            }
        }
        Ok(vectors.rows())
    }

    fn drop_key(&mut self) -> Result<()> {
        let sql = self.layout.drop_key();
        self.connection.flush_prepared_statement_cache();
        self.connection.execute_batch(&sql).map_err(writing)
    }

    fn write_info(&self) -> rusqlite::Result<()> {
        let table = quoted(INFO_TABLE);
        self.connection.execute_batch(&format!("CREATE TABLE {table} (key TEXT, value)"))?;
        let sql = format!("INSERT INTO {table} VALUES (?, ?)");
        let mut statement = self.connection.prepare(&sql)?;
        for (key, value) in self.layout.info.lines() {
            statement.execute((key, to_sqlite(&value)))?;
        }
        drop(statement);
        self.connection.execute_batch("COMMIT")
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        assert_eq!(metadata.len(), self.columns, "a column for each of the schema's");
        if vectors.dim() == 0 && vectors.rows() > 0 {
            return Err(Error::unsupported("vectors without components"));
        }
        let mut row = 0;
        while row < vectors.rows() {
            row = self.insert(vectors, metadata, row)?;
            if row < vectors.rows() {
                self.drop_key()?;
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        self.write_info().map_err(writing)?;
        let Sink { connection, output, rows, .. } = *self;
        connection.flush_prepared_statement_cache();
        connection.close().map_err(|(_, error)| writing(error))?;
        Ok(Summary { rows, bytes: output.commit()? })
    }
}

fn open(output: &Output, page_bytes: usize, create: &str) -> rusqlite::Result<Connection> {
    let path = std::path::absolute(output.temporary_path());
    let path = path.unwrap_or_else(|_| output.temporary_path().to_owned());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file_uri(&path, "?mode=rw"), flags)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size = {page_bytes}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
         PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; BEGIN; {create}"
    ))?;
    Ok(connection)
}

/// Whether an id is an integer larger than the last one, which it then becomes.
fn rises(id: &Value, last_id: &mut Option<i64>) -> bool {
    match id {
        Value::Int(id) if last_id.is_none_or(|last| *id > last) => {
            *last_id = Some(*id);
            true
        }
        _ => false,
    }
}

/// The content of the cell of a vector.
fn encode<'v>(
    vector: &'v [u8],
    vectors: MatrixRef<'_>,
    pickler: Option<&ArrayPickler>,
    scratch: &'v mut Vec<u8>,
) -> &'v [u8] {
    if let Some(pickler) = pickler {
        pickler.pickle(vector, scratch);
        return scratch;
    }
    if ByteOrder::NATIVE == ByteOrder::Little {
        return vector;
    }
    scratch.clear();
    scratch.extend_from_slice(vector);
    swap_bytes(scratch, vectors.element().bytes());
    scratch
}

fn execute<'v>(
    statement: &mut CachedStatement<'_>,
    generated: Option<i64>,
    values: impl Iterator<Item = ToSqlOutput<'v>>,
    vector: &'v [u8],
) -> rusqlite::Result<()> {
    let generated = generated.map(|id| ToSqlOutput::Borrowed(ValueRef::Integer(id)));
    let vector = ToSqlOutput::Borrowed(ValueRef::Blob(vector));
    let parameters = generated.into_iter().chain(values).chain(std::iter::once(vector));
    for (position, value) in parameters.enumerate() {
        statement.raw_bind_parameter(position + 1, value)?;
    }
    statement.raw_execute().map(drop)
}

fn is_duplicate(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}

/// An error while writing: the file is our own, so it is never called damaged.
#[allow(clippy::needless_pass_by_value, reason = "it is the last thing done with the error")]
fn writing(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::TooBig | ErrorCode::Unknown) | None => {
            Error::unsupported(format!("SQLite cannot store this: {error}"))
        }
        Some(_) => Error::io("cannot write", std::io::Error::other(error.to_string())),
    }
}
