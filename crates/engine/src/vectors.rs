//! One open matrix: a file, an entry of it, its rows and metadata.

use crate::adopted::Adopted;
use crate::blocks::MOST_BLOCK_BYTES;
use crate::opened::{self, Opened};
use crate::{Location, Mapped, Result, entry};
use anear_formats::{Container, Entry, ReadOptions, VectorSource};
use anear_index::Rows;
use anear_io::{ByteOrder, Input};
use anear_types::{Block, Column, Element, Error, Limits, Metric, Schema};
use std::ops::Range;
use std::sync::Arc;

/// How many rows may lie between two wanted ones for both to be fetched in one read.
pub(crate) const GAP_ROWS: u64 = 64;

/// How to open files.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Threads that reading may use, 1 or more.
    pub threads: usize,
    /// What an untrusted file may take at most.
    pub limits: Limits,
    /// The metadata column that holds the ids; `None` for the format's own guess.
    pub ids: Option<String>,
    /// The element of raw bytes in a database, which do not say it themselves.
    pub raw_element: Option<Element>,
    /// Whether a table without vectors is welcome, as a matrix of dimension 0 with metadata.
    pub tables: bool,
}

impl Default for OpenOptions {
    fn default() -> OpenOptions {
        OpenOptions {
            threads: 1,
            limits: Limits::default(),
            ids: None,
            raw_element: None,
            tables: false,
        }
    }
}

impl OpenOptions {
    pub(crate) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            limits: self.limits.clone(),
            threads: self.threads.max(1),
            raw_element: self.raw_element,
            raw_order: ByteOrder::Little,
            ids: self.ids.clone(),
            tables: self.tables,
        }
    }
}

/// A matrix in a file, or in a folder that is read like one: open, but with no row read yet.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("points.csv");
/// std::fs::write(&path, "id,embedding\n7,\"[1, 0]\"\n9,\"[0, 1]\"\n").unwrap();
/// let vectors = anear::Vectors::open(&path, &anear::OpenOptions::default())?;
/// assert_eq!((vectors.schema().rows, vectors.schema().dim), (2, 2));
/// # Ok::<(), anear::Error>(())
/// ```
pub struct Vectors {
    input: Input,
    container: Box<dyn Container>,
    entry: usize,
    format: &'static str,
    threads: usize,
    json: Vec<String>,
    adopted: Option<Arc<Adopted>>,
}

impl Vectors {
    /// Opens the only or plainly main matrix of a file, or the one a `PATH::ENTRY` names.
    ///
    /// # Errors
    /// If the file is missing, damaged or not a vector file, or holds several matrices and none
    /// was named.
    pub fn open(location: impl AsRef<std::path::Path>, options: &OpenOptions) -> Result<Vectors> {
        Vectors::open_at(&Location::parse(&location.as_ref().to_string_lossy()), options)
    }

    /// Opens the matrix at a [`Location`]; `-` reads standard input.
    ///
    /// # Errors
    /// As for [`open`](Vectors::open).
    pub fn open_at(location: &Location, options: &OpenOptions) -> Result<Vectors> {
        #[cfg(feature = "sqlite")]
        if crate::Collection::is_at(&location.path) && location.entry.is_none() {
            let collection = crate::Collection::open(&location.path, crate::Access::Read)?;
            return collection.view(None);
        }
        let Opened { input, format, container, adopted, .. } = opened::open(location, options)?;
        let at_path = |error: Error| error.at_path(input.path());
        let entry = entry::choose(&*container, location.entry.as_deref()).map_err(at_path)?;
        let chosen = &container.entries()[entry];
        options
            .limits
            .check_expansion("this matrix", chosen.schema.total_bytes(), input.len())
            .map_err(|error| at_path(error.at_entry(chosen.name.as_str())))?;
        let threads = options.threads.max(1);
        Ok(Vectors { input, container, entry, format, threads, json: Vec::new(), adopted })
    }

