//! Adding rows.

use super::Turn;
use super::sizes::Sizes;
use crate::batch::{Added, Batch, Existing};
use crate::error::sql;
use crate::spec::StoredColumn;
use crate::sql::columns;
use crate::sql::numbers::{number, number_or_0};
use crate::sql::schema::{ID, ROW, TABLE};
use crate::{Store, files::Extent};
use anear_formats::sqlite::names::quoted;
use anear_formats::sqlite::values::to_sqlite;
use anear_types::{Column, Error, Ids, MatrixRef, Result, Value};
use rusqlite::types::ToSqlOutput;
use rusqlite::{ErrorCode, OptionalExtension, Statement, params};

impl Store {
    /// Adds rows. When it returns they are durable, all of them or, after an error, none.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the vectors are not of the store's element and
    /// dimension, or ids are missing or of another kind; [`BadData`](anear_types::ErrorKind::BadData)
    /// if an id is there already (or twice in the batch), or a vector is not finite.
    pub fn add(&self, batch: &Batch<'_>, existing: Existing) -> Result<Added> {
        self.check_batch(batch)?;
        self.0.write(|turn| turn.add(batch, existing))
    }

    /// Adds the batches that `fill` gives, all of them or none, as one change. The answer names no
    /// ids.
    ///
    /// # Errors
    /// As for [`add`](Store::add), or what `fill` says.
    pub fn add_all(
        &self,
        existing: Existing,
        fill: impl FnOnce(&mut Adding<'_, '_>) -> Result<()>,
    ) -> Result<Added> {
        self.0.write(|turn| {
            let rows = turn.rows()?;
            let added = Added { added: 0, updated: 0, rows, ids: None };
            let mut adding = Adding { store: self, turn, existing, added };
            fill(&mut adding)?;
            Ok(adding.added)
        })
    }

    fn check_batch(&self, batch: &Batch<'_>) -> Result<()> {
        let spec = self.spec();
        let found = (batch.vectors.element(), batch.vectors.dim());
        if found != (spec.element, spec.dim) {
            let (element, dim) = found;
            let what = format!("vectors of {dim} {element}, those of the collection are of");
            let what = format!("{what} {} {}", spec.dim, spec.element);
            return Err(Error::usage(what)
                .at_path(self.path())
                .help("all vectors of a collection come from the same model"));
        }
        batch.check()
    }
}

/// Several batches on their way in.
pub struct Adding<'a, 't> {
    store: &'a Store,
    turn: &'a mut Turn<'t>,
    existing: Existing,
    added: Added,
}

impl Adding<'_, '_> {
    /// Adds a batch.
    ///
    /// # Errors
    /// As for [`Store::add`]; then nothing is added of any batch.
    pub fn add(&mut self, batch: &Batch<'_>) -> Result<()> {
        self.store.check_batch(batch)?;
        let added = self.turn.add(batch, self.existing)?;
        self.added.added += added.added;
        self.added.updated += added.updated;
        self.added.rows = added.rows;
        Ok(())
    }

    /// Sets facts about the whole collection; others stay.
    ///
    /// # Errors
    /// If a value is absurdly long.
    pub fn set_attributes(&mut self, attributes: &[(String, Value)]) -> Result<()> {
        for (name, value) in attributes {
            let set = "INSERT OR REPLACE INTO attributes VALUES (?, ?)";
            self.turn.connection.execute(set, params![name, to_sqlite(value)]).map_err(sql)?;
        }
        Ok(())
    }
}

