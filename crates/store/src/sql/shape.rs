//! Whether the tables are those that anear makes. A database from a stranger may have views,
//! generated columns or virtual tables in their place, which compute whatever they were told to when
//! they are read, and triggers that do so when something is changed.

use super::schema::{ID, ROW, TABLE, TABLES, triggers};
use super::text::{self, TEXT_TABLE};
use crate::error::sql;
use anear_formats::sqlite::names::quoted;
use anear_types::{Error, Result};
use rusqlite::Connection;
use std::collections::HashMap;

/// A table, index, view or trigger of the database.
struct Item {
    kind: String,
    sql: String,
}

/// Checks the tables, before anything is read from them.
///
/// # Errors
/// [`Malformed`](anear_types::ErrorKind::Malformed) if one is missing or another.
pub(crate) fn check_tables(connection: &Connection) -> Result<()> {
    let items = items(connection)?;
    for (name, expected) in TABLES {
        match items.get(*name) {
            Some(item) if item.sql == *expected => {}
            Some(item) => return Err(odd(name, &item.sql)),
            None => return Err(missing(name)),
        }
    }
    let rows = items.get(TABLE).ok_or_else(|| missing(TABLE))?;
    let is_plain = rows.kind == "table" && rows.sql.starts_with("CREATE TABLE");
    if !is_plain || !has_plain_columns(connection).map_err(sql)? {
        return Err(odd(TABLE, &rows.sql));
    }
    match items.get(TEXT_TABLE) {
        Some(item) if !text::definitions(connection)?.contains(&item.sql) => {
            Err(odd(TEXT_TABLE, &item.sql))
        }
        _ => Ok(()),
    }
}

/// Checks that nothing runs when rows are changed but what anear has put there.
///
/// # Errors
/// [`Malformed`](anear_types::ErrorKind::Malformed) if something does.
pub(crate) fn check_triggers(connection: &Connection) -> Result<()> {
    let expected = [triggers().into(), text::definitions(connection)?].concat();
    for (name, item) in items(connection)? {
        if item.kind == "trigger" && !expected.contains(&item.sql) {
            let what = format!("the trigger {name:?} was not made by anear");
            let drop = format!("sqlite3 metadata.sqlite 'DROP TRIGGER {}'", quoted(&name));
            return Err(Error::malformed(what)
                .help(format!("it would run with every change; to remove it: {drop}")));
        }
    }
    Ok(())
}

/// All that the database has, by name.
fn items(connection: &Connection) -> Result<HashMap<String, Item>> {
    /// Each takes room in the file, unless the table that lists them leads in a circle.
    const MOST_ITEMS: usize = 10_000;
    let query =
        format!("SELECT name, type, coalesce(sql, '') FROM sqlite_schema LIMIT {MOST_ITEMS}");
    let mut statement = connection.prepare(&query).map_err(sql)?;
    let items = statement
        .query_map([], |row| Ok((row.get(0)?, Item { kind: row.get(1)?, sql: row.get(2)? })))
        .map_err(sql)?;
    items.collect::<rusqlite::Result<_>>().map_err(sql)
}

/// Whether the table of rows has numbers and ids, and no column is computed.
fn has_plain_columns(connection: &Connection) -> rusqlite::Result<bool> {
    let query = format!("SELECT name, type, pk, hidden FROM pragma_table_xinfo('{TABLE}')");
    let mut statement = connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    let (mut has_numbers, mut has_ids) = (false, false);
    while let Some(row) = rows.next()? {
        let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
        let (key, hidden): (i64, i64) = (row.get(2)?, row.get(3)?);
        has_numbers |= name == ROW && declared == "INTEGER" && key == 1;
        has_ids |= name == ID;
        if hidden != 0 {
            return Ok(false);
        }
    }
    Ok(has_numbers && has_ids)
}

fn odd(name: &str, found: &str) -> Error {
    Error::malformed(format!("the table {name} is not one that anear makes: {found:?}"))
}

fn missing(name: &str) -> Error {
    Error::malformed(format!("the table {name} is missing"))
}
