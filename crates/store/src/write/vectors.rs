//! Where the vectors of a turn go: files that grow, or that are written whole.

use super::sizes::Sizes;
use super::tail::LastFile;
use super::{Turn, VECTORS};
use crate::error::sql;
use crate::files::{self, Extent, VectorFile, cover, group_names};
use crate::folder::file_name;
use crate::spec::Spec;
use crate::sql::schema;
use anear_types::{Block, Error, MatrixRef, Result};
use rusqlite::{Connection, params};
use std::collections::HashSet;

impl Turn<'_> {
    /// Moves pending vectors to the file.
    pub(crate) fn flush(&mut self) -> Result<()> {
        if self.tail.pending.is_empty() {
            // NumPy may not have been told of the last rows, if a writer was killed.
            return self.reopen_last_file();
        }
        let pending = self.take_pending()?;
        self.append(pending.matrix())
    }

    /// All pending vectors, which are no longer pending.
    pub(super) fn take_pending(&mut self) -> Result<Block> {
        let none = self.tail.file_rows..self.tail.file_rows;
        let range = std::mem::replace(&mut self.tail.pending, none);
        let block = read_pending(self.connection, self.spec, range)?;
        self.connection.execute("DELETE FROM pending", []).map_err(sql)?;
        Ok(block)
    }

    /// Appends rows whose metadata are in the table to the files that count, and counts them.
    pub(crate) fn append(&mut self, rows: MatrixRef<'_>) -> Result<()> {
        let rows_at_once = Sizes::of(self.spec).rows_at_once;
        let mut start = 0;
        while start < rows.rows() {
            let end = start.saturating_add(rows_at_once).min(rows.rows());
            let first_row = self.tail.file_rows;
            let groups = self.groups(first_row..first_row + (end - start) as u64)?;
            let mut appending = self.begin_append()?;
            let extents = appending.append(first_row, rows.range(start, end), &groups)?;
            self.count(&extents)?;
            start = end;
        }
        Ok(())
    }

    /// The names of the groups of some rows, if they are grouped.
    fn groups(&self, rows: std::ops::Range<u64>) -> Result<Vec<String>> {
        match self.spec.storage.group_by() {
            Some(column) => group_names(self.connection, column, rows),
            None => Ok(Vec::new()),
        }
    }

    /// The file that gets the next rows; a new one if the last takes no more.
    pub(super) fn begin_append(&mut self) -> Result<Appending<'_>> {
        if self.needs_new_file() {
            let small = match self.file.take() {
                Some((_, mut full)) => {
                    full.sync()?;
                    full.publish()?;
                    None
                }
                None => self.take_small_file()?,
            };
            self.file = Some(self.new_file()?);
            self.avoid_tail = false;
            if let Some(rows) = small {
                self.append(rows.matrix())?;
            }
        }
        self.reopen_last_file()?;
        let (number, file) = self.file.as_mut().expect("it was just opened");
        Ok(Appending { number: *number, file: &mut **file, last: self.tail.last_extent })
    }

    fn needs_new_file(&self) -> bool {
        let takes_more = match &self.file {
            Some((_, file)) => !file.is_full(),
            None => self.spec.storage.grows(),
        };
        self.avoid_tail || !takes_more || self.bytes_in_last_file() >= Sizes::of(self.spec).file
    }

    /// Bytes of the rows that count in the last file; the most there can be if there is no file.
    fn bytes_in_last_file(&self) -> u64 {
        match &self.tail.file {
            Some(_) => self.rows_in_last_file().saturating_mul(self.spec.row_bytes() as u64),
            None => u64::MAX,
        }
    }

    /// Rows that count in the last file.
    fn rows_in_last_file(&self) -> u64 {
        self.tail.file.as_ref().map_or(0, |file| self.tail.file_rows - file.first_row)
    }

    pub(super) fn reopen_last_file(&mut self) -> Result<()> {
        let Some(file) = self.tail.file.as_ref().filter(|_| self.file.is_none()) else {
            return Ok(());
        };
        let path = self.folder.join(&file.name);
        let open = files::reopen(&path, self.spec, self.rows_in_last_file())?;
        self.file = open.map(|open| (file.number, open));
        Ok(())
    }

    /// The rows of the last file, if it is small: it counts no more, and they are to be appended
    /// again. A damaged file stays as it is.
    fn take_small_file(&mut self) -> Result<Option<Block>> {
        let sizes = Sizes::of(self.spec);
        let Some(file) = &self.tail.file else { return Ok(None) };
        if self.bytes_in_last_file() >= sizes.small_file.min(sizes.file) {
            return Ok(None);
        }
        let (number, first_row) = (file.number, file.first_row);
        let names: HashSet<String> =
            self.groups(first_row..self.tail.file_rows)?.into_iter().collect();
        let rows = self.read_intact(file)?;
        let Some(rows) = rows.filter(|_| names.len() < files::MOST_GROUPS) else {
            return Ok(None);
        };
        self.connection.execute("DELETE FROM extents WHERE file = ?", [number]).map_err(sql)?;
        self.connection.execute("DELETE FROM files WHERE file = ?", [number]).map_err(sql)?;
        self.tail.file_rows = first_row;
        self.tail.last_extent = None;
        self.has_replaced = true;
        Ok(Some(rows))
    }

    /// The rows of the last file; `None` if it cannot be read or its checksums differ.
    fn read_intact(&self, file: &LastFile) -> Result<Option<Block>> {
        let rows = file.first_row..self.tail.file_rows;
        let named = (file.number, &*file.name);
        let Ok((bytes, range)) = self.maps.rows(self.folder, named, self.spec, rows) else {
            return Ok(None);
        };
        let bytes = &(*bytes).as_ref()[range];
        let count = self.rows_in_last_file() as usize;
        let matrix = MatrixRef::new(bytes, self.spec.element, count, self.spec.dim);
        let mut next = 0;
        for extent in self.extents_of(file.number)? {
            let end = next + extent.rows as usize;
            let expected = file.first_row + next as u64;
            if extent.first_row != expected || end > count {
                return Ok(None);
            }
            if extent.check(matrix.range(next, end)).is_err() {
                return Ok(None);
            }
            next = end;
        }
        Ok((next == count).then(|| Block::from_matrix(matrix)))
    }

    fn extents_of(&self, file: i64) -> Result<Vec<Extent>> {
        let query =
            "SELECT first_row, rows, file, crc32 FROM extents WHERE file = ? ORDER BY first_row";
        let extents = self.connection.prepare_cached(query).and_then(|mut statement| {
            statement.query_map([file], Extent::from_row)?.collect::<rusqlite::Result<_>>()
        });
        extents.map_err(sql)
    }

    /// Makes durable what was appended. Its metadata are in the table now.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), |(_, file)| file.sync())
    }

    /// Sets right what a writer that did not finish has left in the last file; returns what that
    /// was.
    pub(crate) fn repair_last_file(&mut self) -> Result<Vec<String>> {
        self.reopen_last_file()?;
        let (Some((_, open)), Some(file)) = (&mut self.file, &self.tail.file) else {
            return Ok(Vec::new());
        };
        let repaired = open.repair()?;
        Ok(repaired.into_iter().map(|what| format!("{} {what}", file.name)).collect())
    }

    fn new_file(&mut self) -> Result<(i64, Box<dyn VectorFile>)> {
        let first_row = self.tail.file_rows;
        let (number, name) = self.name_file(VECTORS, first_row)?;
        let file = files::create(&self.folder.join(&name), self.spec, first_row)?;
        self.tail.file = Some(LastFile { number, name, first_row });
        Ok((number, file))
    }

    /// Gives a number and a name to a new file that holds `vectors` or an `index`.
    pub(crate) fn name_file(&mut self, holds: &str, first_row: u64) -> Result<(i64, String)> {
        let mut number = schema::next_file(self.connection)?;
        let extension = match holds {
            VECTORS => self.spec.storage.extension(),
            _ => "anx",
        };
        let mut name = file_name(holds, number, extension);
        // A commit that failed may come back after a crash, with the file it has named.
        while self.avoid_tail && self.folder.join(&name).exists() {
            number += 1;
            name = file_name(holds, number, extension);
        }
        schema::set(self.connection, "next_file", number + 1)?;
        self.connection
            .execute(
                "INSERT INTO files (file, name, holds, first_row) VALUES (?, ?, ?, ?)",
                params![number, name, holds, first_row as i64],
            )
            .map_err(sql)?;
        Ok((number, name))
    }

    /// Makes rows that were appended count.
    pub(super) fn count(&mut self, extents: &[Extent]) -> Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO extents VALUES (?, ?, ?, ?)")
            .map_err(sql)?;
        for extent in extents {
            let (first_row, rows) = (extent.first_row as i64, extent.rows as i64);
            statement.execute(params![first_row, rows, extent.file, extent.crc32]).map_err(sql)?;
        }
        if let Some(last) = extents.last() {
            self.tail.file_rows = last.end();
            self.tail.last_extent = Some(*last);
            self.tail.pending = self.tail.file_rows..self.tail.file_rows;
        }
        Ok(())
    }
}

