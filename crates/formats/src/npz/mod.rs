//! NumPy's `.npz`: a zip of `.npy` arrays, as `np.savez` and `np.savez_compressed` write it.
//!
//! Every array of numbers is an entry. A list of numbers or text that is as long as a matrix has
//! rows is also a metadata column of that matrix, and an array without axes beside a matrix is an
//! attribute. Written files use the same arrangement, all of it open to `np.load` without pickle:
//!
//! | array | holds |
//! | --- | --- |
//! | `embeddings` (or the entry's name) | the vectors |
//! | `NAME`, one axis | a column of booleans, `int64`, `float64` or text (`<U`) |
//! | `NAME.null`, one axis | which values of column `NAME` are null; only if some are |
//! | `NAME.utf8`, `NAME.blob` or `NAME.json`, with `NAME.ends` | a column of texts too uneven for fixed width, of bytes, or of mixed values as JSON: all joined, and where each ends |
//! | `NAME`, no axis | an attribute; `NAME.json` holds one that has no NumPy type |
//! | `anear.ids`, `anear.metric`, no axis | the name of the id column and the metric |

mod archive;
mod columns;
mod sink;
mod values;
mod zip_writer;

use crate::npy::{self, array_source, header::Kind};
use crate::{
    Container, Entry, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, Skipped, VectorSink,
    VectorSource, WriteOptions,
};
use anear_io::{Input, Output};
use anear_types::{Column, Error, ErrorKind, Result, Schema};
use archive::{Archive, Array};
use columns::Columns;
use std::ops::Range;

/// The format.
#[derive(Debug)]
pub(crate) struct Npz;

static INFO: FormatInfo = FormatInfo {
    name: "npz",
    extensions: &["npz"],
    about: "NumPy archive: many arrays, plain or deflated",
    writes: npy::ELEMENTS,
    keeps: Keeps::Metadata,
};

impl Format for Npz {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
        if zip && first_name(head).is_some_and(|name| name.ends_with(b".npy")) {
            Score::Certain
        } else if zip && hint.extension == "npz" {
            Score::Likely
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let archive = Archive::open(input, options.limits.clone())?;
        Ok(Box::new(NpzFile::new(archive, options)?))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        Ok(Box::new(sink::Sink::new(output, schema, options)?))
    }
}

/// The name of the first member of a zip.
fn first_name(head: &[u8]) -> Option<&[u8]> {
    let length = u16::from_le_bytes(head.get(26..28)?.try_into().ok()?);
    head.get(30..30 + usize::from(length))
}

struct NpzFile {
    archive: Archive,
    arrays: Vec<Array>,
    /// For each entry, its array.
    matrices: Vec<usize>,
    entries: Vec<Entry>,
    columns: Columns,
    skipped: Vec<Skipped>,
}

impl NpzFile {
    fn new(archive: Archive, options: &ReadOptions) -> Result<NpzFile> {
        let (arrays, mut skipped, first_error) = read_headers(&archive);
        let columns = Columns::find(&archive, &arrays, options)?;
        let mut file = NpzFile {
            archive,
            arrays,
            matrices: Vec::new(),
            entries: Vec::new(),
            columns,
            skipped: Vec::new(),
        };
        for position in 0..file.arrays.len() {
            let array = &file.arrays[position];
            if file.columns.is_helper(position) {
                continue;
            }
            match file.schema(array) {
                Ok(schema) => {
                    file.entries.push(Entry { name: array.name.clone(), schema });
                    file.matrices.push(position);
                }
                Err(_) if file.columns.is_column(position) => {}
                Err(error) => skipped.push(skip(&array.name, &error)),
            }
        }
        file.skipped = skipped;
        if file.entries.is_empty() {
            return Err(first_error.unwrap_or_else(|| match file.skipped.first() {
                Some(Skipped { name, reason }) => {
                    Error::unsupported(reason.clone()).at_entry(name.clone())
                }
                None => Error::unsupported("the archive is empty"),
            }));
        }
        Ok(file)
    }

    fn schema(&self, array: &Array) -> Result<Schema> {
        let limits = self.archive.limits();
        let header = array.description.clone().numeric(limits, array.compressed_bytes())?;
        let mut schema = header.schema;
        if schema.shape.len() >= 2 {
            self.columns.describe(&mut schema);
        }
        Ok(schema)
    }
}

impl Container for NpzFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let array = &self.arrays[self.matrices[entry]];
        let at_entry = |error: Error| error.at_entry(&array.name);
        let bytes = self.archive.bytes(array).map_err(at_entry)?;
        let limits = self.archive.limits();
        let header = array.description.clone().numeric(limits, bytes.len() as u64)?;
        Ok(Box::new(array_source(bytes, &header).map_err(at_entry)?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let schema = &self.entries[entry].schema;
        let read = |column: &usize| {
            self.columns.read(&self.archive, &self.arrays, schema.rows, *column, rows.clone())
        };
        columns.iter().map(read).collect()
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

/// The headers of all members; those that cannot be read are skipped, and the error of the first
/// is kept for a file that has nothing else.
fn read_headers(archive: &Archive) -> (Vec<Array>, Vec<Skipped>, Option<Error>) {
    let (mut arrays, mut skipped, mut first_error) = (Vec::new(), Vec::new(), None);
    for position in 0..archive.len() {
        let member = archive.name(position);
        let Some(name) = member.strip_suffix(".npy") else {
            let reason = "it is no .npy file".to_owned();
            skipped.push(Skipped { name: member, reason });
            continue;
        };
        match archive.array(position, name.to_owned()) {
            Ok(array) => arrays.push(array),
            Err(error) => {
                skipped.push(skip(name, &error));
                first_error.get_or_insert(error.at_entry(name));
            }
        }
    }
    (arrays, skipped, first_error)
}

fn skip(name: &str, error: &Error) -> Skipped {
    let reason = match error.kind() {
        ErrorKind::Malformed => format!("it is damaged: {}", error.what()),
        _ => error.what().to_owned(),
    };
    Skipped { name: name.to_owned(), reason }
}

/// Whether an array is text.
fn is_text(array: &Array) -> bool {
    matches!(array.description.kind, Kind::Unicode(_) | Kind::Bytes(_))
}

#[cfg(test)]
mod tests;
