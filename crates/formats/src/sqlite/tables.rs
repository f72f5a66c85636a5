//! The tables of a database and their columns, without reading a row.

use super::connection::Connection;
use super::error::from_sqlite;
use super::names::quoted;
use crate::Skipped;
use anear_types::{ColumnKind, Error, Limits, Result};

/// The table in which files written here keep what SQL has no place for.
pub(super) const INFO_TABLE: &str = "anear_info";

/// A table whose rows are stored in the file.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<TableColumn>,
    /// What puts its rows in order: the name of the rowid, or those of the primary key's columns.
    pub(super) key: Vec<String>,
    /// Whether the key is the rowid, an integer.
    pub(super) keyed_by_rowid: bool,
    /// Whether the rows are in falling order of the key.
    pub(super) descending: bool,
    /// The column with the ids: the primary key if it is one column.
    pub(super) primary: Option<usize>,
}

/// A column as the table declares it.
#[derive(Clone, Debug)]
pub(super) struct TableColumn {
    pub(super) name: String,
    /// The declared type, in upper case; may be empty or anything.
    pub(super) declared: String,
    /// Position in the primary key, from 1; 0 outside.
    primary: u32,
    /// Whether its values are stored, not computed.
    pub(super) stored: bool,
}

impl TableColumn {
    /// The kind the declared type promises, by SQLite's rules of affinity; `None` for a type
    /// that promises nothing.
    pub(super) fn declared_kind(&self) -> Option<ColumnKind> {
        let declared = self.declared.as_str();
        let any_of = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if any_of(&["BOOL"]) {
            Some(ColumnKind::Bool)
        } else if any_of(&["INT"]) {
            Some(ColumnKind::Int)
        } else if any_of(&["CHAR", "CLOB", "TEXT"]) {
            Some(ColumnKind::Text)
        } else if any_of(&["BLOB"]) {
            Some(ColumnKind::Blob)
        } else if any_of(&["REAL", "FLOA", "DOUB"]) {
            Some(ColumnKind::Real)
        } else {
            None
        }
    }
}

/// All tables, in the order of their creation, and what else the schema lists.
///
/// # Errors
/// If the schema is damaged or too long.
pub(super) fn list(connection: &Connection, limits: &Limits) -> Result<(Vec<Table>, Vec<Skipped>)> {
    let mut tables = Vec::new();
    let mut skipped = Vec::new();
    let objects = objects(connection, limits)?;
    for Object { name, kind } in &objects {
        let owner =
            objects.iter().find(|owner| owner.kind == ObjectKind::Virtual && owner.owns(name));
        let reason = match (kind, owner) {
            (ObjectKind::View, _) => "it is a view; only tables are read".to_owned(),
            (ObjectKind::Virtual, _) => {
                "it is a virtual table of an extension, which is not loaded".to_owned()
            }
            (ObjectKind::Table, Some(owner)) => {
                format!("it belongs to the virtual table {}", owner.name)
            }
            (ObjectKind::Table, None) => match describe(connection, name)? {
                Ok(table) => {
                    tables.push(table);
                    continue;
                }
                Err(reason) => reason.to_owned(),
            },
        };
        skipped.push(Skipped { name: name.clone(), reason });
    }
    Ok((tables, skipped))
}

/// A line of the schema.
struct Object {
    name: String,
    kind: ObjectKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ObjectKind {
    Table,
    View,
    Virtual,
}

impl Object {
    /// Whether a table of this name is one of a virtual table's own: those of full-text search,
    /// R-trees and sqlite-vec have known names.
    fn owns(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| {
            let numbered = ["vector_chunks", "metadatachunks", "metadatatext"];
            OWN_TABLES.contains(&rest) || numbered.iter().any(|begin| rest.starts_with(begin))
        })
    }
}

/// What virtual tables call the tables in which they keep their content.
const OWN_TABLES: &[&str] = &[
    "auxiliary",
    "chunks",
    "config",
    "content",
    "data",
    "docsize",
    "idx",
    "info",
    "node",
    "parent",
    "rowid",
    "rowids",
    "segdir",
    "segments",
    "stat",
];

