//! Where the next row goes.

use crate::error::sql;
use crate::files::Extent;
use crate::folder::check_name;
use crate::sql::numbers::{MOST_ROWS, number, number_or_0};
use crate::sql::schema;
use anear_types::{Error, Result};
use rusqlite::{Connection, OptionalExtension};
use std::ops::Range;

/// The end of a store.
#[derive(Debug)]
pub(crate) struct Tail {
    /// Rows whose vectors are in files.
    pub(crate) file_rows: u64,
    /// The last extent of them.
    pub(crate) last_extent: Option<Extent>,
    /// Rows whose vectors are not: those that follow.
    pub(crate) pending: Range<u64>,
    /// The last file of vectors.
    pub(crate) file: Option<LastFile>,
}

/// The last file of vectors.
#[derive(Debug)]
pub(crate) struct LastFile {
    pub(crate) number: i64,
    pub(crate) name: String,
    pub(crate) first_row: u64,
}

impl Tail {
    pub(crate) fn read(connection: &Connection) -> Result<Tail> {
        let last_extent = last_extent(connection)?;
        let file_rows = last_extent.map_or(0, |extent| extent.end());
        let file = last_file(connection)?;
        if file.as_ref().is_some_and(|file| file.first_row > file_rows) {
            return Err(Error::malformed("the last file of vectors begins after the last row"));
        }
        let pending_end = connection
            .prepare_cached("SELECT max(row) + 1 FROM pending")
            .and_then(|mut statement| statement.query_row([], |row| number_or_0(row, 0)))
            .map_err(sql)?;
        let end = if pending_end == 0 { file_rows } else { pending_end };
        if end < file_rows {
            let what = format!("row {} is pending and in a file", end - 1);
            return Err(Error::malformed(what));
        }
        if end > MOST_ROWS {
            return Err(Error::malformed(format!("there cannot be {end} rows")));
        }
        Ok(Tail { file_rows, last_extent, pending: file_rows..end, file })
    }

    /// Checks that no row of the metadata lies behind the end, where its vector, if there is one,
    /// would be overwritten.
    pub(crate) fn check_end(&self, connection: &Connection) -> Result<()> {
        schema::check_last_row(connection, self.next_row())
    }

    /// The end of a store without vectors.
    pub(crate) fn forget(&mut self) {
        *self = Tail { file_rows: 0, last_extent: None, pending: 0..0, file: None };
    }

    /// The number of the next row.
    pub(crate) fn next_row(&self) -> u64 {
        self.file_rows.max(self.pending.end)
    }
}

fn last_extent(connection: &Connection) -> Result<Option<Extent>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT first_row, rows, file, crc32 FROM extents ORDER BY first_row DESC LIMIT 1",
        )
        .map_err(sql)?;
    statement.query_row([], Extent::from_row).optional().map_err(sql)
}

fn last_file(connection: &Connection) -> Result<Option<LastFile>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT file, name, first_row FROM files WHERE holds = 'vectors' ORDER BY file DESC LIMIT 1",
        )
        .map_err(sql)?;
    let file = statement
        .query_row([], |row| {
            Ok(LastFile { number: row.get(0)?, name: row.get(1)?, first_row: number(row, 2)? })
        })
        .optional();
    let file: Option<LastFile> = file.map_err(sql)?;
    file.iter().try_for_each(|file| check_name(&file.name))?;
    Ok(file)
}
