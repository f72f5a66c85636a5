//! The table that a schema becomes.

use super::info::Info;
use super::names::{free_name, quoted};
use super::tables::INFO_TABLE;
use super::values::sql_type;
use crate::WriteOptions;
use anear_types::{ColumnKind, Error, Result, Schema};

/// Where vectors go when no name is given.
const TABLE: &str = "Embeddings";
const COLUMN: &str = "embedding";
const ID: &str = "id";

/// How rows are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// By a column of our own, which counts from 0.
    Generated,
    /// By the metadata column of integer ids at this position, as long as they rise: rows are
    /// read in the order of this key.
    Int(usize),
    /// By the metadata column of text ids at this position.
    Text(usize),
    /// By their place alone.
    None,
}

/// A table and what each of its columns is called.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) table: String,
    pub(super) key: Key,
    /// The metadata columns: name in SQL and kind.
    columns: Vec<(String, ColumnKind)>,
    vector: String,
    /// What to note in the file.
    pub(super) info: Info,
}

impl Layout {
    /// # Errors
    /// If the entry's name cannot be that of a table.
    pub(super) fn of(schema: &Schema, options: &WriteOptions) -> Result<Layout> {
        let entry = options.entry.as_deref().unwrap_or_default();
        let (table, vector) = entry.rsplit_once('.').unwrap_or((entry, COLUMN));
        let table = if entry.is_empty() { TABLE } else { table };
        let reserved = table.to_ascii_lowercase();
        if table.is_empty()
            || vector.is_empty()
            || entry.contains('\0')
            || reserved.starts_with("sqlite_")
            || reserved == INFO_TABLE
        {
            return Err(Error::usage(format!("\"{entry}\" cannot be the name of a table"))
                .help("call it TABLE or TABLE.COLUMN"));
        }
        // One name of the rowid has to stay free, so that rows can be read in order.
        let mut taken = vec!["oid".to_owned()];
        let mut names = Vec::new();
        let mut columns = Vec::new();
        for column in &schema.columns {
            let name = free(&column.name.replace('\0', "_"), &taken);
            if name != column.name {
                names.push((name.clone(), column.name.clone()));
            }
            taken.push(name.clone());
            columns.push((name, column.kind));
        }
        let key = match schema.ids.map(|ids| (ids, schema.columns[ids].kind)) {
            Some((ids, ColumnKind::Int)) => Key::Int(ids),
            Some((ids, ColumnKind::Text)) => Key::Text(ids),
            None if free(ID, &taken) == ID => Key::Generated,
            _ => Key::None,
        };
        if key == Key::Generated {
            taken.push(ID.to_owned());
        }
        let vector = free(vector, &taken);
        let mut info = Info::of(schema, table, &vector, options.pickle);
        info.names = names;
        info.ids = schema.ids.map(|ids| schema.columns[ids].name.clone());
        info.generated_ids = (key == Key::Generated).then(|| ID.to_owned());
        let mixed = columns.iter().filter(|(_, kind)| *kind == ColumnKind::Mixed);
        info.mixed = mixed.map(|(name, _)| name.clone()).collect();
        Ok(Layout { table: table.to_owned(), key, columns, vector, info })
    }

    /// Creates the table under this name.
    pub(super) fn create_table(&self, table: &str) -> String {
        let mut definitions = Vec::new();
        if self.key == Key::Generated {
            definitions.push(format!("{} INTEGER PRIMARY KEY AUTOINCREMENT", quoted(ID)));
        }
        for (position, (name, kind)) in self.columns.iter().enumerate() {
            let declared = match self.key {
                Key::Int(ids) if ids == position => "INTEGER PRIMARY KEY AUTOINCREMENT",
                Key::Text(ids) if ids == position => "TEXT PRIMARY KEY",
                _ => sql_type(*kind),
            };
            definitions.push(format!("{} {declared}", quoted(name)).trim_end().to_owned());
        }
        definitions.push(format!("{} BLOB", quoted(&self.vector)));
        format!("CREATE TABLE {} ({})", quoted(table), definitions.join(", "))
    }

    /// Inserts a row: the generated id, if there is one, the metadata, the vector.
    pub(super) fn insert(&self) -> String {
        let generated = usize::from(self.key == Key::Generated);
        let places = vec!["?"; generated + self.columns.len() + 1].join(", ");
        format!("INSERT INTO {} VALUES ({places})", quoted(&self.table))
    }

    /// Gives up the key: the table is made anew, with its ids as an ordinary column.
    pub(super) fn drop_key(&mut self) -> String {
        self.key = Key::None;
        let old = quoted(&self.table);
        let new = free_name(&self.table, |name| {
            name.eq_ignore_ascii_case(&self.table) || name.eq_ignore_ascii_case(INFO_TABLE)
        });
        let create = self.create_table(&new);
        let new = quoted(&new);
        format!(
            "{create}; INSERT INTO {new} SELECT * FROM {old} ORDER BY rowid; \
             DROP TABLE {old}; ALTER TABLE {new} RENAME TO {old}"
        )
    }
}

fn free(name: &str, taken: &[String]) -> String {
    free_name(name, |name| taken.iter().any(|other| other.eq_ignore_ascii_case(name)))
}