fn objects(connection: &Connection, limits: &Limits) -> Result<Vec<Object>> {
    let sql = "SELECT type, name, rootpage FROM sqlite_schema ORDER BY rowid";
    let mut statement = connection.query().prepare(sql).map_err(from_sqlite)?;
    let mut rows = statement.query([]).map_err(from_sqlite)?;
    let mut objects = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let read = || -> rusqlite::Result<(String, String, i64)> {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?.unwrap_or(0)))
        };
        let (kind, name, root_page) = read().map_err(from_sqlite)?;
        let kind = match kind.as_str() {
            "table" if root_page == 0 => ObjectKind::Virtual,
            "table" => ObjectKind::Table,
            "view" => ObjectKind::View,
            _ => continue,
        };
        if name.to_ascii_lowercase().starts_with("sqlite_") {
            continue;
        }
        if objects.len() >= limits.entries {
            return Err(Error::limit(format!("more than {} tables", limits.entries)));
        }
        objects.push(Object { name, kind });
    }
    Ok(objects)
}

/// What a table is made of; or why its rows cannot be read in an order, as a clause.
fn describe(connection: &Connection, name: &str) -> Result<Result<Table, &'static str>> {
    let columns = columns(connection, name)?;
    let mut primary: Vec<&TableColumn> = columns.iter().filter(|c| c.primary > 0).collect();
    primary.sort_by_key(|column| column.primary);
    let primary: Vec<String> = primary.iter().map(|column| column.name.clone()).collect();
    let single = match &primary[..] {
        [single] => columns.iter().position(|column| column.name == *single),
        _ => None,
    };
    let table = |key, keyed_by_rowid, descending| Table {
        name: name.to_owned(),
        columns: columns.clone(),
        key,
        keyed_by_rowid,
        descending,
        primary: single,
    };
    let taken = |alias: &&str| columns.iter().any(|c| c.name.eq_ignore_ascii_case(alias));
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(|alias| !taken(alias));
    if let Some(alias) = free {
        let sql = format!("SELECT {alias} FROM main.{}", quoted(name));
        if connection.query().prepare(&sql).is_ok() {
            return Ok(Ok(table(vec![alias.to_owned()], true, false)));
        }
    }
    let directions = primary_directions(connection, name)?;
    if let (Some(column), true) = (single, directions.is_empty()) {
        // An INTEGER PRIMARY KEY is the rowid and has no index of its own.
        if columns[column].declared == "INTEGER" {
            return Ok(Ok(table(primary, true, false)));
        }
    }
    Ok(match &directions[..] {
        [first, rest @ ..] if rest.iter().all(|direction| direction == first) => {
            Ok(table(primary, false, *first))
        }
        [] => Err("its rows have no key that could be named"),
        _ => Err("its primary key is partly ascending and partly descending"),
    })
}

fn columns(connection: &Connection, name: &str) -> Result<Vec<TableColumn>> {
    let sql = format!("PRAGMA main.table_xinfo({})", quoted(name));
    let mut statement = connection.query().prepare(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query([]).map_err(from_sqlite)?;
    let mut columns = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let read = || -> rusqlite::Result<TableColumn> {
            Ok(TableColumn {
                name: row.get("name")?,
                declared: row.get::<_, String>("type")?.to_ascii_uppercase(),
                primary: row.get("pk")?,
                stored: row.get::<_, i64>("hidden")? == 0,
            })
        };
        columns.push(read().map_err(from_sqlite)?);
    }
    Ok(columns)
}

/// For each column of the primary key's index whether it is in falling order; empty if there is
/// no such index.
fn primary_directions(connection: &Connection, table: &str) -> Result<Vec<bool>> {
    let read = || -> rusqlite::Result<Vec<bool>> {
        let sql = format!("PRAGMA main.index_list({})", quoted(table));
        let mut statement = connection.query().prepare(&sql)?;
        let indexes = statement.query_map([], |row| Ok((row.get("origin")?, row.get("name")?)))?;
        let indexes: Vec<(String, String)> = indexes.collect::<rusqlite::Result<_>>()?;
        let Some((_, index)) = indexes.iter().find(|(origin, _)| origin == "pk") else {
            return Ok(Vec::new());
        };
        let sql = format!("PRAGMA main.index_xinfo({})", quoted(index));
        let mut statement = connection.query().prepare(&sql)?;
        let columns = statement.query_map([], |row| Ok((row.get("key")?, row.get("desc")?)))?;
        let columns: Vec<(bool, bool)> = columns.collect::<rusqlite::Result<_>>()?;
        Ok(columns.iter().filter(|(key, _)| *key).map(|(_, descending)| *descending).collect())
    };
    read().map_err(from_sqlite)
}
