//! Changing a store: one turn at a time, each a transaction.

mod add;
mod change;
mod ids;
mod log;
mod sizes;
mod tail;
mod tidy;
mod vectors;

pub use add::Adding;
pub(crate) use tidy::file_names;
pub(crate) use vectors::read_pending;

use crate::error::sql;
use crate::files::{Maps, VectorFile};
use crate::folder;
use crate::spec::{Access, Spec};
use crate::sql::{connection, schema};
use crate::store::Inner;
use anear_formats::sqlite::condition::Conditions;
use anear_types::{Error, Result};
use log::Log;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::Path;
use tail::Tail;

/// What the table of files says of vectors.
const VECTORS: &str = "vectors";

/// What a process needs for writing; opened when it first writes.
pub(crate) struct Writer {
    connection: Connection,
    conditions: Conditions,
    log: Log,
    /// Whether this one has changed anything.
    has_written: bool,
    /// Whether a commit failed. It may come back after a crash, so the bytes it counts must stay.
    in_doubt: bool,
    /// Whether there are files that do not count and could not be removed yet.
    has_leftovers: bool,
}

impl Writer {
    fn open(folder: &Path) -> Result<Writer> {
        let mut connection = connection::for_writing(folder)?;
        let conditions =
            Conditions::install(&mut connection, schema::TABLE, schema::ROW).map_err(sql)?;
        Ok(Writer {
            connection,
            conditions,
            log: Log::new(folder),
            has_written: false,
            in_doubt: false,
            has_leftovers: false,
        })
    }

    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    /// Commits next to nothing. The commit of a writer before may have failed, which others who have
    /// the log open do not know: it would come back after a crash, and what it counts must not have
    /// been written over by then. Now this one is in its place.
    fn take_over(&mut self) -> Result<()> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new(&mut self.connection, behavior).map_err(sql)?;
        self.log.begin()?;
        schema::count_turn(&transaction)?;
        transaction.commit().map_err(sql)
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Inner {
    /// Does some work in a transaction, while nobody else writes. It is durable when this returns,
    /// or after an error undone.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut Turn<'_>) -> Result<T>) -> Result<T> {
        self.locked(|writer| writer.transact(self, work))
    }

    /// Does some work while nobody else writes.
    pub(crate) fn locked<T>(&self, work: impl FnOnce(&mut Writer) -> Result<T>) -> Result<T> {
        let locate = |error: Error| error.at_path(&self.folder);
        if self.access != Access::Write {
            return Err(locate(Error::usage("the collection was opened for reading only")));
        }
        let mut writer = self.writer();
        let _lock = folder::lock(&self.folder)?;
        if writer.is_none() {
            let others_log = Log::is_in_use(&self.folder);
            let mut opened = Writer::open(&self.folder)?;
            if others_log {
                opened.take_over().map_err(locate)?;
            }
            opened.remove_leftovers(&self.folder).map_err(locate)?;
            *writer = Some(opened);
        }
        let writer = writer.as_mut().expect("it was just opened");
        writer.tidy(&self.folder);
        let done = work(writer).map_err(locate);
        writer.tidy(&self.folder);
        done
    }
}

impl Writer {
    /// Does some work in a transaction.
    pub(crate) fn transact<T>(
        &mut self,
        inner: &Inner,
        work: impl FnOnce(&mut Turn<'_>) -> Result<T>,
    ) -> Result<T> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new(&mut self.connection, behavior).map_err(sql)?;
        let tail = Tail::read(&transaction)?;
        self.log.begin()?;
        if self.in_doubt {
            // Even if nothing else is changed, something has to take the place of the failed commit.
            schema::count_turn(&transaction)?;
        }
        let mut turn = Turn {
            folder: &inner.folder,
            spec: &inner.spec,
            maps: &inner.maps,
            conditions: &self.conditions,
            first_new_row: tail.next_row(),
            tail,
            connection: &transaction,
            file: None,
            avoid_tail: self.in_doubt,
            has_replaced: false,
            is_bulk: false,
        };
        let done = work(&mut turn)?;
        turn.sync()?;
        let Turn { file, has_replaced, is_bulk, .. } = turn;
        // Who adds much does not wait for the log to be folded in; who adds next does.
        connection::fold_log(&transaction, !is_bulk).map_err(sql)?;
        if let Err(error) = transaction.commit() {
            self.in_doubt = true;
            return Err(sql(error));
        }
        self.log.end();
        self.has_written = true;
        self.in_doubt = false;
        self.has_leftovers |= has_replaced;
        if let Some((_, mut file)) = file {
            // If NumPy is not told now, it is at the next opportunity.
            let _ = file.publish();
        }
        Ok(done)
    }
}

/// A transaction, while nobody else writes.
pub(crate) struct Turn<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) spec: &'a Spec,
    maps: &'a Maps,
    pub(crate) connection: &'a Connection,
    conditions: &'a Conditions,
    pub(crate) tail: Tail,
    /// Rows from here on were added in this transaction.
    first_new_row: u64,
    /// The file that is being appended to, and its number.
    file: Option<(i64, Box<dyn VectorFile>)>,
    /// Whether bytes behind the rows that count, and files that nobody names, must be left alone.
    avoid_tail: bool,
    /// Whether a file does not count any more, in whose place there is another.
    has_replaced: bool,
    /// Whether much is added.
    is_bulk: bool,
}
