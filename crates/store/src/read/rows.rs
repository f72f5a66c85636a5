//! Ids and metadata of rows.

use super::Moment;
use crate::error::sql;
use crate::spec::StoredColumn;
use crate::sql::numbers::{Rising, damaged, number};
use crate::sql::schema::{ID, ROW, TABLE};
use anear_formats::sqlite::names::quoted;
use anear_formats::sqlite::values::from_sqlite;
use anear_types::{Column, ColumnKind, Error, Ids, Result, Value};
use rusqlite::{OptionalExtension, Row, params};
use std::ops::Range;

/// What the metadata say of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRow {
    /// Its id.
    pub id: Value,
    /// Values of the columns asked for.
    pub values: Vec<Value>,
}

impl Moment {
    /// The rows with these ids; `None` for those that are not there.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if ids are of another kind.
    pub fn rows_of(&self, ids: &Ids) -> Result<Vec<Option<u64>>> {
        let other = |kind: &ColumnKind| *kind != ids.kind() && !ids.is_empty();
        if let Some(kind) = self.ids_kind()?.filter(other) {
            let (kind, found) = (kind.name(), ids.kind().name());
            let what = format!("ids of this collection are {kind}, not {found}");
            return Err(self.locate(Error::usage(what)));
        }
        let find = format!("SELECT {ROW} FROM {TABLE} WHERE {ID} = ?");
        let mut find = self.connection().prepare_cached(&find).map_err(sql)?;
        let mut row_of = |position: usize| -> rusqlite::Result<Option<u64>> {
            let row = |row: &Row<'_>| number(row, 0);
            match ids {
                Ids::Ints(ids) => find.query_row([ids[position]], row).optional(),
                Ids::Texts(ids) => find.query_row([&*ids[position]], row).optional(),
            }
        };
        (0..ids.len())
            .map(|position| row_of(position).map_err(|error| self.locate(sql(error))))
            .collect()
    }

    /// Ids and metadata of some rows, in any order; `None` for those that are not there.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn rows(&self, rows: &[u64], columns: &[StoredColumn]) -> Result<Vec<Option<StoredRow>>> {
        let query = format!("SELECT {} FROM {TABLE} WHERE {ROW} = ?", places(columns));
        let read = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection().prepare_cached(&query)?;
            let mut found = Vec::with_capacity(rows.len());
            for row in rows {
                let values = |row: &Row<'_>| {
                    let id = from_sqlite(row.get_ref(1)?, None);
                    let values = (0..columns.len()).map(|position| value(row, position, columns));
                    Ok(StoredRow { id, values: values.collect::<rusqlite::Result<_>>()? })
                };
                found.push(statement.query_row([*row as i64], values).optional()?);
            }
            Ok(found)
        };
        read().map_err(|error| self.locate(sql(error)))
    }

    /// Walks over the rows of a range that there are, rising: their numbers, ids and metadata.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn each_row(
        &self,
        rows: Range<u64>,
        columns: &[StoredColumn],
        mut each: impl FnMut(u64, Value, &mut dyn Iterator<Item = Value>),
    ) -> Result<()> {
        let (from, to) = (format!("{ROW} >= ?"), format!("{ROW} < ?"));
        let query =
            format!("SELECT {} FROM {TABLE} WHERE {from} AND {to} ORDER BY {ROW}", places(columns));
        let mut walk = || -> rusqlite::Result<()> {
            let mut statement = self.connection().prepare_cached(&query)?;
            let mut found = statement.query(params![rows.start as i64, rows.end as i64])?;
            let mut numbers = Rising::<i64>::new();
            while let Some(row) = found.next()? {
                let row_number = number(row, 0)?;
                if !rows.contains(&row_number) {
                    return Err(damaged(format!("row {row_number} is not where it should be")));
                }
                numbers.next(row, 0)?;
                let id = from_sqlite(row.get_ref(1)?, None);
                let values = (0..columns.len()).map(|position| value(row, position, columns));
                let values = values.collect::<rusqlite::Result<Vec<Value>>>()?;
                each(row_number, id, &mut values.into_iter());
            }
            Ok(())
        };
        walk().map_err(|error| self.locate(sql(error)))
    }

    /// Ids and metadata of some rows, rising, as columns, the one with the ids first.
    ///
    /// # Errors
    /// If the metadata are damaged, or a row is not there.
    pub fn table(&self, rows: &[u64], columns: &[StoredColumn]) -> Result<Vec<Column>> {
        let kind = self.ids_kind()?.unwrap_or(ColumnKind::Int);
        let ids = Column { name: ID.to_owned(), kind, values: Vec::with_capacity(rows.len()) };
        let others = columns.iter().map(|column| Column {
            name: column.info.name.clone(),
            kind: column.info.kind,
            values: Vec::with_capacity(rows.len()),
        });
        let mut table: Vec<Column> = std::iter::once(ids).chain(others).collect();
        let mut push = |id: Value, values: &mut dyn Iterator<Item = Value>| {
            table[0].values.push(id);
            table[1..].iter_mut().zip(values).for_each(|(column, value)| column.values.push(value));
        };
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(table) };
        let dense = (last - first) / 4 <= rows.len() as u64;
        if dense {
            let mut wanted = rows.iter().peekable();
            self.each_row(*first..last + 1, columns, |row, id, values| {
                if wanted.next_if_eq(&&row).is_some() {
                    push(id, values);
                }
            })?;
        } else {
            for StoredRow { id, values } in self.rows(rows, columns)?.into_iter().flatten() {
                push(id, &mut values.into_iter());
            }
        }
        match table[0].values.len() == rows.len() {
            true => Ok(table),
            false => Err(self.locate(
                Error::malformed("rows are missing from the metadata")
                    .help("anear verify says what is wrong"),
            )),
        }
    }

    /// The rows there are, rising. There may be as many as [`Marks`](super::Marks) say, so their
    /// [`vectors`](Moment::vectors) are to be looked for first: files have them, or it is an error.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn live_rows(&self) -> Result<Vec<u64>> {
        let marks = self.marks();
        if marks.deleted == 0 {
            return Ok((0..marks.next_row).collect());
        }
        let mut gone = self.deleted(0)?;
        gone.sort_unstable();
        gone.dedup();
        let mut gone = gone.into_iter().peekable();
        Ok((0..marks.next_row).filter(|row| gone.next_if_eq(row).is_none()).collect())
    }

    /// The rows that were deleted after the first `before`, in the order in which they were.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn deleted(&self, before: u64) -> Result<Vec<u64>> {
        let query = "SELECT row, sequence FROM deleted WHERE sequence > ? ORDER BY sequence";
        let mut sequence = Rising::<i64>::new();
        let rows = self.connection().prepare_cached(query).and_then(|mut statement| {
            let gone = |row: &Row<'_>| {
                sequence.next(row, 1)?;
                number(row, 0)
            };
            statement.query_map([before as i64], gone)?.collect::<rusqlite::Result<_>>()
        });
        rows.map_err(|error| self.locate(sql(error)))
    }
}

fn places(columns: &[StoredColumn]) -> String {
    let names: String =
        columns.iter().map(|column| format!(", {}", quoted(&column.stored_as))).collect();
    format!("{ROW}, {ID}{names}")
}

fn value(row: &Row<'_>, position: usize, columns: &[StoredColumn]) -> rusqlite::Result<Value> {
    let kind = columns[position].info.kind;
    Ok(match from_sqlite(row.get_ref(position + 2)?, Some(kind)) {
        // Shells and other programs may have written whole numbers.
        Value::Int(number) if kind == ColumnKind::Real => Value::Real(number as f64),
        value => value,
    })
}
