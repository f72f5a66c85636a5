//! Values of one column chunk with their levels, a batch of rows at a time.

use super::file::from_parquet;
use crate::guard::guard;
use anear_types::{Error, Result};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::DataType;

/// A column chunk read in batches; the buffers are reused.
pub(super) struct TypedReader<T: DataType> {
    /// `None` after the library panicked: its state means nothing then.
    reader: Option<ColumnReaderImpl<T>>,
    /// Definition level of each value or null; empty when nothing can be null.
    pub(super) definition: Vec<i16>,
    /// Repetition level of each value or null: 0 begins a row. Empty for flat columns.
    pub(super) repetition: Vec<i16>,
    /// The values that are not null.
    pub(super) values: Vec<T::T>,
}

impl<T: DataType> TypedReader<T> {
    /// Starts at the first row; `reader` must be of type `T`.
    pub(super) fn new(reader: ColumnReader) -> TypedReader<T> {
        TypedReader {
            reader: Some(get_typed_column_reader(reader)),
            definition: Vec::new(),
            repetition: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Replaces the batch by the next `rows` rows; returns how many there were.
    pub(super) fn read(&mut self, rows: usize) -> Result<usize> {
        self.definition.clear();
        self.repetition.clear();
        self.values.clear();
        let mut reader = self.reader.take().ok_or_else(gone)?;
        let (reader, rows) = guard("decoding a page", || {
            let (rows, _, _) = reader
                .read_records(
                    rows,
                    Some(&mut self.definition),
                    Some(&mut self.repetition),
                    &mut self.values,
                )
                .map_err(|error| from_parquet(&error))?;
            Ok((reader, rows))
        })?;
        self.reader = Some(reader);
        Ok(rows)
    }

    /// Passes over `rows` rows; returns how many there were.
    pub(super) fn skip(&mut self, rows: usize) -> Result<usize> {
        let mut reader = self.reader.take().ok_or_else(gone)?;
        let (reader, rows) = guard("decoding a page", || {
            let rows = reader.skip_records(rows).map_err(|error| from_parquet(&error))?;
            Ok((reader, rows))
        })?;
        self.reader = Some(reader);
        Ok(rows)
    }
}

fn gone() -> Error {
    Error::malformed("reading on after an error")
}
