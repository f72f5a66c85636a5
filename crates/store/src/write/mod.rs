//! Changing a store: one turn at a time, each a transaction.

mod add;
mod change;
mod ids;
pub(crate) mod tail;

pub use add::Adding;

use crate::error::sql;
use crate::files::{Extent, NpyFile, cover};
use crate::folder::{self, file_name, leftovers};
use crate::spec::{Access, Spec, Storage};
use crate::sql::{connection, schema};
use crate::store::Inner;
use anear_formats::npy::counted_rows;
use anear_formats::sqlite::condition::Conditions;
use anear_io::Input;
use anear_types::{Block, Error, MatrixRef, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::path::Path;
use tail::{LastFile, Tail};

/// What the table of files says of vectors.
const VECTORS: &str = "vectors";

/// What a process needs for writing; opened when it first writes.
pub(crate) struct Writer {
    connection: Connection,
    conditions: Conditions,
    /// Whether the name of the log is sure to survive.
    log_is_named: bool,
    /// Whether this one has changed anything.
    has_written: bool,
    /// Whether a commit failed. It may come back after a crash, so the bytes it counts must stay.
    in_doubt: bool,
}

impl Writer {
    fn open(folder: &Path) -> Result<Writer> {
        let mut connection = connection::for_writing(folder)?;
        let conditions =
            Conditions::install(&mut connection, schema::TABLE, schema::ROW).map_err(sql)?;
        Ok(Writer {
            connection,
            conditions,
            log_is_named: false,
            has_written: false,
            in_doubt: false,
        })
    }

    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Inner {
    /// Does some work in a transaction, while nobody else writes. It is durable when this returns,
    /// or after an error undone.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut Turn<'_>) -> Result<T>) -> Result<T> {
        self.locked(|writer| writer.transact(self, work))
    }

    /// Does some work while nobody else writes.
    pub(crate) fn locked<T>(&self, work: impl FnOnce(&mut Writer) -> Result<T>) -> Result<T> {
        let locate = |error: Error| error.at_path(&self.folder);
        if self.access != Access::Write {
            return Err(locate(Error::usage("the collection was opened for reading only")));
        }
        let mut writer = self.writer();
        let _lock = folder::lock(&self.folder)?;
        if writer.is_none() {
            let opened = Writer::open(&self.folder)?;
            remove_leftovers(&self.folder, &opened.connection).map_err(locate)?;
            *writer = Some(opened);
        }
        work(writer.as_mut().expect("it was just opened")).map_err(locate)
    }
}

impl Writer {
    /// Does some work in a transaction.
    pub(crate) fn transact<T>(
        &mut self,
        inner: &Inner,
        work: impl FnOnce(&mut Turn<'_>) -> Result<T>,
    ) -> Result<T> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new(&mut self.connection, behavior).map_err(sql)?;
        let tail = Tail::read(&transaction)?;
        let mut turn = Turn {
            folder: &inner.folder,
            spec: &inner.spec,
            conditions: &self.conditions,
            first_new_row: tail.next_row(),
            tail,
            connection: &transaction,
            file: None,
            avoid_tail: self.in_doubt,
        };
        let done = work(&mut turn)?;
        let file = turn.file;
        if let Err(error) = transaction.commit() {
            self.in_doubt = true;
            return Err(sql(error));
        }
        if !self.log_is_named {
            // SQLite makes its log in the folder, and does not mind if that name is lost.
            self.in_doubt = true;
            folder::sync(&inner.folder)?;
            self.log_is_named = true;
        }
        self.has_written = true;
        self.in_doubt = false;
        if let Some((_, mut file)) = file {
            // If NumPy is not told now, it is at the next opportunity.
            let _ = file.publish();
        }
        Ok(done)
    }

    /// Gives space that the metadata do not use back to the system.
    pub(crate) fn shrink(&mut self) -> Result<()> {
        self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").map_err(sql)
    }

    /// Removes files that do not count.
    pub(crate) fn remove_leftovers(&self, inner: &Inner) -> Result<Vec<String>> {
        remove_leftovers(&inner.folder, &self.connection)
    }
}

/// Removes files that do not count; returns their names.
fn remove_leftovers(folder: &Path, connection: &Connection) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for path in leftovers(folder, &file_names(connection)?)? {
        std::fs::remove_file(&path)
            .map_err(|source| Error::io("cannot remove", source).at_path(&path))?;
        removed.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    Ok(removed)
}

/// The names of all files that count.
pub(crate) fn file_names(connection: &Connection) -> Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT name FROM files ORDER BY file").map_err(sql)?;
    let names = statement.query_map([], |row| row.get(0)).map_err(sql)?;
    names.collect::<rusqlite::Result<_>>().map_err(sql)
}