impl Turn<'_> {
    fn add(&mut self, batch: &Batch<'_>, existing: Existing) -> Result<Added> {
        let vectors = batch.vectors;
        self.tail.check_end(self.connection)?;
        let ids = self.ids_for(batch.ids, vectors.rows())?;
        let (stored, _) = columns::ensure(self.connection, batch.metadata, batch.json)?;
        let first_row = self.tail.next_row();
        let first_new = self.first_new_row;
        let rows = Rows { first_row, first_new, ids: &ids, batch, stored: &stored, existing };
        let updated = if self.can_wait(vectors) {
            self.spec.metric.check_rows(vectors)?;
            let updated = rows.insert(self.connection)?;
            self.insert_pending(first_row, vectors)?;
            updated
        } else if self.spec.storage.grows() {
            self.insert_beside_file(&rows)?
        } else {
            self.insert_before_file(&rows)?
        };
        let added = vectors.rows() as u64 - updated;
        let rows = self.rows()?;
        let ids = Some(ids.into_owned());
        Ok(Added { added, updated, rows, ids })
    }

    /// Rows there are now.
    pub(super) fn rows(&self) -> Result<u64> {
        let deleted = self
            .connection
            .prepare_cached("SELECT max(sequence) FROM deleted")
            .and_then(|mut statement| statement.query_row([], |row| number_or_0(row, 0)))
            .map_err(sql)?;
        Ok(self.tail.next_row().saturating_sub(deleted))
    }

    /// Whether a batch may be pending. If a file is written to in this turn, it costs less there.
    fn can_wait(&self, batch: MatrixRef<'_>) -> bool {
        let sizes = Sizes::of(self.spec);
        let bytes = batch.bytes().len() as u64;
        let pending = self.tail.pending.end - self.tail.pending.start;
        let pending = pending.saturating_mul(batch.row_bytes() as u64);
        self.file.is_none() && bytes < sizes.batch && pending.saturating_add(bytes) <= sizes.pending
    }

    fn insert_pending(&mut self, first_row: u64, vectors: MatrixRef<'_>) -> Result<()> {
        let mut statement =
            self.connection.prepare_cached("INSERT INTO pending VALUES (?, ?)").map_err(sql)?;
        for row in 0..vectors.rows() {
            let number = (first_row + row as u64) as i64;
            statement.execute(params![number, vectors.row(row)]).map_err(sql)?;
        }
        self.tail.pending.end = first_row + vectors.rows() as u64;
        Ok(())
    }

    /// Inserts rows while another thread checks their vectors and writes them, behind those that
    /// were pending, to the file.
    fn insert_beside_file(&mut self, rows: &Rows<'_>) -> Result<u64> {
        self.is_bulk = true;
        let vectors = rows.batch.vectors;
        let pending = self.take_pending()?;
        let pending_first = self.tail.file_rows;
        let (connection, metric) = (self.connection, self.spec.metric);
        let mut appending = self.begin_append()?;
        let mut write = move || -> Result<Vec<Extent>> {
            metric.check_rows(vectors)?;
            let mut extents = appending.append(pending_first, pending.matrix(), &[])?;
            extents.extend(appending.append(rows.first_row, vectors, &[])?);
            appending.file.sync()?;
            Ok(extents)
        };
        let (written, inserted) = std::thread::scope(|scope| {
            let writing = scope.spawn(&mut write);
            let inserted = rows.insert(connection);
            match writing.join() {
                Ok(written) => (written, inserted),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        drop(write);
        let updated = inserted?;
        self.count(&written?)?;
        Ok(updated)
    }

    /// Inserts rows, and then appends their vectors and those that were pending: a file may become
    /// full, and needs the metadata when it is written.
    fn insert_before_file(&mut self, rows: &Rows<'_>) -> Result<u64> {
        self.spec.metric.check_rows(rows.batch.vectors)?;
        let updated = rows.insert(self.connection)?;
        self.flush()?;
        self.append(rows.batch.vectors)?;
        Ok(updated)
    }
}

/// Rows to be inserted into the table.
struct Rows<'a> {
    first_row: u64,
    /// Rows from here on were added in the same transaction.
    first_new: u64,
    ids: &'a Ids,
    batch: &'a Batch<'a>,
    stored: &'a [StoredColumn],
    existing: Existing,
}

impl Rows<'_> {
    /// Inserts all; returns how many replaced others.
    fn insert(&self, connection: &rusqlite::Connection) -> Result<u64> {
        let names: String =
            self.stored.iter().map(|column| format!(", {}", quoted(&column.stored_as))).collect();
        let places = ", ?".repeat(self.stored.len());
        let insert = format!("INSERT INTO {TABLE} ({ROW}, {ID}{names}) VALUES (?, ?{places})");
        let mut insert = connection.prepare_cached(&insert).map_err(sql)?;
        let mut replaced = match self.existing {
            Existing::Refuse => None,
            Existing::Replace => Some(Replacing::new(connection, self.first_new)?),
        };
        let mut updated = 0;
        for row in 0..self.ids.len() {
            if let Some(replacing) = &mut replaced {
                updated += u64::from(replacing.remove(self.ids, row)?);
            }
            insert.raw_bind_parameter(1, (self.first_row + row as u64) as i64).map_err(sql)?;
            bind_id(&mut insert, 2, self.ids, row)?;
            for (position, (column, stored)) in
                self.batch.metadata.iter().zip(self.stored).enumerate()
            {
                self.bind(&mut insert, position + 3, column, stored, row)?;
            }
            insert.raw_execute().map_err(|error| self.explain(error, row))?;
        }
        Ok(updated)
    }

    fn bind(
        &self,
        insert: &mut Statement<'_>,
        place: usize,
        column: &Column,
        stored: &StoredColumn,
        row: usize,
    ) -> Result<()> {
        let value = &column.values[row];
        if !stored.json || self.batch.json.contains(&column.name) {
            return insert.raw_bind_parameter(place, to_sqlite(value)).map_err(sql);
        }
        let json: Value = columns::as_json(value);
        insert.raw_bind_parameter(place, to_sqlite(&json)).map_err(sql)
    }

    fn explain(&self, error: rusqlite::Error, row: usize) -> Error {
        if error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation) {
            return sql(error).at_row(row as u64);
        }
        there_already(self.ids, row)
    }
}

