//! Vectors of rows.

use super::Moment;
use crate::error::sql;
use crate::files::{Extent, SharedBytes};
use crate::write::read_pending;
use anear_types::{Block, Element, Error, MatrixRef, Result};
use rusqlite::Row;
use std::ops::Range;

/// Rows that lie one behind the other in a file that is mapped.
#[derive(Clone)]
pub struct Stretch {
    /// The number of the first row.
    pub first_row: u64,
    /// Number of rows.
    pub rows: u64,
    /// The file.
    pub bytes: SharedBytes,
    /// Where in it they lie.
    pub range: Range<usize>,
}

/// All vectors at a moment: those in files, then those pending.
#[derive(Clone, Debug)]
pub struct StoredVectors {
    element: Element,
    dim: usize,
    stretches: Vec<Stretch>,
    pending: Block,
}

/// A file of vectors, and which rows are in it.
struct File {
    number: i64,
    name: String,
    rows: Range<u64>,
}

impl Moment {
    /// Where the vectors lie that are in files.
    ///
    /// # Errors
    /// If a file is missing or too short.
    pub fn stretches(&self) -> Result<Vec<Stretch>> {
        let mut stretches = Vec::new();
        let mut next = 0;
        for file in self.files()? {
            if file.rows.start != next {
                let (name, start) = (&file.name, file.rows.start);
                let what = format!("{name} begins at row {start}, expected {next}");
                return Err(self.locate(Error::malformed(what)));
            }
            next = file.rows.end;
            let rows = file.rows.end - file.rows.start;
            let named = (file.number, &*file.name);
            let inner = self.inner();
            let (bytes, range) = inner.maps.rows(&inner.folder, named, &inner.spec, rows)?;
            stretches.push(Stretch { first_row: file.rows.start, rows, bytes, range });
        }
        Ok(stretches)
    }

    /// The vectors from row `from` on that are in no file yet.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn pending(&self, from: u64) -> Result<Block> {
        let marks = self.marks();
        let rows = from.max(marks.file_rows)..marks.next_row.max(from);
        let pending = read_pending(self.connection(), &self.inner().spec, rows);
        pending.map_err(|error| self.locate(error))
    }

    /// All vectors.
    ///
    /// # Errors
    /// If a file is missing or too short, or the metadata are damaged.
    pub fn vectors(&self) -> Result<StoredVectors> {
        let spec = &self.inner().spec;
        let (stretches, pending) = (self.stretches()?, self.pending(0)?);
        Ok(StoredVectors { element: spec.element, dim: spec.dim, stretches, pending })
    }

    /// All extents, in the order of rows.
    ///
    /// # Errors
    /// If the metadata are damaged.
    pub fn extents(&self) -> Result<Vec<Extent>> {
        let query = "SELECT first_row, rows, file, crc32 FROM extents ORDER BY first_row";
        let extents = self.connection().prepare_cached(query).and_then(|mut statement| {
            let extent = |row: &Row<'_>| {
                Ok(Extent {
                    first_row: row.get::<_, i64>(0)?.unsigned_abs(),
                    rows: row.get::<_, i64>(1)?.unsigned_abs(),
                    file: row.get(2)?,
                    crc32: row.get(3)?,
                })
            };
            statement.query_map([], extent)?.collect::<rusqlite::Result<_>>()
        });
        extents.map_err(|error| self.locate(sql(error)))
    }

    fn files(&self) -> Result<Vec<File>> {
        let query = "SELECT files.file, name, files.first_row, max(extents.first_row + rows)
            FROM files JOIN extents ON extents.file = files.file
            WHERE holds = 'vectors' GROUP BY files.file ORDER BY files.first_row";
        let files = self.connection().prepare_cached(query).and_then(|mut statement| {
            let file = |row: &Row<'_>| {
                let start = row.get::<_, i64>(2)?.unsigned_abs();
                let end = row.get::<_, i64>(3)?.unsigned_abs().max(start);
                Ok(File { number: row.get(0)?, name: row.get(1)?, rows: start..end })
            };
            statement.query_map([], file)?.collect::<rusqlite::Result<_>>()
        });
        files.map_err(|error| self.locate(sql(error)))
    }
}

impl StoredVectors {
    /// The vectors in parts, with the number of the first row of each.
    pub fn parts(&self) -> impl Iterator<Item = (u64, MatrixRef<'_>)> {
        let in_files = self.stretches.iter().map(|stretch| {
            let bytes = &(*stretch.bytes).as_ref()[stretch.range.clone()];
            let rows = stretch.rows as usize;
            (stretch.first_row, MatrixRef::new(bytes, self.element, rows, self.dim))
        });
        in_files.chain([(self.file_rows(), self.pending.matrix())])
    }

    /// The vector of a row; `None` if there is no such row.
    pub fn row(&self, row: u64) -> Option<&[u8]> {
        let (first, part) = self.parts().filter(|(first, _)| *first <= row).last()?;
        let row = (row - first) as usize;
        (row < part.rows()).then(|| part.row(row))
    }

    /// The vectors of some rows that lie in one part; `None` if they do not.
    pub fn range(&self, rows: Range<u64>) -> Option<MatrixRef<'_>> {
        let (first, part) = self.parts().filter(|(first, _)| *first <= rows.start).last()?;
        let (start, end) = ((rows.start - first) as usize, rows.end.checked_sub(first)? as usize);
        (start <= end && end <= part.rows()).then(|| part.range(start, end))
    }

    fn file_rows(&self) -> u64 {
        self.stretches.last().map_or(0, |stretch| stretch.first_row + stretch.rows)
    }
}

impl std::fmt::Debug for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stretch({} rows from {})", self.rows, self.first_row)
    }
}
