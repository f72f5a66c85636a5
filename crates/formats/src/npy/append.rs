//! Appending rows to a `.npy` file, for programs that save embeddings while they compute them.
//!
//! New rows go behind the last one; the row count in the header, in one small write, makes them
//! visible, and only after they were synced. So a crash at any point leaves a valid file: with the
//! rows of the last [`commit`](Appender::commit), and perhaps unused bytes behind them, which
//! readers ignore and the next append overwrites.

use super::{PREFIX_BYTES, appendable, check_is, header, rows_within};
use anear_io::Output;
use anear_types::{Element, Error, MatrixRef, Result, Schema};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// An open `.npy` file that grows. Dropping it without [`commit`](Appender::commit) forgets the
/// rows appended since the last one.
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
    /// The header in the file, byte for byte.
    header: Vec<u8>,
    schema: Schema,
    /// Rows in the file that its header does not count yet.
    pending: u64,
}

impl Appender {
    /// Makes a new, empty file; it is there at once.
    ///
    /// # Errors
    /// If the file exists, or NumPy has no such element.
    pub fn create(path: impl AsRef<Path>, element: Element, dim: usize) -> Result<Appender> {
        let mut output = Output::create(&path, false)?;
        let header = header::write(element, &[0, dim as u64])?;
        output.write_all(&header).map_err(|source| output.failed(source))?;
        output.commit()?;
        Appender::open(path)
    }

    /// Opens an existing matrix in C order and this machine's byte order, and locks the file
    /// against other appenders.
    ///
    /// # Errors
    /// If it is not such a matrix, is damaged, or is being appended to by someone else.
    pub fn open(path: impl AsRef<Path>) -> Result<Appender> {
        let path = path.as_ref();
        let failed = |source| Error::io("cannot open", source).at_path(path);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        file.try_lock()
            .map_err(|_| Error::usage("another program is appending to this file").at_path(path))?;
        let mut head = vec![0; PREFIX_BYTES];
        let length = read_up_to(&mut file, &mut head).map_err(failed)?;
        let header_bytes =
            header::header_bytes(&head[..length]).map_err(|error| error.at_path(path))?;
        let file_bytes = file.metadata().map_err(failed)?.len();
        if header_bytes > file_bytes {
            return Err(Error::malformed("the file ends inside the header").at_path(path));
        }
        head.resize(header_bytes as usize, 0);
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.read_exact(&mut head).map_err(failed)?;
        let schema = appendable(&head).map_err(|error| error.at_path(path))?.schema;
        if schema.total_bytes() > file_bytes - header_bytes {
            return Err(Error::malformed(format!(
                "{} rows need {} bytes, {} are there",
                schema.rows,
                schema.total_bytes(),
                file_bytes - header_bytes
            ))
            .at_path(path));
        }
        Ok(Appender { file, path: path.to_owned(), header: head, schema, pending: 0 })
    }

    /// Opens a matrix for someone who keeps the count of its rows elsewhere, and who sees to it that
    /// nobody else appends. Whatever count the header has, or if it is torn, there are `rows`.
    ///
    /// # Errors
    /// If the file is another matrix, or too short.
    pub fn open_counted(
        path: impl AsRef<Path>,
        element: Element,
        dim: usize,
        rows: u64,
    ) -> Result<Appender> {
        let path = path.as_ref();
        let failed = |source| Error::io("cannot open", source).at_path(path);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let file_bytes = file.metadata().map_err(failed)?.len();
        let mut header = vec![0; PREFIX_BYTES];
        let length = read_up_to(&mut file, &mut header).map_err(failed)?;
        let at_path = |error: Error| error.at_path(path);
        let range = rows_within(&header[..length], file_bytes, element, dim, rows);
        let header_bytes = range.map_err(at_path)?.start as usize;
        header.resize(header_bytes, 0);
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.read_exact(&mut header).map_err(failed)?;
        check_is(&header, element, dim).map_err(at_path)?;
        let schema = Schema::matrix(element, rows, dim);
        Ok(Appender { file, path: path.to_owned(), header, schema, pending: 0 })
    }

    /// Element and dimension; `rows` counts the rows that readers see.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// How many rows the header in the file counts; `None` if it is torn.
    pub fn counted_in_header(&self) -> Option<u64> {
        appendable(&self.header).ok().map(|header| header.schema.rows)
    }

    /// Writes rows behind the last one. Readers see them after the next [`commit`](Self::commit).
    ///
    /// # Errors
    /// If element or dimension differ from the file's, or writing fails; the file is as before.
    pub fn append(&mut self, rows: MatrixRef<'_>) -> Result<()> {
        if (rows.element(), rows.dim()) != (self.schema.element, self.schema.dim) {
            return Err(Error::bad_data(format!(
                "rows of {} {} do not go into a file of {} {}",
                rows.dim(),
                rows.element(),
                self.schema.dim,
                self.schema.element
            ))
            .at_path(&self.path));
        }
        let all = self.schema.rows + self.pending;
        let offset = self.header.len() as u64 + all * self.schema.row_bytes() as u64;
        self.file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| self.file.write_all(rows.bytes()))
            .map_err(|source| self.failed(source))?;
        self.pending += rows.rows() as u64;
        Ok(())
    }

    /// Makes the appended rows durable, though not visible.
    ///
    /// # Errors
    /// If syncing fails.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|source| self.failed(source))
    }

    /// Makes all rows visible. After [`sync`](Self::sync), a crash that loses the new count leaves
    /// the old one.
    ///
    /// # Errors
    /// If an old header has no room for the longer number, or writing fails.
    pub fn publish(&mut self) -> Result<u64> {
        let rows = self.schema.rows + self.pending;
        let shape = [rows, self.schema.dim as u64];
        let header = header::write_in_place(self.schema.element, &shape, &self.header)?;
        let header = header.ok_or_else(|| {
            Error::unsupported(format!("the header has no room for the row count {rows}"))
                .at_path(&self.path)
                .help("convert it to a new .npy file, whose header has room")
        })?;
        // No byte that stays is written, so that a torn write harms the count alone.
        let differs = |(old, new): (&u8, &u8)| old != new;
        let first = self.header.iter().zip(&header).position(differs);
        let last = self.header.iter().zip(&header).rposition(differs);
        if let (Some(first), Some(last)) = (first, last) {
            self.file
                .seek(SeekFrom::Start(first as u64))
                .and_then(|_| self.file.write_all(&header[first..=last]))
                .map_err(|source| self.failed(source))?;
        }
        self.header = header;
        self.schema.rows = rows;
        self.schema.shape = shape.to_vec();
        self.pending = 0;
        Ok(rows)
    }

    /// Cuts off unused bytes behind the rows. Returns how many there were.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn trim(&mut self) -> Result<u64> {
        let all = self.schema.rows + self.pending;
        let end = self.header.len() as u64 + all * self.schema.row_bytes() as u64;
        let length = self.file.metadata().map_err(|source| self.failed(source))?.len();
        if length > end {
            self.file.set_len(end).map_err(|source| self.failed(source))?;
        }
        Ok(length.saturating_sub(end))
    }

    /// Makes the appended rows durable and visible; returns how many rows the file has now.
    ///
    /// # Errors
    /// If syncing fails, or an old header has no room for the longer number; readers see the rows
    /// of the commit before.
    pub fn commit(&mut self) -> Result<u64> {
        if self.pending == 0 {
            return Ok(self.schema.rows);
        }
        self.sync()?;
        let rows = self.publish()?;
        self.sync()?;
        Ok(rows)
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::io("cannot append", source).at_path(&self.path)
    }
}

fn read_up_to(file: &mut File, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
