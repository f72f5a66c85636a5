//! Reading a store at one moment.

mod rows;
mod text;
mod vectors;

pub use crate::files::Extent;
pub use rows::StoredRow;
pub use vectors::{StoredVectors, Stretch};

use crate::error::sql;
use crate::spec::StoredColumn;
use crate::sql::connection::{self, Reading};
use crate::sql::numbers::number_or_0;
use crate::sql::{columns, schema};
use crate::store::Inner;
use crate::write::file_names;
use anear_formats::sqlite::condition::Conditions;
use anear_types::{ColumnKind, Error, Result, Value};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;

/// A connection that reads.
pub(crate) struct Reader {
    reading: Reading,
    conditions: Conditions,
}

impl Reader {
    pub(crate) fn open(folder: &Path) -> Result<Reader> {
        let mut reading = connection::for_reading(folder)?;
        let conditions = Conditions::install(&mut reading.connection, schema::TABLE, schema::ROW)
            .map_err(sql)?;
        Ok(Reader { reading, conditions })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.reading.connection
    }

    fn run(&self, statement: &str) -> Result<()> {
        self.connection()
            .prepare_cached(statement)
            .and_then(|mut statement| statement.execute([]).map(drop))
            .map_err(sql)
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// One state of a store, whatever is written meanwhile. Moments are independent of each other, so
/// each thread takes its own.
#[derive(Debug)]
pub struct Moment {
    inner: Arc<Inner>,
    /// Always there, until it goes back to the store.
    reader: Option<Reader>,
    marks: Marks,
}

/// How far a store has come. Within an epoch, rows are only added, and nothing about the vectors of
/// a row changes but that it is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Compactions so far. Each numbers the rows anew.
    pub epoch: u64,
    /// How often the metadata of a row were changed.
    pub changes: u64,
    /// How often the kind of index was chosen.
    pub choices: u64,
    /// Rows whose vectors are in files.
    pub file_rows: u64,
    /// One more than the largest number of a row.
    pub next_row: u64,
    /// Rows that were deleted.
    pub deleted: u64,
}

impl Marks {
    /// Whether the store had come farther here than there.
    pub fn is_after(&self, other: &Marks) -> bool {
        let order = |marks: &Marks| {
            [marks.next_row, marks.deleted, marks.changes, marks.choices, marks.file_rows]
        };
        let farther = order(self).iter().zip(order(other)).any(|(ours, theirs)| *ours > theirs);
        self.epoch > other.epoch || self.epoch == other.epoch && farther
    }

    /// Whether all there was there is here too, under the same numbers and for the same kind of
    /// index.
    pub fn continues(&self, other: &Marks) -> bool {
        (self.epoch, self.choices) == (other.epoch, other.choices) && !other.is_after(self)
    }

    /// Rows there are.
    pub fn rows(&self) -> u64 {
        self.next_row.saturating_sub(self.deleted)
    }
}

impl Moment {
    pub(crate) fn begin(inner: &Arc<Inner>) -> Result<Moment> {
        let reader = loop {
            let idle = inner.idle_readers().pop();
            match idle {
                Some(reader) if reader.reading.is_current(&inner.folder) => break reader,
                Some(_) => {}
                None => break Reader::open(&inner.folder)?,
            }
        };
        let marks = Marks::default();
        let mut moment = Moment { inner: Arc::clone(inner), reader: Some(reader), marks };
        moment.reader().run("BEGIN").map_err(|error| moment.locate(error))?;
        moment.marks = moment.read_marks()?; // the first read is what settles the moment
        Ok(moment)
    }

    /// How far the store has come.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    fn read_marks(&self) -> Result<Marks> {
        const MARKS: &str = "SELECT
            (SELECT value FROM settings WHERE key = 'epoch'),
            (SELECT value FROM settings WHERE key = 'changes'),
            (SELECT first_row + rows FROM extents ORDER BY first_row DESC LIMIT 1),
            (SELECT max(row) + 1 FROM pending),
            (SELECT max(sequence) FROM deleted),
            (SELECT value FROM settings WHERE key = 'choices')";
        let marks = self.connection().prepare_cached(MARKS).and_then(|mut statement| {
            statement.query_row([], |row| {
                let file_rows = number_or_0(row, 2)?;
                Ok(Marks {
                    epoch: number_or_0(row, 0)?,
                    changes: number_or_0(row, 1)?,
                    choices: number_or_0(row, 5)?,
                    file_rows,
                    next_row: number_or_0(row, 3)?.max(file_rows),
                    deleted: number_or_0(row, 4)?,
                })
            })
        });
        marks.map_err(|error| self.locate(sql(error)))
    }

    /// Metadata columns, in the order they appeared.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn columns(&self) -> Result<Vec<StoredColumn>> {
        columns::read(self.connection()).map_err(|error| self.locate(error))
    }

    /// Whether ids are integers or text; `None` before the first row.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn ids_kind(&self) -> Result<Option<ColumnKind>> {
        let kind = schema::ids_kind(self.connection()).map_err(|error| self.locate(error))?;
        match kind.as_deref() {
            None => Ok(None),
            Some("int") => Ok(Some(ColumnKind::Int)),
            Some("text") => Ok(Some(ColumnKind::Text)),
            Some(other) => {
                Err(self.locate(Error::malformed(format!("ids of this collection are {other:?}"))))
            }
        }
    }

    /// The names of the files that count.
    pub(crate) fn file_names(&self) -> Result<Vec<String>> {
        file_names(self.connection()).map_err(|error| self.locate(error))
    }

    /// The name of a file.
    pub(crate) fn file_name(&self, number: i64) -> Result<String> {
        let query = "SELECT name FROM files WHERE file = ?";
        let name = self.connection().query_row(query, [number], |row| row.get(0));
        name.map_err(|error| self.locate(sql(error)))
    }

    /// The rows that meet a condition, rising: an SQL expression over `id` and the metadata
    /// columns; `params` stand for its question marks.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) for a condition that cannot be evaluated,
    /// [`Limit`](anear_types::ErrorKind::Limit) for one that takes longer than `time_ms`.
    pub fn rows_where(&self, condition: &str, params: &[Value], time_ms: u64) -> Result<Vec<u64>> {
        let conditions = &self.reader().conditions;
        let rows = conditions.rows(self.connection(), condition, params, time_ms);
        rows.map_err(|error| self.locate(columns::help(error, self.connection())))
    }

    /// The store it is a moment of.
    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.reader().connection()
    }

    fn reader(&self) -> &Reader {
        self.reader.as_ref().expect("it goes back only when the moment ends")
    }

    /// Adds the folder to an error.
    pub(crate) fn locate(&self, error: Error) -> Error {
        error.at_path(&self.inner.folder)
    }
}

impl Drop for Moment {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        if reader.run("COMMIT").is_ok() {
            self.inner.idle_readers().push(reader);
        }
    }
}
