//! The tables, and the settings of a store.
//!
//! | table | what is in it |
//! | --- | --- |
//! | `embeddings` | `_row`, `id`, and a column for each of metadata: all rows there are |
//! | `columns` | name, kind and place of the metadata columns |
//! | `deleted` | rows that are no more, in the order in which they went |
//! | `files` | files of vectors (`vectors`), with their first row, and of the index (`index`) |
//! | `extents` | stretches of rows in the files, with the CRC-32 of their bytes |
//! | `pending` | vectors of rows that are not in a file yet |
//! | `settings` | what the store is made of; `epoch` counts compactions, `changes` updates of metadata; `index_kind`, when one was chosen, and `choices`, how often |
//! | `attributes` | facts about the whole collection |

use super::numbers::Rising;
use crate::error::sql;
use crate::spec::{Spec, Storage, StoredColumn};
use anear_formats::sqlite::names::quoted;
use anear_formats::sqlite::values::sql_type;
use anear_types::{Element, Error, Metric, Result};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// The table of rows.
pub(crate) const TABLE: &str = "embeddings";
/// Its column of row numbers.
pub(crate) const ROW: &str = "_row";
/// Its column of ids.
pub(crate) const ID: &str = "id";
/// The version of these tables.
const FORMAT: i64 = 1;

/// All tables but `embeddings`, and how SQLite keeps what made them.
pub(crate) const TABLES: &[(&str, &str)] = &[
    ("settings", "CREATE TABLE settings (key TEXT PRIMARY KEY, value) WITHOUT ROWID"),
    ("attributes", "CREATE TABLE attributes (name TEXT PRIMARY KEY, value) WITHOUT ROWID"),
    (
        "files",
        "CREATE TABLE files (file INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, holds TEXT NOT NULL, first_row INTEGER NOT NULL)",
    ),
    (
        "extents",
        "CREATE TABLE extents (first_row INTEGER PRIMARY KEY, rows INTEGER NOT NULL, file INTEGER NOT NULL, crc32 INTEGER NOT NULL)",
    ),
    ("pending", "CREATE TABLE pending (row INTEGER PRIMARY KEY, vector BLOB NOT NULL)"),
    ("deleted", "CREATE TABLE deleted (sequence INTEGER PRIMARY KEY, row INTEGER NOT NULL)"),
    (
        "columns",
        "CREATE TABLE columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, stored_as TEXT NOT NULL,
    kind TEXT NOT NULL, json INTEGER NOT NULL DEFAULT 0, text INTEGER NOT NULL DEFAULT 0)",
    ),
];

/// Makes the tables of a new store, before the first connection uses the log.
pub(crate) fn create(connection: &Connection, spec: &Spec) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.unchecked_transaction()?;
    for (_, table) in TABLES {
        transaction.execute_batch(table)?;
    }
    create_embeddings(&transaction, "INTEGER")?;
    for (key, value) in settings_of(spec) {
        transaction.execute("INSERT INTO settings VALUES (?, ?)", params![key, value])?;
    }
    transaction.commit()
}

/// Makes the table of rows, with ids of this SQL type and no metadata columns.
fn create_embeddings(connection: &Connection, ids: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&definition(TABLE, ids, &[]))?;
    create_triggers(connection)
}

/// Makes the table of rows anew, with other ids or other numbers: the `rows` are those of a query
/// that gives a number, an id, and a value for each column.
pub(crate) fn remake_embeddings(
    connection: &Connection,
    ids: &str,
    columns: &[StoredColumn],
    rows: &str,
) -> rusqlite::Result<()> {
    const REMADE: &str = "embeddings_remade";
    connection.execute_batch(&format!(
        "{}; INSERT INTO {REMADE} {rows}; DROP TABLE {TABLE}; ALTER TABLE {REMADE} RENAME TO {TABLE};",
        definition(REMADE, ids, columns)
    ))?;
    create_triggers(connection)
}

