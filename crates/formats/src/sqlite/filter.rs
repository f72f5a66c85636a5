//! SQL conditions on metadata, such as `file_name = 'a.pdf' AND page_num > 3`.
//!
//! The metadata of a file of any format are copied into a private database in memory with one
//! table, and SQLite evaluates the condition there. The condition is as little trusted as a file:
//! it must be one expression, may read that table only, call only functions that compute
//! something from their arguments, and has to be done in time.
//!
//! ```
//! use anear_formats::sqlite::filter::Filter;
//! use anear_types::{Column, ColumnInfo, ColumnKind, Value};
//! let info = ColumnInfo { name: "page_num".to_owned(), kind: ColumnKind::Int };
//! let mut filter = Filter::new(&[info.clone()]).unwrap();
//! let values = vec![Value::Int(2), Value::Null, Value::Int(7)];
//! filter.add(&[Column { name: info.name, kind: info.kind, values }]).unwrap();
//! assert_eq!(filter.rows_where("page_num > ?", &[Value::Int(3)], 1000).unwrap(), [2]);
//! assert_eq!(filter.rows_where("page_num IS NULL OR row = 0", &[], 1000).unwrap(), [0, 1]);
//! ```

use super::condition::Conditions;
use super::names::{free_name, quoted};
use super::values::{sql_type, to_sqlite};
use anear_types::{Column, ColumnInfo, Error, ErrorKind, Result, Value};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

/// The table with the metadata.
const TABLE: &str = "rows";

/// No value may become longer, however often a condition joins or replaces text.
const LONGEST_VALUE: i32 = 64 << 20;

/// Metadata in a form that conditions can be put to.
pub struct Filter {
    connection: Connection,
    conditions: Conditions,
    /// The columns as given; `None` for one whose name SQL cannot tell from another's.
    columns: Vec<Option<String>>,
    /// The column of row numbers.
    position: String,
    rows: u64,
}

impl Filter {
    /// A filter for metadata with these columns and no rows yet. The number of the row is there
    /// as one more column, `row`, unless there is such a column. SQL does not tell `Title` from
    /// `title`: of two such columns the first is meant.
    ///
    /// # Errors
    /// If there are more columns than SQLite can have.
    pub fn new(columns: &[ColumnInfo]) -> Result<Filter> {
        let mut names: Vec<Option<String>> = Vec::new();
        let is_taken = |names: &[Option<String>], name: &str| {
            names.iter().flatten().any(|taken| taken.eq_ignore_ascii_case(name))
        };
        for column in columns {
            let usable = !is_taken(&names, &column.name) && !column.name.contains('\0');
            names.push(usable.then(|| column.name.clone()));
        }
        let position = free_name("row", |name| is_taken(&names, name));
        let named =
            names.iter().zip(columns).filter_map(|(name, column)| Some((name.as_ref()?, column)));
        let definitions: String = named
            .map(|(name, column)| format!(", {} {}", quoted(name), sql_type(column.kind)))
            .collect();
        let create = format!(
            "CREATE TABLE {TABLE} ({} INTEGER PRIMARY KEY{definitions})",
            quoted(&position)
        );
        let open = || -> rusqlite::Result<(Connection, Conditions)> {
            let mut connection = Connection::open_in_memory()?;
            connection.execute_batch(&create)?;
            harden(&connection)?;
            let conditions = Conditions::install(&mut connection, TABLE, &position)?;
            Ok((connection, conditions))
        };
        let (connection, conditions) = open().map_err(|error| {
            Error::unsupported(format!("the metadata cannot be filtered by SQL: {error}"))
        })?;
        Ok(Filter { connection, conditions, columns: names, position, rows: 0 })
    }

    /// Appends rows: one column for each of the filter's, in their order.
    ///
    /// # Errors
    /// If a value is absurdly long.
    ///
    /// # Panics
    /// If the columns are not the filter's or differ in length.
    pub fn add(&mut self, columns: &[Column]) -> Result<()> {
        assert_eq!(columns.len(), self.columns.len(), "a column for each of the filter's");
        let rows = columns.first().map_or(0, |column| column.values.len());
        self.add_rows(columns, rows).map_err(|error| {
            Error::limit(format!("the metadata cannot be filtered by SQL: {error}"))
        })
    }

    /// Appends `rows` rows of a filter without columns, or of one with.
    fn add_rows(&mut self, columns: &[Column], rows: usize) -> rusqlite::Result<()> {
        let used: Vec<&Column> = columns
            .iter()
            .zip(&self.columns)
            .filter_map(|(column, name)| name.as_ref().map(|_| column))
            .collect();
        assert!(columns.iter().all(|column| column.values.len() == rows), "columns of one length");
        let places = vec!["?"; used.len() + 1].join(", ");
        let transaction = self.connection.unchecked_transaction()?;
        let mut statement =
            transaction.prepare_cached(&format!("INSERT INTO {TABLE} VALUES ({places})"))?;
        for row in 0..rows {
            statement.raw_bind_parameter(1, self.rows as i64 + row as i64)?;
            for (position, column) in used.iter().enumerate() {
                statement.raw_bind_parameter(position + 2, to_sqlite(&column.values[row]))?;
            }
            statement.raw_execute()?;
        }
        drop(statement);
        transaction.commit()?;
        self.rows += rows as u64;
        Ok(())
    }

    /// Appends rows without metadata, for conditions on `row` alone.
    ///
    /// # Errors
    /// If memory runs out.
    ///
    /// # Panics
    /// If the filter has columns.
    pub fn add_bare(&mut self, rows: usize) -> Result<()> {
        assert!(self.columns.is_empty(), "these rows have metadata");
        self.add_rows(&[], rows).map_err(|error| Error::limit(error.to_string()))
    }

    /// The positions of the columns that a condition reads, rising: others need not be added.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it is not an expression, or reads or calls
    /// what it may not.
    pub fn columns_used(&mut self, expression: &str) -> Result<Vec<usize>> {
        let used = self.conditions.columns_used(&self.connection, expression);
        let used = used.map_err(|error| self.help(error))?;
        let is_used = |name: &String| used.contains(&name.to_ascii_lowercase());
        let columns = self.columns.iter().enumerate();
        Ok(columns.filter(|(_, name)| name.as_ref().is_some_and(is_used)).map(|(i, _)| i).collect())
    }

    /// The rows for which a condition is true, rising; `params` stand for its question marks.
    /// Null counts as not true, as everywhere in SQL.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) for a condition that cannot be evaluated,
    /// [`Limit`](anear_types::ErrorKind::Limit) for one that takes longer than `time_ms`.
    pub fn rows_where(
        &mut self,
        expression: &str,
        params: &[Value],
        time_ms: u64,
    ) -> Result<Vec<u64>> {
        let rows = self.conditions.rows(&self.connection, expression, params, time_ms);
        rows.map_err(|error| self.help(error))
    }

    fn help(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Usage {
            return error;
        }
        let names: Vec<String> = self.columns.iter().flatten().map(|name| quoted(name)).collect();
        error.help(format!("the columns are: {}, {}", self.position, names.join(", ")))
    }
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter({} rows, columns {:?})", self.rows, self.columns)
    }
}

/// A value must not become absurdly long, nor anything else be reached from here.
fn harden(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.execute_batch("PRAGMA temp_store = MEMORY")
}