/// The error for an id that is there before it is added.
fn there_already(ids: &Ids, row: usize) -> Error {
    let in_batch = match ids {
        Ids::Ints(ids) => ids[..row].contains(&ids[row]),
        Ids::Texts(ids) => ids[..row].contains(&ids[row]),
    };
    if in_batch {
        return twice(ids, row);
    }
    Error::bad_data(format!("the id {} is there already", shown(ids, row)))
        .at_row(row as u64)
        .help("to replace such rows, upsert them")
}

fn twice(ids: &Ids, row: usize) -> Error {
    Error::bad_data(format!("the id {} is given twice", shown(ids, row))).at_row(row as u64)
}

fn shown(ids: &Ids, row: usize) -> String {
    match ids {
        Ids::Ints(ids) => ids[row].to_string(),
        Ids::Texts(ids) => format!("{:?}", ids[row]),
    }
}

pub(super) fn bind_id(
    statement: &mut Statement<'_>,
    place: usize,
    ids: &Ids,
    row: usize,
) -> Result<()> {
    let value = match ids {
        Ids::Ints(ids) => ToSqlOutput::from(ids[row]),
        Ids::Texts(ids) => ToSqlOutput::from(&*ids[row]),
    };
    statement.raw_bind_parameter(place, value).map_err(sql)
}

/// Removes rows that are about to be replaced.
struct Replacing<'a> {
    find: rusqlite::CachedStatement<'a>,
    delete: rusqlite::CachedStatement<'a>,
    /// Rows from here on were added in the same transaction, and must not be replaced.
    first_new: u64,
}

impl<'a> Replacing<'a> {
    fn new(connection: &'a rusqlite::Connection, first_new: u64) -> Result<Replacing<'a>> {
        let find = format!("SELECT {ROW} FROM {TABLE} WHERE {ID} = ?");
        let delete = format!("DELETE FROM {TABLE} WHERE {ROW} = ?");
        Ok(Replacing {
            find: connection.prepare_cached(&find).map_err(sql)?,
            delete: connection.prepare_cached(&delete).map_err(sql)?,
            first_new,
        })
    }

    /// Removes the row that has the id at a position, if there is one.
    fn remove(&mut self, ids: &Ids, position: usize) -> Result<bool> {
        let found = match ids {
            Ids::Ints(ids) => self.find.query_row([ids[position]], |row| number(row, 0)),
            Ids::Texts(ids) => self.find.query_row([&*ids[position]], |row| number(row, 0)),
        };
        let Some(row) = found.optional().map_err(sql)? else { return Ok(false) };
        if row >= self.first_new {
            return Err(twice(ids, position));
        }
        self.delete.execute([row as i64]).map_err(sql)?;
        Ok(true)
    }
}
