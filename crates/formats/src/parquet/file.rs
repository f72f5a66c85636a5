//! An open Parquet file: its footer, and checked access to the pages of its column chunks.

use super::check::{ChunkFacts, check_chunk, check_footer};
use crate::ReadOptions;
use crate::guard::guard;
use anear_io::Input;
use anear_types::{Error, Limits, Result};
use bytes::Bytes;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::schema::types::SchemaDescriptor;

/// The file, shared by everything that reads from it.
pub(super) struct File {
    input: Input,
    reader: SerializedFileReader<Bytes>,
    limits: Limits,
    /// The first row of each row group, and the number of rows at the end.
    starts: Vec<u64>,
}

impl File {
    /// Reads the footer.
    pub(super) fn open(input: Input, options: &ReadOptions) -> Result<File> {
        check_footer(input.bytes(), &options.limits)?;
        let bytes = Bytes::from_owner(input.clone());
        let reader = guard("reading the footer", || {
            SerializedFileReader::new(bytes).map_err(|error| from_parquet(&error))
        })?;
        let starts = row_starts(reader.metadata())?;
        Ok(File { input, reader, limits: options.limits.clone(), starts })
    }

    /// What the footer says.
    pub(super) fn metadata(&self) -> &ParquetMetaData {
        self.reader.metadata()
    }

    /// The columns.
    pub(super) fn schema(&self) -> &SchemaDescriptor {
        self.metadata().file_metadata().schema_descr()
    }

    /// The bounds the file was opened with.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Size of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.input.len()
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> u64 {
        self.starts[self.groups()]
    }

    /// Number of row groups.
    pub(super) fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The first row of a row group; for the number of groups, the number of rows.
    pub(super) fn group_start(&self, group: usize) -> u64 {
        self.starts[group]
    }

    /// Rows in a row group.
    pub(super) fn group_rows(&self, group: usize) -> u64 {
        self.starts[group + 1] - self.starts[group]
    }

    /// The row group that holds `row`, which must exist.
    pub(super) fn group_of(&self, row: u64) -> usize {
        self.starts.partition_point(|start| *start <= row) - 1
    }

    /// What the footer says of one column in one row group.
    pub(super) fn chunk(&self, group: usize, leaf: usize) -> &ColumnChunkMetaData {
        self.metadata().row_group(group).column(leaf)
    }

    /// Walks the page headers of a column chunk and holds them against the limits.
    pub(super) fn check(&self, group: usize, leaf: usize) -> Result<ChunkFacts> {
        check_chunk(self.input.bytes(), self.chunk(group, leaf), &self.limits)
    }

    /// A reader of the values of a column chunk that was [checked](File::check).
    pub(super) fn column(&self, group: usize, leaf: usize) -> Result<ColumnReader> {
        guard("opening a column", || {
            let pages = self
                .reader
                .get_row_group(group)
                .and_then(|group| group.get_column_page_reader(leaf))
                .map_err(|error| from_parquet(&error))?;
            Ok(get_column_reader(self.schema().column(leaf), pages))
        })
    }

    /// The library's own reader, for its reader of nested records.
    pub(super) fn library_reader(&self) -> &SerializedFileReader<Bytes> {
        &self.reader
    }
}

fn row_starts(metadata: &ParquetMetaData) -> Result<Vec<u64>> {
    let mut starts = vec![0u64];
    let mut rows = 0u64;
    for group in metadata.row_groups() {
        rows = u64::try_from(group.num_rows())
            .ok()
            .and_then(|more| rows.checked_add(more))
            .filter(|rows| *rows <= i64::MAX as u64)
            .ok_or_else(|| {
                Error::malformed(format!("a row group has {} rows", group.num_rows()))
            })?;
        starts.push(rows);
    }
    let announced = metadata.file_metadata().num_rows();
    if i64::try_from(rows) != Ok(announced) {
        return Err(Error::malformed(format!(
            "the row groups have {rows} rows, the footer announces {announced}"
        )));
    }
    Ok(starts)
}

/// The library's error as ours.
pub(super) fn from_parquet(error: &ParquetError) -> Error {
    match error {
        ParquetError::NYI(what) => Error::unsupported(format!("not supported: {what}")),
        ParquetError::General(what) | ParquetError::EOF(what) => Error::malformed(what.clone()),
        other => Error::malformed(other.to_string()),
    }
}
