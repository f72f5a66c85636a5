//! What users' SQL conditions may do on a connection: be one expression over the columns of one
//! table, call functions that compute something from their arguments, and be done in time.

use super::clock::Clock;
use super::contains;
use super::names::quoted;
use super::values::to_sqlite;
use anear_types::{Error, Result, Value};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, Statement};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// No longer condition is read.
const LONGEST_CONDITION: i32 = 1 << 20;

/// No longer pattern is matched, since matching takes the square of it.
const LONGEST_PATTERN: i32 = 1000;

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
    contains::NAME,
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

/// Puts users' conditions to one table of a connection.
pub struct Conditions {
    clock: Arc<Clock>,
    guard: Arc<Mutex<Guard>>,
    table: &'static str,
    /// The column of row numbers.
    position: String,
}

/// What a condition may do and has done.
#[derive(Default)]
struct Guard {
    table: &'static str,
    /// Whether a user's condition is being prepared, and not our own statements.
    strict: bool,
    selects: usize,
    columns: BTreeSet<String>,
    /// The first thing that was not allowed.
    denied: Option<String>,
}

impl Conditions {
    /// Takes the connection's authorizer and progress handler. Conditions are about the rows of
    /// `table`, which are numbered by its column `position`.
    ///
    /// # Errors
    /// If SQLite refuses.
    pub fn install(
        connection: &mut Connection,
        table: &'static str,
        position: impl Into<String>,
    ) -> rusqlite::Result<Conditions> {
        connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_CONDITION)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN)?;
        contains::install(connection)?;
        let clock = Clock::install(connection)?;
        let guard = Arc::<Mutex<Guard>>::default();
        let own = Arc::clone(&guard);
        let authorize = move |context: AuthContext<'_>| lock(&own).authorize(&context.action);
        connection.authorizer(Some(authorize))?;
        Ok(Conditions { clock, guard, table, position: position.into() })
    }

    /// What limits the time of the connection's queries.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The columns that a condition reads, in lower case.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it is not an expression, or reads or calls
    /// what it may not.
    pub fn columns_used(
        &self,
        connection: &Connection,
        expression: &str,
    ) -> Result<BTreeSet<String>> {
        self.prepare(connection, expression)?;
        Ok(std::mem::take(&mut lock(&self.guard).columns))
    }

    /// The rows for which a condition is true, rising; `params` stand for its question marks.
    /// Null counts as not true, as everywhere in SQL.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) for a condition that cannot be evaluated,
    /// [`Limit`](anear_types::ErrorKind::Limit) for one that takes longer than `time_ms`.
    pub fn rows(
        &self,
        connection: &Connection,
        expression: &str,
        params: &[Value],
        time_ms: u64,
    ) -> Result<Vec<u64>> {
        self.clock.set(time_ms);
        let found = self.rows_in_time(connection, expression, params, time_ms);
        self.clock.set(u64::MAX);
        found
    }

    fn rows_in_time(
        &self,
        connection: &Connection,
        expression: &str,
        params: &[Value],
        time_ms: u64,
    ) -> Result<Vec<u64>> {
        let mut statement = self.prepare(connection, expression)?;
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
        let mut rows: Vec<u64> = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let row: i64 = row.get(0).map_err(failed)?;
            // A damaged database may give them in any order, again and again.
            let is_next = |row: &u64| rows.last().is_none_or(|last| last < row);
            let row = u64::try_from(row)
                .ok()
                .filter(is_next)
                .ok_or_else(|| Error::malformed(format!("row {row} is not where it should be")))?;
            rows.push(row);
        }
        Ok(rows)
    }

    /// Checks a condition and makes it a query. It has to be an expression in two places, so that
    /// closing the parenthesis early and going on with more SQL fails in one of them.
    fn prepare<'c>(&self, connection: &'c Connection, expression: &str) -> Result<Statement<'c>> {
        let (table, position) = (self.table, quoted(&self.position));
        let value = format!("SELECT (\n{expression}\n) FROM {table}");
        let query =
            format!("SELECT {position} FROM {table} WHERE (\n{expression}\n) ORDER BY {position}");
        self.prepare_strictly(connection, &value)?;
        self.prepare_strictly(connection, &query)
    }

    fn prepare_strictly<'c>(&self, connection: &'c Connection, sql: &str) -> Result<Statement<'c>> {
        *lock(&self.guard) = Guard { table: self.table, strict: true, ..Guard::default() };
        let prepared = connection.prepare(sql);
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
        Error::usage(format!("the condition cannot be evaluated: {message}"))
    }
}

fn lock(guard: &Mutex<Guard>) -> MutexGuard<'_, Guard> {
    guard.lock().unwrap_or_else(PoisonError::into_inner)
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
            AuthAction::Read { table_name, column_name } if *table_name == self.table => {
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
