//! Connections, for writing and for reading.
//!
//! A folder may come from anyone, so nothing in its schema is trusted. A reader opens the database
//! as a writer would, if it can, because only then SQLite removes the files of its log when the last
//! one leaves; it is kept from writing by a setting. Where nothing can be written, SQLite is told
//! that the file does not change, or that its log is this process's alone. Someone else may be able
//! to write after all, so such a connection is used only as long as the files look the same.

use super::numbers::damaged;
use super::shape::{check_tables, check_triggers};
use crate::error::sql;
use crate::folder::{METADATA, check_own};
use anear_formats::sqlite::{beside, file_uri};
use anear_types::Result;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long SQLite waits for a lock.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Statements kept ready.
const STATEMENTS: usize = 64;
/// The log is folded into the database when it has so many pages, and on close. A short log is soon
/// written over from its start, which is faster to sync than a file that grows.
pub(crate) const LOG_PAGES: u32 = 250;
/// Bytes of a value at most. The longest vector takes half of it.
const LONGEST_VALUE: i32 = 256 << 20;
/// Memory for pages of the database, in KiB. They are checked when they are read, and a mapped
/// database would be read anew each time.
const CACHE_KIB: i64 = 64 << 10;

/// A connection that writes.
pub(crate) fn for_writing(folder: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    for suffix in ["", "-wal", "-shm", "-journal"] {
        check_own(&beside(&folder.join(METADATA), suffix))?;
    }
    let open = || {
        let connection = Connection::open_with_flags(folder.join(METADATA), flags)?;
        harden(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "ignore_check_constraints", true)?; // none are ours
        // Someone may have sent it without its log.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        fold_log(&connection, true)?;
        Ok(connection)
    };
    let connection = open().map_err(|error| sql(error).at_path(folder))?;
    let checked = check_tables(&connection).and_then(|()| check_triggers(&connection));
    checked.map_err(|error| error.at_path(folder))?;
    Ok(connection)
}

/// Whether commits fold a long log into the database. Where they do not, the next one that does
/// catches up.
pub(crate) fn fold_log(connection: &Connection, on: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "wal_autocheckpoint", if on { LOG_PAGES } else { 0 })
}

/// A connection that reads.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) connection: Connection,
    /// How the files must look for it to be used, if it does not notice changes itself.
    look: Option<Look>,
}

impl Reading {
    /// Whether it sees what was last committed.
    pub(crate) fn is_current(&self, folder: &Path) -> bool {
        self.look.as_ref().is_none_or(|look| *look == Look::at(&folder.join(METADATA)))
    }
}

/// A connection that reads.
pub(crate) fn for_reading(folder: &Path) -> Result<Reading> {
    let path = folder.join(METADATA);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = match path.is_symlink() {
        // SQLite would put the log where the link leads to.
        true => Err(damaged("it is a link".to_owned())),
        false => Connection::open_with_flags(&path, flags).and_then(for_queries),
    };
    let reading = match opened {
        Ok(connection) => Reading { connection, look: None },
        Err(error) => {
            let look = Some(Look::at(&path));
            match where_nothing_can_be_written(&path).and_then(for_queries) {
                Ok(connection) => Reading { connection, look },
                Err(_) => return Err(sql(error).at_path(folder)),
            }
        }
    };
    check_tables(&reading.connection).map_err(|error| error.at_path(folder))?;
    Ok(reading)
}

fn where_nothing_can_be_written(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let log_bytes = beside(path, "-wal").metadata().map_or(0, |log| log.len());
    if log_bytes == 0 {
        return Connection::open_with_flags(file_uri(path, "?mode=ro&immutable=1"), flags);
    }
    let no_locks = if cfg!(windows) { c"win32-none" } else { c"unix-none" };
    let uri = file_uri(path, "?mode=ro");
    let connection = Connection::open_with_flags_and_vfs(uri, flags, no_locks)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    Ok(connection)
}

fn for_queries(connection: Connection) -> rusqlite::Result<Connection> {
    harden(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    // The first thing that needs the log, and the files for it.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON")
}

/// What tells from outside that something was committed: the database or its log changes. The files
/// are not opened for this: to close one would undo the locks of all connections of this process.
#[derive(Debug, PartialEq)]
struct Look {
    database: Option<(u64, Option<SystemTime>)>,
    log: Option<(u64, Option<SystemTime>)>,
}

impl Look {
    /// How the files of a database look now.
    fn at(path: &Path) -> Look {
        let look = |path: &Path| {
            let about = path.metadata().ok()?;
            Some((about.len(), about.modified().ok()))
        };
        Look { database: look(path), log: look(&beside(path, "-wal")) }
    }
}
