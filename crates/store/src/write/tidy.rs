//! Giving space back: files that do not count, pages of the database that are not used.
//!
//! A file that was replaced may still be one that a reader is about to open: its moment is of a
//! state before. Such readers keep SQLite from folding its whole log into the database, which is
//! how one learns of them, in whatever process they are.

use super::Writer;
use crate::error::sql;
use crate::folder::{check_name, leftovers};
use crate::sql::connection::PATIENCE;
use crate::sql::numbers::Rising;
use anear_types::{Error, Result};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Row};
use std::path::Path;
use std::time::Duration;

impl Writer {
    /// Removes files that were replaced, if there are any. What cannot be removed now is at the next
    /// opportunity.
    pub(super) fn tidy(&mut self, folder: &Path) {
        if self.has_leftovers {
            let _ = self.remove_leftovers(folder);
        }
    }

    /// Removes files that do not count, and returns their names. If someone may still read them,
    /// or a commit that failed may have named them, they stay until a later turn. They also stay
    /// where a file that counts is missing: then its name may be what is wrong.
    pub(crate) fn remove_leftovers(&mut self, folder: &Path) -> Result<Vec<String>> {
        if self.in_doubt {
            return Ok(Vec::new());
        }
        let named = file_names(&self.connection)?;
        if named.iter().any(|name| !folder.join(name).exists()) {
            return Ok(Vec::new());
        }
        let found = leftovers(folder, &named)?;
        self.has_leftovers = !found.is_empty() && !fold_log(&self.connection, "RESTART")?;
        let mut removed = Vec::new();
        for path in found.into_iter().filter(|_| !self.has_leftovers) {
            std::fs::remove_file(&path)
                .map_err(|source| Error::io("cannot remove", source).at_path(&path))?;
            removed.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        Ok(removed)
    }

    /// Gives space that the metadata do not use back to the system.
    pub(crate) fn shrink(&mut self) -> Result<()> {
        let attached = |most| self.connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, most);
        attached(1).map_err(sql)?; // SQLite copies to a database that it attaches
        let vacuumed = self.connection.execute_batch("VACUUM");
        attached(0).map_err(sql)?;
        vacuumed.map_err(sql)?;
        fold_log(&self.connection, "TRUNCATE").map(drop)
    }
}

/// Folds the log into the database, as far as that can be done without waiting for others. Returns
/// whether nothing is left of it: then every reader there is, and will be, sees the last commit.
fn fold_log(connection: &Connection, how: &str) -> Result<bool> {
    connection.busy_timeout(Duration::ZERO).map_err(sql)?;
    let fold = format!("PRAGMA wal_checkpoint({how})");
    let is_busy = connection.query_row(&fold, [], |row| row.get::<_, bool>(0));
    connection.busy_timeout(PATIENCE).map_err(sql)?;
    Ok(!is_busy.map_err(sql)?)
}

/// The names of all files that count, each a name of files of ours.
pub(crate) fn file_names(connection: &Connection) -> Result<Vec<String>> {
    let mut statement =
        connection.prepare_cached("SELECT name, file FROM files ORDER BY file").map_err(sql)?;
    let mut numbers = Rising::<i64>::new();
    let name = |row: &Row<'_>| numbers.next(row, 1).and_then(|_| row.get(0));
    let names = statement.query_map([], name).map_err(sql)?;
    let names: Vec<String> = names.collect::<rusqlite::Result<_>>().map_err(sql)?;
    names.iter().try_for_each(|name| check_name(name))?;
    Ok(names)
}