/// A transaction, while nobody else writes.
pub(crate) struct Turn<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) spec: &'a Spec,
    pub(crate) connection: &'a Connection,
    conditions: &'a Conditions,
    pub(crate) tail: Tail,
    /// Rows from here on were added in this transaction.
    first_new_row: u64,
    /// The file that is being appended to, and its number.
    file: Option<(i64, NpyFile)>,
    /// Whether bytes behind the rows that count must be left alone.
    avoid_tail: bool,
}

impl Turn<'_> {
    /// Moves pending vectors to the file.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.tail.pending.is_empty() {
            // NumPy may not have been told of the last rows, if a writer was killed.
            return self.reopen_last_file();
        }
        let pending = self.take_pending()?;
        let first_row = self.tail.file_rows;
        let mut appending = self.begin_append()?;
        let extents = appending.append(first_row, pending.matrix())?;
        appending.file.sync()?;
        self.count(&extents)
    }

    /// All pending vectors, which are no longer pending.
    fn take_pending(&mut self) -> Result<Block> {
        let range = std::mem::take(&mut self.tail.pending);
        let block = read_pending(self.connection, self.spec, range)?;
        self.connection.execute("DELETE FROM pending", []).map_err(sql)?;
        Ok(block)
    }

    /// The file that gets the next rows; a new one if the last is full.
    fn begin_append(&mut self) -> Result<Appending<'_>> {
        if self.spec.storage != Storage::Npy {
            return Err(Error::unsupported("this storage is not written yet"));
        }
        if self.needs_new_file() {
            if let Some((_, mut full)) = self.file.take() {
                full.sync()?;
                full.publish()?;
            }
            self.file = Some(self.new_file()?);
            self.avoid_tail = false;
        }
        self.reopen_last_file()?;
        let (number, file) = self.file.as_mut().expect("it was just opened");
        Ok(Appending { number: *number, file, last: self.tail.last_extent })
    }

    fn needs_new_file(&self) -> bool {
        let is_full =
            |rows: u64| rows.saturating_mul(self.spec.row_bytes() as u64) >= self.spec.file_bytes;
        let last = self.tail.file.as_ref();
        self.avoid_tail || last.is_none_or(|last| is_full(self.tail.file_rows - last.first_row))
    }

    fn reopen_last_file(&mut self) -> Result<()> {
        let Some(file) = self.tail.file.as_ref().filter(|_| self.file.is_none()) else {
            return Ok(());
        };
        if self.spec.storage == Storage::Npy {
            let rows = self.rows_in_last_file();
            let open = NpyFile::open(
                &self.folder.join(&file.name),
                self.spec.element,
                self.spec.dim,
                rows,
            )?;
            self.file = Some((file.number, open));
        }
        Ok(())
    }

    /// Appends rows to the files that count, and counts them.
    pub(crate) fn append(&mut self, rows: MatrixRef<'_>) -> Result<()> {
        let first_row = self.tail.file_rows;
        let extents = self.begin_append()?.append(first_row, rows)?;
        self.count(&extents)?;
        self.tail.pending = self.tail.file_rows..self.tail.file_rows;
        Ok(())
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), |(_, file)| file.sync())
    }

    /// Cuts bytes behind the last row off its file; returns how many.
    pub(crate) fn trim(&mut self) -> Result<u64> {
        self.reopen_last_file()?;
        self.file.as_mut().map_or(Ok(0), |(_, file)| file.trim())
    }

    /// Rows that count in the last file.
    pub(crate) fn rows_in_last_file(&self) -> u64 {
        self.tail.file.as_ref().map_or(0, |file| self.tail.file_rows - file.first_row)
    }

    /// The name of the last file and how many rows NumPy sees in it, if it can read it.
    pub(crate) fn counted_in_header(&self) -> Result<Option<(String, Option<u64>)>> {
        let Some(file) = &self.tail.file else { return Ok(None) };
        let input = Input::open(self.folder.join(&file.name))?;
        Ok(Some((file.name.clone(), counted_rows(&input))))
    }

    fn new_file(&mut self) -> Result<(i64, NpyFile)> {
        let first_row = self.tail.file_rows;
        let (number, name) = self.name_file(VECTORS, first_row)?;
        let file = NpyFile::create(&self.folder.join(&name), self.spec.element, self.spec.dim)?;
        self.tail.file = Some(LastFile { number, name, first_row });
        Ok((number, file))
    }

    /// Gives a number and a name to a new file that holds `vectors` or an `index`.
    pub(crate) fn name_file(&mut self, holds: &str, first_row: u64) -> Result<(i64, String)> {
        let number = schema::integer(self.connection, "next_file")?;
        let extension = match holds {
            VECTORS => self.spec.storage.extension(),
            _ => "anx",
        };
        let name = file_name(holds, number, extension);
        schema::set(self.connection, "next_file", number + 1)?;
        self.connection
            .execute(
                "INSERT INTO files (file, name, holds, first_row) VALUES (?, ?, ?, ?)",
                params![number, name, holds, first_row as i64],
            )
            .map_err(sql)?;
        Ok((number, name))
    }

    /// Makes rows that were appended count.
    fn count(&mut self, extents: &[Extent]) -> Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO extents VALUES (?, ?, ?, ?)")
            .map_err(sql)?;
        for extent in extents {
            let (first_row, rows) = (extent.first_row as i64, extent.rows as i64);
            statement.execute(params![first_row, rows, extent.file, extent.crc32]).map_err(sql)?;
        }
        if let Some(last) = extents.last() {
            self.tail.file_rows = last.end();
            self.tail.last_extent = Some(*last);
        }
        Ok(())
    }
}

