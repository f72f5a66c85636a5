//! Vectors of rows.

use super::Moment;
use crate::error::sql;
use crate::files::{Extent, SharedBytes};
use crate::folder::check_name;
use crate::sql::numbers::{Rising, number};
use crate::sql::schema;
use crate::write::read_pending;
use anear_types::{Block, Element, Error, MatrixRef, Result};
use rusqlite::Row;
use std::collections::HashMap;
use std::ops::Range;

/// Rows that lie one behind the other in a file that is mapped, or was decoded.
#[derive(Clone)]
pub struct Stretch {
    /// The number of the first row.
    pub first_row: u64,
    /// Number of rows.
    pub rows: u64,
    /// The file, or what it held.
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
        let (files, inner) = (self.files()?, self.inner());
        let numbers: Vec<i64> = files.iter().map(|file| file.number).collect();
        let mut stretches = Vec::new();
        let mut next = 0;
        for file in files {
            if file.rows.start != next {
                let (name, start) = (&file.name, file.rows.start);
                let what = format!("{name} begins at row {start}, expected {next}");
                return Err(self.locate(Error::malformed(what)));
            }
            next = file.rows.end;
            let (first_row, rows) = (file.rows.start, file.rows.end - file.rows.start);
            let named = (file.number, &*file.name);
            let (bytes, range) = inner.maps.rows(&inner.folder, named, &inner.spec, file.rows)?;
            stretches.push(Stretch { first_row, rows, bytes, range });
        }
        inner.maps.keep(&numbers);
        let counted = self.marks().file_rows;
        if next != counted {
            let what = format!("{counted} rows are counted, the files have {next}");
            return Err(self.locate(Error::malformed(what)));
        }
        schema::check_last_row(self.connection(), self.marks().next_row)
            .map_err(|error| self.locate(error))?;
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
        let mut first_rows = Rising::<i64>::new();
        let extents = self.connection().prepare_cached(query).and_then(|mut statement| {
            let extent = |row: &Row<'_>| {
                first_rows.next(row, 0)?;
                Extent::from_row(row)
            };
            statement.query_map([], extent)?.collect::<rusqlite::Result<_>>()
        });
        extents.map_err(|error| self.locate(sql(error)))
    }

    /// The files of vectors in the order of rows, those in which no row counts left out.
    fn files(&self) -> Result<Vec<File>> {
        let mut ends: HashMap<i64, u64> = HashMap::new();
        for extent in self.extents()? {
            let end = ends.entry(extent.file).or_default();
            *end = extent.end().max(*end);
        }
        let query = "SELECT file, name, first_row FROM files WHERE holds = 'vectors' ORDER BY file";
        let mut numbers = Rising::<i64>::new();
        let files = self.connection().prepare_cached(query).and_then(|mut statement| {
            let file = |row: &Row<'_>| Ok((numbers.next(row, 0)?, row.get(1)?, number(row, 2)?));
            statement.query_map([], file)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        let files = files.map_err(|error| self.locate(sql(error)))?.into_iter();
        let counting = files.filter_map(|(number, name, start)| {
            let end = ends.get(&number)?;
            Some(File { number, name, rows: start..start.max(*end) })
        });
        let mut files: Vec<File> = counting.collect();
        files.sort_by_key(|file| file.rows.start);
        let checked = files.iter().try_for_each(|file| check_name(&file.name));
        checked.map_err(|error| self.locate(error))?;
        Ok(files)
    }
}

impl StoredVectors {
    /// The vectors in parts, with the number of the first row of each.
    pub fn parts(&self) -> impl Iterator<Item = (u64, MatrixRef<'_>)> {
        let in_files = self.stretches.iter().map(|stretch| self.part(stretch));
        in_files.chain([(self.file_rows(), self.pending.matrix())])
    }

    /// The vector of a row; `None` if there is no such row.
    pub fn row(&self, row: u64) -> Option<&[u8]> {
        let (first, part) = self.part_with(row);
        let row = (row - first) as usize;
        (row < part.rows()).then(|| part.row(row))
    }

    /// The vectors of some rows that lie in one part; `None` if they do not.
    pub fn range(&self, rows: Range<u64>) -> Option<MatrixRef<'_>> {
        let (first, part) = self.part_with(rows.start);
        let (start, end) = ((rows.start - first) as usize, rows.end.checked_sub(first)? as usize);
        (start <= end && end <= part.rows()).then(|| part.range(start, end))
    }

    /// The part that has this row, or would have it.
    fn part_with(&self, row: u64) -> (u64, MatrixRef<'_>) {
        let file_rows = self.file_rows();
        let before = self.stretches.partition_point(|stretch| stretch.first_row <= row);
        match before.checked_sub(1).filter(|_| row < file_rows) {
            Some(position) => self.part(&self.stretches[position]),
            None => (file_rows, self.pending.matrix()),
        }
    }

    fn part<'a>(&'a self, stretch: &'a Stretch) -> (u64, MatrixRef<'a>) {
        let bytes = &(*stretch.bytes).as_ref()[stretch.range.clone()];
        let rows = stretch.rows as usize;
        (stretch.first_row, MatrixRef::new(bytes, self.element, rows, self.dim))
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
