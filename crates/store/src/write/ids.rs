//! The ids of a batch.

use super::Turn;
use crate::error::sql;
use crate::sql::schema::{self, ID, ROW, TABLE};
use crate::sql::{columns, text};
use anear_formats::sqlite::names::quoted;
use anear_types::{ColumnKind, Error, Ids, Result};
use std::borrow::Cow;

impl Turn<'_> {
    /// The ids for rows that are to be added: those given, or integers that count on.
    pub(super) fn ids_for<'i>(&self, given: Option<&'i Ids>, rows: usize) -> Result<Cow<'i, Ids>> {
        if rows == 0 {
            return Ok(given.map_or(Cow::Owned(Ids::Ints(Vec::new())), Cow::Borrowed));
        }
        let kind = schema::ids_kind(self.connection)?;
        match (given, kind.as_deref()) {
            (Some(ids), Some(_)) => self.check_kind(ids)?,
            (Some(ids), None) => self.set_kind(ids.kind())?,
            (None, Some("text")) => {
                return Err(Error::usage("ids are missing")
                    .help("the ids of this collection are text, so each row needs one"));
            }
            (None, Some(_)) => {}
            (None, None) => self.set_kind(ColumnKind::Int)?,
        }
        match given {
            Some(ids) => Ok(Cow::Borrowed(ids)),
            None => self.count_on(rows).map(Cow::Owned),
        }
    }

    /// Checks that ids are of the kind that those of the collection are.
    pub(super) fn check_kind(&self, found: &Ids) -> Result<()> {
        match schema::ids_kind(self.connection)? {
            Some(kind) if kind != found.kind().name() && !found.is_empty() => {
                let found = found.kind().name();
                Err(Error::usage(format!("ids of this collection are {kind}, not {found}")))
            }
            _ => Ok(()),
        }
    }

    /// Settles what ids are, before the first row.
    fn set_kind(&self, kind: ColumnKind) -> Result<()> {
        if kind == ColumnKind::Text {
            self.remake_table("TEXT", ROW)?;
        }
        schema::set(self.connection, "ids", kind.name())
    }

    /// Makes the table of rows anew, with ids of this SQL type, each row with the number that an
    /// expression gives.
    pub(crate) fn remake_table(&self, ids: &str, number: &str) -> Result<()> {
        text::drop_index(self.connection)?;
        let columns = columns::read(self.connection)?;
        let names: String =
            columns.iter().map(|column| format!(", {}", quoted(&column.stored_as))).collect();
        let rows = format!("SELECT {number}, {ID}{names} FROM {TABLE} ORDER BY {ROW}");
        schema::remake_embeddings(self.connection, ids, &columns, &rows).map_err(sql)?;
        text::create_index(self.connection)
    }

    fn count_on(&self, rows: usize) -> Result<Ids> {
        let last: Option<i64> = self
            .connection
            .prepare_cached(&format!("SELECT max({ID}) FROM {TABLE}"))
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(sql)?;
        let first = last.map_or(Some(0), |last| last.checked_add(1));
        let range = first.and_then(|first| Some(first..first.checked_add(rows as i64)?));
        let range = range.ok_or_else(|| {
            Error::usage("there is no integer left for a new id").help("give ids")
        })?;
        Ok(Ids::Ints(range.collect()))
    }
}