/// A file that is being appended to.
struct Appending<'a> {
    number: i64,
    file: &'a mut NpyFile,
    /// The last extent of the store.
    last: Option<Extent>,
}

impl Appending<'_> {
    /// Appends rows; returns the extents that cover them.
    fn append(&mut self, first_row: u64, rows: MatrixRef<'_>) -> Result<Vec<Extent>> {
        self.file.append(rows)?;
        let extents = cover(self.last, self.number, first_row, rows);
        self.last = extents.last().copied().or(self.last);
        Ok(extents)
    }
}

/// Vectors that are not in a file yet.
pub(crate) fn read_pending(
    connection: &Connection,
    spec: &Spec,
    rows: std::ops::Range<u64>,
) -> Result<Block> {
    let count = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
    let mut block = Block::try_new(spec.element, spec.dim, count)?;
    let mut statement = connection
        .prepare_cached("SELECT row, vector FROM pending WHERE row >= ? AND row < ? ORDER BY row")
        .map_err(sql)?;
    let range = params![rows.start as i64, rows.end as i64];
    let mut found = statement.query(range).map_err(sql)?;
    while let Some(row) = found.next().map_err(sql)? {
        let number: i64 = row.get(0).map_err(sql)?;
        let expected = rows.start + block.rows() as u64;
        let vector = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).map_err(sql)?;
        if number as u64 != expected || vector.len() != spec.row_bytes() {
            let what = format!("row {number} with {} bytes is pending", vector.len());
            let expected = format!("row {expected} with {} bytes", spec.row_bytes());
            return Err(Error::malformed(format!("{what}, not {expected}")));
        }
        block.push_row(vector);
    }
    if block.rows() != count {
        let what = format!("{} vectors are pending, not {count}", block.rows());
        return Err(Error::malformed(what));
    }
    Ok(block)
}
