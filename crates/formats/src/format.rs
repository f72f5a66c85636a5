//! What a format is: how it is recognised, opened and written.

use crate::Container;
use anear_io::{ByteOrder, Input, Output};
use anear_types::{Column, Element, Error, Limits, MatrixRef, Result, Schema};
use std::str::FromStr;

/// A file format.
///
/// The calls, in order: `score` on the first bytes of a file; `open` if it scored highest, then
/// the [`Container`]'s calls. For writing: `create`, then `write_block` any number of times, then
/// `finish`; a sink that is dropped before leaves no file.
pub trait Format: Sync {
    /// Name, suffixes and abilities.
    fn info(&self) -> &'static FormatInfo;

    /// How surely a file is of this format, judged by its first bytes (4,096, or all if fewer).
    fn score(&self, head: &[u8], hint: &Hint) -> Score;

    /// Reads the description of a file: its entries, not their rows.
    ///
    /// # Errors
    /// If the file is damaged, hostile or of a kind not supported.
    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>>;

    /// Begins a new file for rows as `schema` describes them.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the format cannot hold such rows.
    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        let _ = (schema, options);
        let name = self.info().name;
        Err(Error::unsupported(format!("{name} files are read, not written"))
            .at_path(output.path()))
    }
}

/// What there is to say about a format: a row of the table of formats.
#[derive(Debug)]
pub struct FormatInfo {
    /// The name in `info` and `--format`.
    pub name: &'static str,
    /// Suffixes without the dot, the usual one first.
    pub extensions: &'static [&'static str],
    /// One line about it.
    pub about: &'static str,
    /// The elements a file can be written with; empty if it cannot be written.
    pub writes: &'static [Element],
    /// What a written file keeps beside the rows.
    pub keeps: Keeps,
}

/// What a written file keeps beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing.
    Rows,
    /// Ids that are integers. Read back, their column is called [`IDS`](Keeps::IDS).
    IntegerIds,
    /// Metadata columns, ids and attributes.
    Metadata,
}

impl Keeps {
    /// The name of the ids where a file has no place for a name.
    pub const IDS: &str = "id";
}

/// What is known about a file beside its first bytes.
#[derive(Clone, Debug)]
pub struct Hint {
    /// The suffix in lower case, without the dot.
    pub extension: String,
    /// The size of the file in bytes.
    pub file_bytes: u64,
}

/// How surely a file is of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// It is not.
    No,
    /// Only the suffix says so; the content says nothing.
    Suffix,
    /// The content could be, and the suffix agrees.
    Likely,
    /// The content says so.
    Certain,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// What to take at most from an untrusted file.
    pub limits: Limits,
    /// Threads that decoding may use, 1 or more.
    pub threads: usize,
    /// The element of raw bytes that do not say it themselves (BLOBs of a database).
    pub raw_element: Option<Element>,
    /// The byte order of raw numbers, where the file does not say it.
    pub raw_order: ByteOrder,
    /// The metadata column that holds the ids, where the format's own guess is not wanted.
    pub ids: Option<String>,
    /// Whether a table without vectors is welcome: an entry of dimension 0 with its columns.
    pub tables: bool,
}

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions {
            limits: Limits::default(),
            threads: 1,
            raw_element: None,
            raw_order: ByteOrder::Little,
            ids: None,
            tables: false,
        }
    }
}

/// How to write.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The name of the entry; `None` for the format's usual one.
    pub entry: Option<String>,
    /// Whether and how to compress, where the format can.
    pub compression: Compression,
    /// Whether the bytes of compressed numbers are shuffled first, where the format can: all first
    /// bytes, then all second ones. It makes most vectors smaller.
    pub shuffle: bool,
    /// Threads that encoding may use, 1 or more.
    pub threads: usize,
    /// In a database, write each vector as a pickled NumPy array instead of raw bytes.
    pub pickle: bool,
}

impl Default for WriteOptions {
    fn default() -> WriteOptions {
        WriteOptions {
            entry: None,
            compression: Compression::None,
            shuffle: true,
            threads: 1,
            pickle: false,
        }
    }
}

/// Whether and how to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Deflate (gzip) at this level, 1 to 9.
    Gzip(u8),
    /// Zstandard at this level, where the format has it.
    Zstd(u8),
}

impl FromStr for Compression {
    type Err = Error;

    /// The name of a method, with a level as in `gzip:6` or without.
    ///
    /// ```
    /// # use anear_formats::Compression;
    /// assert_eq!("gzip:6".parse::<Compression>()?, Compression::Gzip(6));
    /// assert_eq!("zstd".parse::<Compression>()?, Compression::Zstd(3));
    /// assert!("gzip:0".parse::<Compression>().is_err());
    /// # Ok::<(), anear_types::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Compression> {
        let (method, level) = match text.split_once(':') {
            None => (text, None),
            Some((method, level)) => (method, Some(level.parse::<u8>().unwrap_or(0))),
        };
        match (method, level) {
            ("none", None) => Ok(Compression::None),
            ("gzip", None | Some(1..=9)) => Ok(Compression::Gzip(level.unwrap_or(4))),
            ("zstd", None | Some(1..=22)) => Ok(Compression::Zstd(level.unwrap_or(3))),
            _ => Err(Error::usage(format!(
                "{text:?} is none of none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22"
            ))),
        }
    }
}

/// Takes rows and writes them to a file.
pub trait VectorSink: Send {
    /// Appends rows: vectors of the schema's element and dimension, and for each of the schema's
    /// columns, in its order, a column with as many values.
    ///
    /// # Errors
    /// If writing fails or a value cannot be stored.
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()>;

    /// Completes the entry that is being written and begins another: of the same schema, with
    /// about `rows` rows, in groups of its own.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if a file of the format is written with
    /// one entry only.
    fn next_entry(&mut self, name: &str, rows: u64) -> Result<()> {
        let _ = rows;
        Err(Error::unsupported("a file of this format is written with one matrix").at_entry(name))
    }

    /// Completes the file, syncs it and gives it its name.
    ///
    /// # Errors
    /// If writing fails; nothing is left behind then.
    fn finish(self: Box<Self>) -> Result<Summary>;
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Rows in the new file.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
}
