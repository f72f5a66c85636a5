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

use super::clock::Clock;
use super::names::{free_name, quoted};
use super::values::{sql_type, to_sqlite};
use anear_types::{Column, ColumnInfo, Error, Result, Value};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// No value may become longer, however often a condition joins or replaces text.
const LONGEST_VALUE: i32 = 64 << 20;

/// No longer condition is read.
const LONGEST_CONDITION: i32 = 1 << 20;

/// The functions a condition may call: what they give depends on their arguments alone, and is
/// not much larger.
const FUNCTIONS: &[&str] = &[
    "->",
    "->>",
    "abs",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "date",
    "datetime",
    "glob",
    "hex",
    "if",
    "ifnull",
    "iif",
    "instr",
    "json_array_length",
    "json_extract",
    "json_type",
    "json_valid",
    "julianday",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "quote",
    "replace",
    "round",
    "rtrim",
    "sign",
    "strftime",
    "substr",
    "substring",
    "time",
    "timediff",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
];

/// Metadata in a form that conditions can be put to.
pub struct Filter {
    connection: Connection,
    clock: Arc<Clock>,
    guard: Arc<Mutex<Guard>>,
    /// The columns as given; `None` for one whose name SQL cannot tell from another's.
    columns: Vec<Option<String>>,
    /// The column of row numbers.
    position: String,
    rows: u64,
}

/// What a condition may do and has done.
#[derive(Default)]
struct Guard {
    /// Whether a user's condition is being prepared, and not our own statements.
    strict: bool,
    selects: usize,
    columns: BTreeSet<String>,
    /// The first thing that was not allowed.
    denied: Option<String>,
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
        let create =
            format!("CREATE TABLE rows ({} INTEGER PRIMARY KEY{definitions})", quoted(&position));
        let guard = Arc::<Mutex<Guard>>::default();
        let open = || -> rusqlite::Result<(Connection, Arc<Clock>)> {
            let mut connection = Connection::open_in_memory()?;
            connection.execute_batch(&create)?;
            let clock = Clock::install(&mut connection)?;
            harden(&mut connection, &guard)?;
            Ok((connection, clock))
        };
        let (connection, clock) = open().map_err(|error| {
            Error::unsupported(format!("the metadata cannot be filtered by SQL: {error}"))
        })?;
        Ok(Filter { connection, clock, guard, columns: names, position, rows: 0 })
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
        self.clock.set(u64::MAX);
        let transaction = self.connection.unchecked_transaction()?;
        let mut statement =
            transaction.prepare_cached(&format!("INSERT INTO rows VALUES ({places})"))?;
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
        self.prepare(expression)?;
        let guard = lock(&self.guard);
        let is_used = |name: &String| guard.columns.contains(&name.to_ascii_lowercase());
        let used = self.columns.iter().enumerate();
        Ok(used.filter(|(_, name)| name.as_ref().is_some_and(is_used)).map(|(i, _)| i).collect())
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
        self.clock.set(time_ms);
        let mut statement = self.prepare(expression)?;
        if statement.parameter_count() != params.len() {
            return Err(Error::usage(format!(
                "the condition has {} parameters, {} are given",
                statement.parameter_count(),
                params.len()
            )));
        }
        let failed = |error| self.explain(&error, time_ms);
        for (position, value) in params.iter().enumerate() {
            statement.raw_bind_parameter(position + 1, to_sqlite(value)).map_err(failed)?;
        }
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            rows.push(row.get::<_, i64>(0).map_err(failed)?.unsigned_abs());
        }
        Ok(rows)
    }

    /// Checks a condition and makes it a query. It has to be an expression in two places, so that
    /// closing the parenthesis early and going on with more SQL fails in one of them.
    fn prepare(&self, expression: &str) -> Result<rusqlite::Statement<'_>> {
        let position = quoted(&self.position);
        let value = format!("SELECT (\n{expression}\n) FROM rows");
        let query =
            format!("SELECT {position} FROM rows WHERE (\n{expression}\n) ORDER BY {position}");
        self.prepare_strictly(&value)?;
        self.prepare_strictly(&query)
    }

    fn prepare_strictly(&self, sql: &str) -> Result<rusqlite::Statement<'_>> {
        *lock(&self.guard) = Guard { strict: true, ..Guard::default() };
        let prepared = self.connection.prepare(sql);
        lock(&self.guard).strict = false;
        prepared.map_err(|error| self.explain(&error, 0))
    }

    fn explain(&self, error: &rusqlite::Error, time_ms: u64) -> Error {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => {
                return Error::limit(format!("the condition takes longer than {time_ms} ms"));
            }
            Some(ErrorCode::TooBig | ErrorCode::OutOfMemory) => {
                return Error::limit(format!("the condition needs too much memory: {error}"));
            }
            _ => {}
        }
        if let Some(denied) = &lock(&self.guard).denied {
            return Error::usage(format!("{denied} in a condition"))
                .help("a condition is one expression over the columns of metadata");
        }
        let message = match error {
            rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        let what = Error::usage(format!("the condition cannot be evaluated: {message}"));
        let names: Vec<String> = self.columns.iter().flatten().map(|name| quoted(name)).collect();
        what.help(format!("the columns are: {}, {}", self.position, names.join(", ")))
    }
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter({} rows, columns {:?})", self.rows, self.columns)
    }
}

fn lock(guard: &Mutex<Guard>) -> MutexGuard<'_, Guard> {
    guard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn harden(connection: &mut Connection, guard: &Arc<Mutex<Guard>>) -> rusqlite::Result<()> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_CONDITION),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
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
    connection.execute_batch("PRAGMA temp_store = MEMORY")?;
    let guard = Arc::clone(guard);
    let authorize = move |context: AuthContext<'_>| lock(&guard).authorize(&context.action);
    connection.authorizer(Some(authorize))
}

impl Guard {
    fn authorize(&mut self, action: &AuthAction<'_>) -> Authorization {
        if !self.strict {
            return Authorization::Allow;
        }
        let denied = match action {
            AuthAction::Select if self.selects == 0 => {
                self.selects = 1;
                return Authorization::Allow;
            }
            AuthAction::Select => "no SELECT is allowed".to_owned(),
            AuthAction::Read { table_name: "rows", column_name } => {
                self.columns.insert(column_name.to_ascii_lowercase());
                return Authorization::Allow;
            }
            AuthAction::Read { table_name, .. } => format!("no table {table_name} is there"),
            AuthAction::Function { function_name } if FUNCTIONS.contains(function_name) => {
                return Authorization::Allow;
            }
            AuthAction::Function { function_name } => {
                format!("the function {function_name} is not allowed")
            }
            _ => "nothing but reading is allowed".to_owned(),
        };
        self.denied.get_or_insert(denied);
        Authorization::Deny
    }
}