/// A file that is being appended to.
pub(super) struct Appending<'a> {
    number: i64,
    pub(super) file: &'a mut dyn VectorFile,
    /// The last extent of the store.
    last: Option<Extent>,
}

impl Appending<'_> {
    /// Appends rows; returns the extents that cover them.
    pub(super) fn append(
        &mut self,
        first_row: u64,
        rows: MatrixRef<'_>,
        groups: &[String],
    ) -> Result<Vec<Extent>> {
        self.file.append(rows, groups)?;
        let extents = cover(self.last, self.number, first_row, rows);
        self.last = extents.last().copied().or(self.last);
        Ok(extents)
    }
}

/// Vectors that are not in a file yet. Memory is taken for those that are found.
pub(crate) fn read_pending(
    connection: &Connection,
    spec: &Spec,
    rows: std::ops::Range<u64>,
) -> Result<Block> {
    let mut block = Block::new(spec.element, spec.dim, 0);
    let mut statement = connection
        .prepare_cached("SELECT row, vector FROM pending WHERE row >= ? AND row < ? ORDER BY row")
        .map_err(sql)?;
    let range = params![rows.start as i64, rows.end as i64];
    let mut found = statement.query(range).map_err(sql)?;
    while let Some(row) = found.next().map_err(sql)? {
        let number: i64 = row.get(0).map_err(sql)?;
        let expected = rows.start + block.rows() as u64;
        let vector = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).map_err(sql)?;
        if u64::try_from(number) != Ok(expected) || vector.len() != spec.row_bytes() {
            let what = format!("row {number} with {} bytes is pending", vector.len());
            let expected = format!("row {expected} with {} bytes", spec.row_bytes());
            return Err(Error::malformed(format!("{what}, not {expected}")));
        }
        block.extend(MatrixRef::new(vector, spec.element, 1, spec.dim));
    }
    if block.rows() as u64 != rows.end - rows.start {
        let what = format!("{} vectors are pending, not {}", block.rows(), rows.end - rows.start);
        return Err(Error::malformed(what));
    }
    Ok(block)
}