    /// The rows of a collection; `json` names columns whose texts are JSON documents.
    #[cfg(feature = "sqlite")]
    pub(crate) fn of_collection(
        path: &std::path::Path,
        rows: Box<dyn Container>,
        json: Vec<String>,
    ) -> Vectors {
        let input = Input::from_bytes(path, Vec::new());
        let (format, threads) = ("collection", 1);
        Vectors { input, container: rows, entry: 0, format, threads, json, adopted: None }
    }

    /// Columns of metadata whose texts are JSON documents, as far as that is known.
    pub(crate) fn json(&self) -> &[String] {
        &self.json
    }

    /// The file; of a folder, that with the vectors.
    pub fn path(&self) -> &std::path::Path {
        self.input.path()
    }

    /// The name of the file's format, such as `npy`.
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// The name of the entry; may be empty.
    pub fn entry(&self) -> &str {
        &self.container.entries()[self.entry].name
    }

    /// All matrices of the file, this one among them.
    pub fn entries(&self) -> &[Entry] {
        self.container.entries()
    }

    /// Shape, element, metadata columns and attributes.
    pub fn schema(&self) -> &Schema {
        &self.container.entries()[self.entry].schema
    }

    /// The rows, from the first.
    ///
    /// # Errors
    /// If the entry is damaged.
    pub fn source(&self) -> Result<Box<dyn VectorSource + '_>> {
        self.container.rows(self.entry).map_err(|error| self.locate(error))
    }

    /// Rows `rows` as one block in memory.
    ///
    /// # Errors
    /// If they are damaged or do not exist.
    pub fn read(&self, rows: Range<u64>) -> Result<Block> {
        let schema = self.schema();
        if rows.start > rows.end || rows.end > schema.rows {
            let what = format!("rows {}..{} of {} do not exist", rows.start, rows.end, schema.rows);
            return Err(self.locate(Error::usage(what)));
        }
        let count = (rows.end - rows.start) as usize;
        let mut block = self.block(count)?;
        let mut source = self.source()?;
        if let Some(matrix) = source.mapped() {
            let part = matrix.range(rows.start as usize, rows.end as usize);
            copy(part.bytes(), &mut block.spare_mut()[..part.bytes().len()], self.threads);
            block.advance(count);
            return Ok(block);
        }
        let mut read = || {
            source.seek(rows.start)?;
            while block.spare_rows() > 0 && source.next_block(&mut block)? > 0 {}
            Ok(())
        };
        read().map_err(|error| self.locate(error))?;
        if block.rows() < count {
            let what = format!("the rows end after {} of {count}", block.rows());
            return Err(self.locate(Error::malformed(what)));
        }
        Ok(block)
    }

    /// All rows where they lie in the file, if they can be used there as they are.
    ///
    /// # Errors
    /// If the entry is damaged.
    pub fn mapped(&self) -> Result<Option<Mapped>> {
        let source = self.source()?;
        Ok(source.mapped().and_then(|matrix| Mapped::new(&self.input, matrix)))
    }

    /// All rows: where they lie in the file, if they can be used there, else read into memory.
    pub(crate) fn shared_rows(&self) -> Result<Rows> {
        match self.mapped()? {
            Some(mapped) => Ok(mapped.into()),
            None => self.read(0..self.schema().rows).map(Rows::from),
        }
    }

    /// The rows with these numbers, in this order, as one block in memory.
    ///
    /// # Errors
    /// If they are damaged or do not exist.
    pub fn gather(&self, rows: &[u64]) -> Result<Block> {
        let schema = self.schema();
        if let Some(row) = rows.iter().find(|row| **row >= schema.rows) {
            let what = format!("there is no row {row}, the file has {}", schema.rows);
            return Err(self.locate(Error::usage(what)));
        }
        let mut gathered = self.block(rows.len())?;
        let row_bytes = schema.row_bytes();
        let out = gathered.spare_mut();
        let mut put = |position: usize, row: &[u8]| {
            out[position * row_bytes..][..row_bytes].copy_from_slice(row);
        };
        if let Some(matrix) = self.source()?.mapped() {
            for (position, row) in rows.iter().enumerate() {
                put(position, matrix.row(*row as usize));
            }
        } else {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|position| rows[*position]);
            let sorted: Vec<u64> = order.iter().map(|position| rows[*position]).collect();
            let mut start = 0;
            while start < rows.len() {
                let end = start + self.cluster(&sorted[start..]);
                let first = sorted[start];
                let block = self.read(first..sorted[end - 1] + 1)?;
                for (position, row) in order[start..end].iter().zip(&sorted[start..end]) {
                    put(*position, block.matrix().row((row - first) as usize));
                }
                start = end;
            }
        }
        gathered.advance(rows.len());
        Ok(gathered)
    }

    /// An empty block with room for some rows.
    fn block(&self, rows: usize) -> Result<Block> {
        let schema = self.schema();
        Block::try_new(schema.element, schema.dim, rows).map_err(|error| self.locate(error))
    }

    /// How many of the ascending rows to fetch in one read: as far as they lie close together and
    /// what they span is no more than a block.
    fn cluster(&self, rows: &[u64]) -> usize {
        let span_rows = MOST_BLOCK_BYTES / (self.schema().row_bytes() as u64).max(1);
        let fits = |pair: &[u64]| pair[1] - pair[0] <= GAP_ROWS && pair[1] - rows[0] <= span_rows;
        1 + rows.windows(2).take_while(|pair| fits(pair)).count()
    }

    /// Values of some metadata columns (positions in the schema) for some rows.
    ///
    /// # Errors
    /// If the metadata is damaged.
    pub fn metadata(&self, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        self.container.metadata(self.entry, columns, rows).map_err(|error| self.locate(error))
    }

    /// The bytes of the file.
    pub(crate) fn input(&self) -> &Input {
        &self.input
    }

    /// What searches the rows, if the file is an index for this metric.
    pub(crate) fn index(&self, metric: Metric) -> Result<Option<Box<dyn anear_index::Index>>> {
        crate::index::structure(&self.input, metric).map_err(|error| self.locate(error))
    }

    /// The index of another library that the file is, if it measures by this metric.
    pub(crate) fn approximate(&self, metric: Metric) -> Option<&Adopted> {
        let measures = |adopted: &&Adopted| adopted.index().how().measure.metric() == Some(metric);
        self.adopted.as_deref().filter(measures)
    }

    /// Whether the rows are told from codes that left something out, and so are not those that were
    /// put in.
    pub fn is_lossy(&self) -> bool {
        self.adopted.as_ref().is_some_and(|adopted| adopted.is_lossy())
    }

    /// Adds this file and entry to an error.
    pub(crate) fn locate(&self, error: Error) -> Error {
        error.at_entry(self.entry()).at_path(self.path())
    }

    /// Gives the memory of a mapped part of the file back to the system.
    pub(crate) fn release(&self, part: &[u8]) {
        self.input.release(part);
    }
}

impl std::fmt::Debug for Vectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schema = self.schema();
        let (rows, dim, element) = (schema.rows, schema.dim, schema.element);
        write!(f, "Vectors({}::{}, {rows} x {dim} {element})", self.path().display(), self.entry())
    }
}

/// Copies on several threads: what takes the time is the system filling in both sides' pages.
fn copy(from: &[u8], to: &mut [u8], threads: usize) {
    const LEAST_BYTES: usize = 4 << 20;
    let part_bytes = from.len().div_ceil(threads).max(LEAST_BYTES);
    if from.len() <= part_bytes {
        return to.copy_from_slice(from);
    }
    std::thread::scope(|scope| {
        for (from, to) in from.chunks(part_bytes).zip(to.chunks_mut(part_bytes)) {
            scope.spawn(|| to.copy_from_slice(from));
        }
    });
}
