//! Whether the tables are those that anear makes. A database from a stranger may have views,
//! generated columns or virtual tables in their place, which compute whatever they were told to when
//! they are read, and triggers that do so when something is changed.

use super::schema::{ID, ROW, TABLE, TABLES, triggers};
use super::text::{self, TEXT_TABLE};
use crate::error::sql;
use anear_types::{Error, Result};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// How SQLite begins to keep what made something that runs only when it is asked for.
const HARMLESS: [&str; 5] = [
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "CREATE VIEW ",
    "CREATE VIRTUAL TABLE ",
];

/// Checks the tables, before anything is read from them.
///
/// # Errors
/// [`Malformed`](anear_types::ErrorKind::Malformed) if one is missing or another.
pub(crate) fn check_tables(connection: &Connection) -> Result<()> {
    let made = made(connection)?;
    for (name, expected) in TABLES {
        if !made.contains_key(*expected) {
            return Err(odd(name));
        }
    }
    if kind_of(connection, TABLE)?.as_deref() != Some("table")
        || !has_plain_columns(connection).map_err(sql)?
    {
        return Err(odd(TABLE));
    }
    if kind_of(connection, TEXT_TABLE)?.is_some() {
        let definitions = text::definitions(connection)?;
        if !definitions.first().is_some_and(|table| made.contains_key(table)) {
            return Err(odd(TEXT_TABLE));
        }
    }
    Ok(())
}

/// Checks that nothing runs when rows are changed but what anear has put there.
///
/// # Errors
/// [`Malformed`](anear_types::ErrorKind::Malformed) if something does.
pub(crate) fn check_triggers(connection: &Connection) -> Result<()> {
    let expected = [triggers().into(), text::definitions(connection)?].concat();
    for (statement, name) in made(connection)? {
        let is_harmless = HARMLESS.iter().any(|begin| statement.starts_with(begin));
        if !is_harmless && !expected.contains(&statement) {
            let what = format!("the trigger {name:?} was not made by anear");
            return Err(Error::malformed(what).help(
                "it would run with every change; to remove it: DROP TRIGGER in the sqlite3 shell",
            ));
        }
    }
    Ok(())
}

/// The statements that made what the database has, with the names it is listed under. SQLite makes
/// each of them anew when it opens the database, whatever they are said to be, and refuses two
/// things of one name.
fn made(connection: &Connection) -> Result<HashMap<String, String>> {
    /// Each takes room in the file, unless the table that lists them leads in a circle.
    const MOST: usize = 10_000;
    let query = format!("SELECT sql, name FROM sqlite_schema WHERE sql IS NOT NULL LIMIT {MOST}");
    let mut statement = connection.prepare(&query).map_err(sql)?;
    let made = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sql)?;
    made.collect::<rusqlite::Result<_>>().map_err(sql)
}

/// What kind of table has a name, if one has.
fn kind_of(connection: &Connection, name: &str) -> Result<Option<String>> {
    let kind =
        connection.query_row(&format!("PRAGMA main.table_list({name})"), [], |row| row.get(2));
    kind.optional().map_err(sql)
}

/// Whether the table of rows has numbers and ids, and no column is computed.
fn has_plain_columns(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare(&format!("PRAGMA main.table_xinfo({TABLE})"))?;
    let mut rows = statement.query([])?;
    let (mut has_numbers, mut has_ids) = (false, false);
    while let Some(row) = rows.next()? {
        let (name, declared): (String, String) = (row.get(1)?, row.get(2)?);
        let (key, hidden): (i64, i64) = (row.get(5)?, row.get(6)?);
        has_numbers |= name == ROW && declared == "INTEGER" && key == 1;
        has_ids |= name == ID;
        if hidden != 0 {
            return Ok(false);
        }
    }
    Ok(has_numbers && has_ids)
}

fn odd(name: &str) -> Error {
    Error::malformed(format!("the table {name} is missing, or not one that anear makes"))
}
