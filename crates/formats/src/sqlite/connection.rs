//! Connections to a database nobody vouches for.
//!
//! SQLite has everything needed to read a hostile file; it only has to be switched on. A
//! connection here is read-only, trusts nothing in the schema, runs no view and no trigger, may
//! do nothing but read ([`authorize`]), gives up a query after a set time, and refuses values
//! larger than the file could hold.
//!
//! Which files SQLite touches beside the database depends on how it is opened ([`Mode`]):
//! nothing is ever created there.

use super::clock::Clock;
use super::error::from_sqlite;
use super::header::JOURNAL_VERSION;
use anear_io::Input;
use anear_types::{Limits, Result};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{MAIN_DB, OpenFlags};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How SQLite is to open the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The bytes are in memory.
    Memory,
    /// With the usual locks, so that a writer and we see each other.
    Locked,
    /// As a file that does not change: a database in WAL mode without its `-wal` file, which
    /// SQLite would create otherwise.
    Immutable,
    /// With the `-wal` file that a crashed writer left, and the index of that file in our own
    /// memory instead of a new `-shm` file.
    PrivateLog,
}

impl Mode {
    /// The right mode for a file whose header says whether it was last in WAL mode.
    pub(super) fn of(input: &Input, write_ahead_log: bool) -> Mode {
        if !input.is_on_disk() {
            return Mode::Memory;
        }
        let path = resolved(input.path());
        let log_bytes = beside(&path, "-wal").metadata().map(|metadata| metadata.len());
        let shared_index = beside(&path, "-shm").exists();
        match log_bytes {
            Ok(_) if shared_index => Mode::Locked,
            Ok(bytes) if bytes > 0 => Mode::PrivateLog,
            _ if write_ahead_log => Mode::Immutable,
            _ => Mode::Locked,
        }
    }
}

/// The file that `path` means, as SQLite follows links to find the files beside it.
pub(super) fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The path with a suffix behind its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A connection and the time its query may take.
pub(super) struct Connection {
    inner: rusqlite::Connection,
    clock: Arc<Clock>,
    query_ms: u64,
}

impl Connection {
    /// Opens the database.
    ///
    /// # Errors
    /// If SQLite cannot open it.
    pub(super) fn open(input: &Input, mode: Mode, limits: &Limits) -> Result<Connection> {
        let mut inner = open_raw(input, mode).map_err(from_sqlite)?;
        let clock = Clock::install(&mut inner).map_err(from_sqlite)?;
        harden(&mut inner, mode, largest_value(input)).map_err(from_sqlite)?;
        Ok(Connection { inner, clock, query_ms: limits.query_ms })
    }

    /// The connection for one more query, which gets its full time.
    pub(super) fn query(&self) -> &rusqlite::Connection {
        self.restart_clock();
        &self.inner
    }

    /// Gives a query its full time again, because it makes progress.
    pub(super) fn restart_clock(&self) {
        self.clock.set(self.query_ms);
    }

    /// Runs a query that SQLite does in one step, where it does not look at the clock.
    pub(super) fn query_watched<T>(
        &self,
        query: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let handle = self.inner.get_interrupt_handle();
        let time = Duration::from_millis(self.query_ms.min(u64::from(u32::MAX)));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if wait.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    handle.interrupt();
                }
            });
            let result = query(self.query()).map_err(from_sqlite);
            drop(done);
            result
        })
    }
}

/// No value of the file can be larger, even when its UTF-16 text is made UTF-8.
fn largest_value(input: &Input) -> i32 {
    let log = beside(&resolved(input.path()), "-wal").metadata().map_or(0, |log| log.len());
    let bytes = input.len().saturating_add(log).saturating_mul(2);
    bytes.clamp(1 << 20, i32::MAX as u64) as i32
}

fn open_raw(input: &Input, mode: Mode) -> rusqlite::Result<rusqlite::Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = |options: &str| file_uri(&resolved(input.path()), options);
    match mode {
        Mode::Memory => in_memory(input.bytes()),
        Mode::Locked => rusqlite::Connection::open_with_flags(uri("?mode=ro"), flags),
        Mode::Immutable => {
            rusqlite::Connection::open_with_flags(uri("?mode=ro&immutable=1"), flags)
        }
        Mode::PrivateLog => {
            let no_locks = if cfg!(windows) { c"win32-none" } else { c"unix-none" };
            rusqlite::Connection::open_with_flags_and_vfs(uri("?mode=ro"), flags, no_locks)
        }
    }
}

/// A database from bytes; those of WAL mode can only be opened when told they are not.
fn in_memory(bytes: &[u8]) -> rusqlite::Result<rusqlite::Connection> {
    let mut connection = rusqlite::Connection::open_in_memory()?;
    let (before, rest) = bytes.split_at(JOURNAL_VERSION.start.min(bytes.len()));
    let after = rest.get(JOURNAL_VERSION.len()..).unwrap_or_default();
    let patched = before.chain(&[1u8, 1][..]).chain(after);
    connection.deserialize_read_exact(MAIN_DB, patched, bytes.len(), true)?;
    Ok(connection)
}

/// A path as SQLite's `file:` URI, so that nothing in it has a meaning of its own.
pub fn file_uri(path: &Path, options: &str) -> String {
    let mut uri = String::from("file:");
    let text = path.to_string_lossy();
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    #[cfg(not(unix))]
    let bytes = text.as_bytes();
    if cfg!(windows) && !text.starts_with('/') {
        uri.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + options
}

fn harden(
    connection: &mut rusqlite::Connection,
    mode: Mode,
    largest_value: i32,
) -> rusqlite::Result<()> {
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, largest_value),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    ] {
        connection.set_limit(limit, value)?;
    }
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.busy_timeout(Duration::from_secs(5))?;
    if mode == Mode::PrivateLog {
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    connection.pragma_update(None, "mmap_size", i64::MAX)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.authorizer(Some(|context: AuthContext<'_>| authorize(&context)))
}

/// Reading, and asking what there is to read; nothing else.
fn authorize(context: &AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Transaction { .. } => true,
        AuthAction::Function { function_name } => {
            matches!(function_name, "count" | "min" | "max" | "typeof")
        }
        AuthAction::Pragma { pragma_name, .. } => {
            matches!(pragma_name, "table_xinfo" | "index_list" | "index_xinfo" | "data_version")
        }
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}
