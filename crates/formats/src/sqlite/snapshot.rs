//! Several connections that all see the same state of the database.
//!
//! Each holds a read transaction from the time the file is opened until it is closed. Another
//! program may commit while they are being opened; a connection without a transaction notices,
//! and then all are opened anew. A file that is read without locks must not change at all.

use super::connection::{Connection, Mode, beside, resolved};
use super::error::from_sqlite;
use anear_io::Input;
use anear_types::{Error, Limits, Result};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// How often to start again when another program keeps committing.
const ATTEMPTS: usize = 50;

/// A state of the database and connections that read it.
pub(super) struct Snapshot {
    input: Input,
    mode: Mode,
    limits: Limits,
    /// Connections nobody uses now.
    idle: Mutex<Vec<Connection>>,
    /// Sees commits of others; `None` where nobody can commit or nothing would be seen.
    watch: Option<(Mutex<Connection>, i64)>,
    /// Size and time of the files, where no lock protects them.
    stamps: Vec<Stamp>,
}

type Stamp = (PathBuf, Option<(u64, Option<SystemTime>)>);

impl Snapshot {
    /// Opens `connections` connections.
    ///
    /// # Errors
    /// If SQLite cannot open the file, or it changes all the time.
    pub(super) fn open(
        input: Input,
        mode: Mode,
        limits: &Limits,
        connections: usize,
    ) -> Result<Snapshot> {
        let connections = if mode == Mode::Memory { 1 } else { connections };
        let watch = match mode {
            Mode::Locked => Some(Connection::open(&input, mode, limits)?),
            Mode::Memory | Mode::Immutable | Mode::PrivateLog => None,
        };
        let stamps = match mode {
            Mode::Immutable | Mode::PrivateLog => stamps_of(&input),
            Mode::Memory | Mode::Locked => Vec::new(),
        };
        for _ in 0..ATTEMPTS {
            let before = watch.as_ref().map(data_version).transpose()?;
            let idle = (0..connections).map(|_| begin(&input, mode, limits));
            let idle = Mutex::new(idle.collect::<Result<_>>()?);
            if watch.as_ref().map(data_version).transpose()? == before {
                let watch = watch.map(Mutex::new).zip(before);
                let limits = limits.clone();
                return Ok(Snapshot { input, mode, limits, idle, watch, stamps });
            }
        }
        Err(Error::new(
            anear_types::ErrorKind::Io,
            "another program changes the database faster than it can be opened",
        ))
    }

    /// A connection, to be given back by dropping it.
    ///
    /// # Errors
    /// If all are in use and the database has changed since it was opened.
    pub(super) fn connection(&self) -> Result<Lease<'_>> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = begin(&self.input, self.mode, &self.limits)?;
                if let Some((watch, version)) = &self.watch {
                    let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
                    if data_version(&watch)? != *version {
                        return Err(changed());
                    }
                }
                connection
            }
        };
        Ok(Lease { snapshot: self, connection: Some(connection) })
    }

    /// How many connections one reader with so many threads may take.
    pub(super) fn most_connections(&self, threads: usize) -> usize {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        idle.saturating_sub(1).clamp(1, threads.max(1))
    }

    /// Checks that a file without locks is still what it was.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        if !self.stamps.is_empty() && stamps_of(&self.input) != self.stamps {
            return Err(changed());
        }
        Ok(())
    }

    /// The size of the file.
    pub(super) fn file_bytes(&self) -> u64 {
        self.input.len()
    }
}

fn changed() -> Error {
    let what = "another program changed the database while it was being read";
    Error::new(anear_types::ErrorKind::Io, what).help("open it again")
}

/// A connection that sees the database as it is now, and keeps seeing that.
fn begin(input: &Input, mode: Mode, limits: &Limits) -> Result<Connection> {
    let connection = Connection::open(input, mode, limits)?;
    let begin = |connection: &rusqlite::Connection| {
        connection.execute_batch("BEGIN")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    connection.query_watched(begin)?;
    Ok(connection)
}

fn data_version(connection: &Connection) -> Result<i64> {
    let connection = connection.query();
    connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(from_sqlite)
}

fn stamps_of(input: &Input) -> Vec<Stamp> {
    let path = resolved(input.path());
    let stamp = |path: PathBuf| {
        let metadata = path.metadata().ok();
        let stamp = metadata.map(|metadata| (metadata.len(), metadata.modified().ok()));
        (path, stamp)
    };
    vec![stamp(beside(&path, "-wal")), stamp(path)]
}

/// A connection in use.
pub(super) struct Lease<'a> {
    snapshot: &'a Snapshot,
    connection: Option<Connection>,
}

impl Deref for Lease<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("only drop takes it")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut idle = self.snapshot.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}
