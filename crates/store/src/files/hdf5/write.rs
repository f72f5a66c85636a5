//! A file that collects rows and is written when they are all there.

use super::{ROWS, VECTORS, format, threads};
use crate::files::VectorFile;
use crate::spec::{Spec, Storage};
use anear_formats::{Compression, VectorSink, WriteOptions};
use anear_io::Output;
use anear_types::{Block, Column, ColumnInfo, ColumnKind, MatrixRef, Result, Schema, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file with so many groups takes no more rows: each is work for all others, and for readers.
pub(crate) const MOST_GROUPS: usize = 1000;
/// Bytes of vectors given to the format at a time.
const BLOCK_BYTES: usize = 4 << 20;

/// Rows that are to become a file.
pub(crate) struct Hdf5File {
    path: PathBuf,
    spec: Spec,
    first_row: u64,
    rows: Block,
    /// The rows of each group, counted from the first of the file.
    groups: BTreeMap<String, Vec<usize>>,
    /// Whether the file does not have all rows yet.
    unwritten: bool,
}

impl Hdf5File {
    /// A file for the rows from `first_row` on; one that is there is replaced once they are written.
    pub(crate) fn new(path: &Path, spec: &Spec, first_row: u64) -> Hdf5File {
        Hdf5File {
            path: path.to_owned(),
            spec: spec.clone(),
            first_row,
            rows: Block::new(spec.element, spec.dim, 0),
            groups: BTreeMap::new(),
            unwritten: false,
        }
    }

    fn write(&self) -> Result<()> {
        let groups = self.groups.iter().map(|(name, rows)| (&**name, &**rows));
        let mut sink: Option<Box<dyn VectorSink>> = None;
        for (name, rows) in groups {
            let entry = match name {
                "" => VECTORS.to_owned(),
                name => format!("{name}/{VECTORS}"),
            };
            let sink = match &mut sink {
                Some(sink) => {
                    sink.next_entry(&entry, rows.len() as u64)?;
                    sink
                }
                None => sink.insert(self.create(entry, rows.len() as u64)?),
            };
            self.write_rows(&mut **sink, rows)?;
        }
        sink.map_or(Ok(()), |sink| sink.finish().map(drop))
    }

    fn create(&self, entry: String, rows: u64) -> Result<Box<dyn VectorSink>> {
        let (compression, shuffle) = match self.spec.storage {
            Storage::Hdf5 { gzip: level @ 1.., shuffle, .. } => (Compression::Gzip(level), shuffle),
            _ => (Compression::None, false),
        };
        let schema = Schema {
            columns: vec![ColumnInfo { name: ROWS.to_owned(), kind: ColumnKind::Int }],
            metric: Some(self.spec.metric),
            ..Schema::matrix(self.spec.element, rows, self.spec.dim)
        };
        let options = WriteOptions {
            entry: Some(entry),
            compression,
            shuffle,
            threads: threads(),
            ..WriteOptions::default()
        };
        format()?.create(Output::create(&self.path, true)?, &schema, &options)
    }

    fn write_rows(&self, sink: &mut dyn VectorSink, rows: &[usize]) -> Result<()> {
        let mut block = Block::with_bytes(self.spec.element, self.spec.dim, BLOCK_BYTES);
        for rows in rows.chunks(block.capacity()) {
            block.clear();
            rows.iter().for_each(|row| block.push_row(self.rows.matrix().row(*row)));
            let number = |row: &usize| Value::Int((self.first_row + *row as u64) as i64);
            let values = rows.iter().map(number).collect();
            let numbers = Column { name: ROWS.to_owned(), kind: ColumnKind::Int, values };
            sink.write_block(block.matrix(), &[numbers])?;
        }
        Ok(())
    }
}

impl VectorFile for Hdf5File {
    fn append(&mut self, rows: MatrixRef<'_>, groups: &[String]) -> Result<()> {
        let first = self.rows.rows();
        self.rows.extend(rows);
        for row in 0..rows.rows() {
            let group = groups.get(row).map_or("", |name| name);
            match self.groups.get_mut(group) {
                Some(rows) => rows.push(first + row),
                None => drop(self.groups.insert(group.to_owned(), vec![first + row])),
            }
        }
        self.unwritten = true;
        Ok(())
    }

    /// Writes the file.
    fn sync(&mut self) -> Result<()> {
        if std::mem::take(&mut self.unwritten) {
            self.write().map_err(|error| error.at_path(&self.path))?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.groups.len() >= MOST_GROUPS
    }
}