fn definition(table: &str, ids: &str, columns: &[StoredColumn]) -> String {
    let others: String = columns
        .iter()
        .map(|column| format!(", {} {}", quoted(&column.stored_as), sql_type(column.info.kind)))
        .collect();
    format!("CREATE TABLE {table} ({ROW} INTEGER PRIMARY KEY, {ID} {ids} NOT NULL UNIQUE{others})")
}

fn create_triggers(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&triggers().join(";"))
}

/// What keeps the other tables true, whoever changes rows: anear, or a person with the sqlite3
/// shell.
pub(crate) fn triggers() -> [String; 2] {
    [
        format!(
            "CREATE TRIGGER {TABLE}_deleted AFTER DELETE ON {TABLE} BEGIN
             INSERT INTO deleted (row) VALUES (old.{ROW});
         END"
        ),
        format!(
            "CREATE TRIGGER {TABLE}_changed AFTER UPDATE ON {TABLE} BEGIN
             UPDATE settings SET value = value + 1 WHERE key = 'changes';
         END"
        ),
    ]
}

fn settings_of(spec: &Spec) -> Vec<(&'static str, SqlValue)> {
    let text = |text: &str| SqlValue::Text(text.to_owned());
    let mut settings = vec![
        ("format", SqlValue::Integer(FORMAT)),
        ("dim", SqlValue::Integer(spec.dim as i64)),
        ("metric", text(spec.metric.name())),
        ("element", text(spec.element.name())),
        ("model", spec.model.as_deref().map_or(SqlValue::Null, text)),
        ("storage", text(spec.storage.extension())),
        ("file_bytes", SqlValue::Integer(spec.file_bytes.min(i64::MAX as u64) as i64)),
        ("ids", SqlValue::Null),
        ("epoch", SqlValue::Integer(0)),
        ("changes", SqlValue::Integer(0)),
        ("next_file", SqlValue::Integer(1)),
    ];
    if let Storage::Hdf5 { gzip, shuffle, group_by } = &spec.storage {
        settings.push(("gzip", SqlValue::Integer(i64::from(*gzip))));
        settings.push(("shuffle", SqlValue::Integer(i64::from(*shuffle))));
        settings.push(("group_by", group_by.as_deref().map_or(SqlValue::Null, text)));
    }
    settings
}

/// Reads what the store is made of.
pub(crate) fn read_spec(connection: &Connection) -> Result<Spec> {
    let mut statement =
        connection.prepare("SELECT key, value FROM settings ORDER BY key").map_err(sql)?;
    let mut keys = Rising::new();
    let rows = statement.query_map([], |row| Ok((keys.next(row, 0)?, row.get(1)?))).map_err(sql)?;
    let settings: HashMap<String, SqlValue> = rows.collect::<rusqlite::Result<_>>().map_err(sql)?;
    let settings = Settings(settings);
    let format = settings.integer("format")?;
    if format != FORMAT {
        return Err(Error::unsupported(format!("this is a collection of version {format}"))
            .help(format!("this anear knows version {FORMAT}; a newer one may read it")));
    }
    let storage = match settings.text("storage")? {
        "npy" => Storage::Npy,
        "h5" => Storage::Hdf5 {
            gzip: settings.integer("gzip")?.clamp(0, 9) as u8,
            shuffle: settings.integer("shuffle")? != 0,
            group_by: settings.optional_text("group_by")?.map(str::to_owned),
        },
        other => return Err(settings.odd("storage", other)),
    };
    let (metric, element) = (settings.text("metric")?, settings.text("element")?);
    let spec = Spec {
        dim: usize::try_from(settings.integer("dim")?).unwrap_or(0),
        metric: Metric::from_name(metric).ok_or_else(|| settings.odd("metric", metric))?,
        element: Element::from_name(element).ok_or_else(|| settings.odd("element", element))?,
        storage,
        model: settings.optional_text("model")?.map(str::to_owned),
        text: Vec::new(),
        file_bytes: settings.integer("file_bytes")?.unsigned_abs(),
    };
    spec.check().map_err(|error| Error::malformed(error.what()))?;
    Ok(spec)
}

struct Settings(HashMap<String, SqlValue>);

