//! Numbers of rows as they come from the database. In one that is damaged, or made to do harm, they
//! may be negative or beyond all files, and a query may give rows in any order, again and again.

use rusqlite::types::FromSql;
use rusqlite::{Row, ffi};

/// More rows than there can be in files: what is counted from numbers up to here does not overflow.
pub(crate) const MOST_ROWS: u64 = 1 << 60;

/// The number of a row, or of rows.
pub(crate) fn number(row: &Row<'_>, position: usize) -> rusqlite::Result<u64> {
    checked(row.get(position)?)
}

/// The number of a row, or of rows; 0 for none.
pub(crate) fn number_or_0(row: &Row<'_>, position: usize) -> rusqlite::Result<u64> {
    checked(row.get::<_, Option<i64>>(position)?.unwrap_or(0))
}

fn checked(number: i64) -> rusqlite::Result<u64> {
    let checked = u64::try_from(number).ok().filter(|number| *number <= MOST_ROWS);
    checked.ok_or_else(|| damaged(format!("{number} is no number of rows")))
}

/// Keys that a query gives in their order, each once.
pub(crate) struct Rising<T>(Option<T>);

impl<T: FromSql + PartialOrd + Clone> Rising<T> {
    /// None so far.
    pub(crate) fn new() -> Rising<T> {
        Rising(None)
    }

    /// The next key.
    pub(crate) fn next(&mut self, row: &Row<'_>, position: usize) -> rusqlite::Result<T> {
        let key: T = row.get(position)?;
        if self.0.as_ref().is_some_and(|last| *last >= key) {
            return Err(damaged("its rows are not in order".to_owned()));
        }
        self.0 = Some(key.clone());
        Ok(key)
    }
}

/// The error that SQLite gives when it notices damage.
pub(crate) fn damaged(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(what))
}
