//! Finding row number n of a table.
//!
//! SQLite finds rows by key, not by position. Most tables count their rowids without a gap; then
//! the rowid follows from the position. For others the keys of every [`STEP`]th row are noted
//! down in one pass over the table, when first needed.

use super::connection::Connection;
use super::error::from_sqlite;
use super::names::quoted;
use super::tables::Table;
use anear_types::{Error, Result};
use rusqlite::types::Value;
use std::sync::{Mutex, PoisonError};

/// Rows between two noted keys.
pub(super) const STEP: u64 = 512;

/// The rows of a table and how to find them.
pub(super) struct Rows {
    table: String,
    /// The key's columns, quoted.
    key: Vec<String>,
    descending: bool,
    pub(super) count: u64,
    /// The rowid of row 0, if they count up from there without a gap.
    dense_from: Option<i64>,
    /// The keys of rows 0, `STEP`, .. once somebody needed them.
    marks: Mutex<Option<Vec<Vec<Value>>>>,
}

/// Where a query has to start.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    /// At the first row.
    First,
    /// So many rows behind the one with this key.
    At(Vec<Value>, u64),
    /// At the row after the one with this key.
    After(Vec<Value>),
}

impl Rows {
    /// Counts the rows.
    ///
    /// # Errors
    /// If the table is damaged or counting takes too long.
    pub(super) fn count(connection: &Connection, table: &Table) -> Result<Rows> {
        let name = quoted(&table.name);
        let sql = format!("SELECT count(*) FROM main.{name}");
        let count: i64 = connection.query_watched(|c| c.query_row(&sql, [], |row| row.get(0)))?;
        let count = count.unsigned_abs();
        let key: Vec<String> = table.key.iter().map(|column| quoted(column)).collect();
        let mut dense_from = None;
        if table.keyed_by_rowid && count > 0 {
            let key = &key[0];
            let sql = format!(
                "SELECT (SELECT min({key}) FROM main.{name}), (SELECT max({key}) FROM main.{name})"
            );
            let (first, last): (i64, i64) = connection
                .query()
                .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .map_err(from_sqlite)?;
            dense_from = (last.checked_sub(first) == Some(count as i64 - 1)).then_some(first);
        }
        Ok(Rows {
            table: name,
            key,
            descending: table.descending,
            count,
            dense_from,
            marks: Mutex::new(None),
        })
    }

    /// Whether rows are numbered 0, 1, .. by their rowid.
    pub(super) fn counts_from_zero(&self) -> bool {
        self.dense_from == Some(0) || self.count == 0
    }

    /// Number of columns of the key; they come first in a row of [`select`](Rows::select).
    pub(super) fn key_columns(&self) -> usize {
        self.key.len()
    }

    /// Where to start for row `row`.
    ///
    /// # Errors
    /// If the table is damaged.
    pub(super) fn start(&self, connection: &Connection, row: u64) -> Result<Start> {
        if row == 0 {
            return Ok(Start::First);
        }
        if let Some(first) = self.dense_from {
            let key = first.saturating_add(i64::try_from(row).unwrap_or(i64::MAX));
            return Ok(Start::At(vec![Value::Integer(key)], 0));
        }
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let marks = match &mut *marks {
            Some(marks) => marks,
            none => none.insert(self.find_marks(connection)?),
        };
        let mark = marks.get((row / STEP) as usize).ok_or_else(|| self.ended(row))?;
        Ok(Start::At(mark.clone(), row % STEP))
    }

    fn find_marks(&self, connection: &Connection) -> Result<Vec<Vec<Value>>> {
        let sql = self.select(&Start::First, "");
        let mut statement = connection.query().prepare(&sql).map_err(from_sqlite)?;
        let limit = i64::try_from(self.count).unwrap_or(i64::MAX);
        let mut rows = statement.query([limit]).map_err(from_sqlite)?;
        let (mut marks, mut position) = (Vec::new(), 0u64);
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            if position.is_multiple_of(STEP) {
                connection.restart_clock();
                marks.push(self.key_of(row)?);
            }
            position += 1;
        }
        Ok(marks)
    }

    /// The key of a row that a query of [`select`](Rows::select) gave.
    ///
    /// # Errors
    /// If a text in it is not valid.
    pub(super) fn key_of(&self, row: &rusqlite::Row<'_>) -> Result<Vec<Value>> {
        let values = (0..self.key.len()).map(|column| row.get(column));
        values.collect::<rusqlite::Result<_>>().map_err(from_sqlite)
    }

    /// Checks that a row is the one with this number, where that can be seen from its key: the
    /// pages of a damaged file may come in any order, or twice.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn check_key(&self, row: &rusqlite::Row<'_>, row_number: u64) -> Result<()> {
        let Some(first) = self.dense_from else { return Ok(()) };
        let found: i64 = row.get(0).map_err(from_sqlite)?;
        if found.wrapping_sub(first) as u64 == row_number {
            return Ok(());
        }
        Err(Error::malformed(format!("row id {found} is out of order")).at_row(row_number))
    }

    /// A query for rows from `start` on: the key, then `columns` (quoted, each behind a comma).
    /// Its parameters are those of [`bind`](Start::bind) and then the number of rows.
    pub(super) fn select(&self, start: &Start, columns: &str) -> String {
        let table = &self.table;
        let key = self.key.join(", ");
        let direction = if self.descending { " DESC" } else { "" };
        let order: Vec<String> = self.key.iter().map(|part| format!("{part}{direction}")).collect();
        let order = order.join(", ");
        let places = vec!["?"; self.key.len()].join(", ");
        let condition = match (start, self.descending) {
            (Start::First, _) => String::new(),
            (Start::At(..), false) => format!(" WHERE ({key}) >= ({places})"),
            (Start::At(..), true) => format!(" WHERE ({key}) <= ({places})"),
            (Start::After(_), false) => format!(" WHERE ({key}) > ({places})"),
            (Start::After(_), true) => format!(" WHERE ({key}) < ({places})"),
        };
        let offset = match start {
            Start::At(_, skip) if *skip > 0 => format!(" OFFSET {skip}"),
            _ => String::new(),
        };
        format!(
            "SELECT {key}{columns} FROM main.{table}{condition} ORDER BY {order} LIMIT ?{offset}"
        )
    }

    /// The error of a table that ends before its last row.
    pub(super) fn ended(&self, row: u64) -> Error {
        let count = self.count;
        Error::malformed(format!("the table has {count} rows, but ends before the last"))
            .at_row(row)
    }
}

impl Start {
    /// The parameters of the query, for `limit` rows.
    pub(super) fn bind(&self, limit: u64) -> Vec<Value> {
        let mut values = match self {
            Start::First => Vec::new(),
            Start::At(key, _) | Start::After(key) => key.clone(),
        };
        values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        values
    }
}
