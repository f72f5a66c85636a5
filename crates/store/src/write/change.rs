//! Changing and deleting rows.

use super::Turn;
use super::add::bind_id;
use crate::Store;
use crate::error::sql;
use crate::sql::schema::{ID, ROW, TABLE};
use crate::sql::{columns, text};
use anear_formats::sqlite::names::quoted;
use anear_formats::sqlite::values::to_sqlite;
use anear_types::{Column, Error, Ids, Result, Value};

impl Store {
    /// Sets these metadata columns of the rows with these ids; other columns stay. `json` names
    /// columns whose texts are JSON documents. Returns how many rows there were.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there are not as many values as ids, or ids are
    /// of another kind.
    pub fn update(&self, ids: &Ids, metadata: &[Column], json: &[String]) -> Result<u64> {
        if let Some(column) = metadata.iter().find(|column| column.values.len() != ids.len()) {
            let (name, found) = (&column.name, column.values.len());
            return Err(Error::usage(format!("{found} values of {name:?} for {} ids", ids.len())));
        }
        self.0.write(|turn| turn.update(ids, metadata, json))
    }

    /// Deletes rows; ids that are not there count nothing. Returns how many there were.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if ids are of another kind.
    pub fn delete(&self, ids: &Ids) -> Result<u64> {
        self.0.write(|turn| {
            turn.check_kind(ids)?;
            let delete = format!("DELETE FROM {TABLE} WHERE {ID} = ?");
            let mut delete = turn.connection.prepare_cached(&delete).map_err(sql)?;
            let mut deleted = 0;
            for row in 0..ids.len() {
                bind_id(&mut delete, 1, ids, row)?;
                deleted += delete.raw_execute().map_err(sql)? as u64;
            }
            Ok(deleted)
        })
    }

    /// Deletes the rows that meet a condition; `params` stand for its question marks. Returns how
    /// many there were.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) for a condition that cannot be evaluated,
    /// [`Limit`](anear_types::ErrorKind::Limit) for one that takes longer than `time_ms`.
    pub fn delete_where(&self, condition: &str, params: &[Value], time_ms: u64) -> Result<u64> {
        self.0.write(|turn| {
            let rows = turn.conditions.rows(turn.connection, condition, params, time_ms);
            let rows = rows.map_err(|error| columns::help(error, turn.connection))?;
            let delete = format!("DELETE FROM {TABLE} WHERE {ROW} = ?");
            let mut delete = turn.connection.prepare_cached(&delete).map_err(sql)?;
            for row in &rows {
                delete.execute([*row as i64]).map_err(sql)?;
            }
            Ok(rows.len() as u64)
        })
    }

    /// Makes columns searchable as text, for the rows there are and those to come.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is no such column, or SQLite cannot search
    /// one of such a name.
    pub fn index_text(&self, names: &[String]) -> Result<()> {
        self.0.write(|turn| {
            let known = columns::read(turn.connection)?;
            let is_known = |name: &&String| known.iter().any(|column| column.info.name == **name);
            if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
                let error = Error::usage(format!("there is no metadata column {unknown:?}"));
                return Err(columns::help(error, turn.connection));
            }
            text::add(turn.connection, names)
        })
    }
}

impl Turn<'_> {
    fn update(&mut self, ids: &Ids, metadata: &[Column], json: &[String]) -> Result<u64> {
        self.check_kind(ids)?;
        let (stored, _) = columns::ensure(self.connection, metadata, json)?;
        if stored.is_empty() {
            return Ok(0);
        }
        let names: Vec<String> =
            stored.iter().map(|column| format!("{} = ?", quoted(&column.stored_as))).collect();
        let update = format!("UPDATE {TABLE} SET {} WHERE {ID} = ?", names.join(", "));
        let mut update = self.connection.prepare_cached(&update).map_err(sql)?;
        let mut updated = 0;
        for row in 0..ids.len() {
            for (position, (column, stored)) in metadata.iter().zip(&stored).enumerate() {
                let is_json = json.contains(&column.name);
                let value = columns::stored(stored, is_json, &column.values[row]);
                update.raw_bind_parameter(position + 1, to_sqlite(&value)).map_err(sql)?;
            }
            bind_id(&mut update, stored.len() + 1, ids, row)?;
            updated += update.raw_execute().map_err(sql)? as u64;
        }
        Ok(updated)
    }
}