impl Settings {
    fn integer(&self, key: &str) -> Result<i64> {
        match self.0.get(key) {
            Some(SqlValue::Integer(value)) => Ok(*value),
            other => Err(self.odd(key, &format!("{other:?}"))),
        }
    }

    fn text(&self, key: &str) -> Result<&str> {
        self.optional_text(key)?.ok_or_else(|| self.odd(key, "null"))
    }

    fn optional_text(&self, key: &str) -> Result<Option<&str>> {
        match self.0.get(key) {
            Some(SqlValue::Text(value)) => Ok(Some(value)),
            None | Some(SqlValue::Null) => Ok(None),
            other => Err(self.odd(key, &format!("{other:?}"))),
        }
    }

    fn odd(&self, key: &str, found: &str) -> Error {
        Error::malformed(format!("the setting {key} of the collection is {found}"))
    }
}

/// Checks that the metadata have no row from `next_row` on: there are vectors for those before.
pub(crate) fn check_last_row(connection: &Connection, next_row: u64) -> Result<()> {
    let last: Option<i64> = connection
        .prepare_cached(&format!("SELECT max({ROW}) FROM {TABLE}"))
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql)?;
    match last.filter(|row| u64::try_from(*row).is_ok_and(|row| row >= next_row)) {
        Some(row) => Err(Error::malformed(format!("row {row} has no vector"))
            .help("anear verify says what is wrong")),
        None => Ok(()),
    }
}

/// A setting that is a number.
pub(crate) fn integer(connection: &Connection, key: &str) -> Result<i64> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM settings WHERE key = ?").map_err(sql)?;
    statement.query_row([key], |row| row.get(0)).map_err(sql)
}

/// The setting of the number for the next file. It is one more than that of any file.
pub(crate) fn next_file(connection: &Connection) -> Result<i64> {
    /// More files than there can be.
    const MOST_FILES: i64 = 1 << 53;
    let number = integer(connection, "next_file")?;
    match number {
        1..=MOST_FILES => Ok(number),
        _ => Err(Error::malformed(format!("{number} cannot be the number of the next file"))),
    }
}

/// Changes a setting.
pub(crate) fn set(connection: &Connection, key: &str, value: impl rusqlite::ToSql) -> Result<()> {
    let mut statement =
        connection.prepare_cached("UPDATE settings SET value = ?2 WHERE key = ?1").map_err(sql)?;
    statement.execute(params![key, value]).map_err(sql)?;
    Ok(())
}

/// Changes a setting that means nothing, so that a transaction is sure to be written: SQLite leaves
/// out one that changes nothing.
pub(crate) fn count_turn(connection: &Connection) -> Result<()> {
    let count =
        "INSERT INTO settings VALUES ('turns', 1) ON CONFLICT DO UPDATE SET value = value + 1";
    connection.execute(count, []).map(drop).map_err(sql)
}

/// Sets the kind of index.
pub(crate) fn choose_index(connection: &Connection, kind: &str) -> Result<()> {
    let choose = "INSERT INTO settings VALUES ('index_kind', ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    connection.execute(choose, [kind]).map_err(sql)?;
    let count =
        "INSERT INTO settings VALUES ('choices', 1) ON CONFLICT DO UPDATE SET value = value + 1";
    connection.execute(count, []).map(drop).map_err(sql)
}

/// The kind of index that was chosen, if one was.
pub(crate) fn index_kind(connection: &Connection) -> Result<Option<String>> {
    let query = "SELECT value FROM settings WHERE key = 'index_kind'";
    let mut statement = connection.prepare_cached(query).map_err(sql)?;
    statement.query_row([], |row| row.get(0)).optional().map_err(sql)
}

/// Whether ids are integers (`int`) or text (`text`); `None` before the first row.
pub(crate) fn ids_kind(connection: &Connection) -> Result<Option<String>> {
    let mut statement =
        connection.prepare_cached("SELECT value FROM settings WHERE key = 'ids'").map_err(sql)?;
    let kind: Option<Option<String>> =
        statement.query_row([], |row| row.get(0)).optional().map_err(sql)?;
    Ok(kind.flatten())
}
