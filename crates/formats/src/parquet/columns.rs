//! Metadata columns: flat values by a cursor that remembers its place, nested values as JSON text.
//!
//! Metadata is mostly asked for block by block in order. A cursor stays where the last request
//! ended, so that reading a column in blocks decodes each page once; any other request begins at
//! its row group again.

use super::file::File;
use super::layout::{Field, Flat, Role};
use super::nested::group_as_json;
use super::typed::TypedReader;
use super::values::Metadata;
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Result, Value};
use parquet::basic::Type as Physical;
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96Type,
};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 4096;
/// What a batch of strings may take when each may be as long as its page.
const BATCH_BYTES: u64 = 32 << 20;

/// The metadata columns of a file.
pub(super) struct Columns {
    file: Arc<File>,
    fields: Vec<Field>,
    cursors: Mutex<HashMap<usize, Cursor>>,
}

enum Cursor {
    Flat {
        row: u64,
        group: usize,
        reader: Box<dyn FlatReader>,
    },
    /// All rows of one group.
    Nested {
        group: usize,
        texts: Vec<Value>,
    },
}

impl Columns {
    /// Columns of these fields of the file.
    pub(super) fn new(file: Arc<File>, fields: Vec<Field>) -> Columns {
        Columns { file, fields, cursors: Mutex::new(HashMap::new()) }
    }

    /// Name and kind of each.
    pub(super) fn infos(&self) -> Vec<ColumnInfo> {
        let info = |field: &Field| ColumnInfo { name: field.name.clone(), kind: kind(field) };
        self.fields.iter().map(info).collect()
    }

    /// The values of one column.
    pub(super) fn read(&self, column: usize, rows: Range<u64>) -> Result<Column> {
        assert!(rows.start <= rows.end && rows.end <= self.file.rows(), "rows {rows:?}");
        let field = &self.fields[column];
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut values = Vec::new();
        let mut row = rows.start;
        let mut bytes = 0;
        while row < rows.end {
            let cursor = cursors.remove(&column);
            let mut cursor = self.at(field, row, cursor).map_err(|e| e.at_entry(&field.name))?;
            let before = values.len();
            cursor
                .read(&self.file, row..rows.end, &mut values)
                .map_err(|error| error.at_entry(&field.name))?;
            cursors.insert(column, cursor);
            row += (values.len() - before) as u64;
            bytes += values[before..].iter().map(text_bytes).sum::<u64>();
            self.file.limits().check_expansion("a metadata column", bytes, self.file.bytes())?;
        }
        Ok(Column { name: field.name.clone(), kind: kind(field), values })
    }

    /// A cursor at `row`: the one given if it is there already.
    fn at(&self, field: &Field, row: u64, cursor: Option<Cursor>) -> Result<Cursor> {
        let group = self.file.group_of(row);
        match (cursor, field.role) {
            (Some(Cursor::Flat { row: here, group: there, reader }), _)
                if here == row && there == group =>
            {
                Ok(Cursor::Flat { row, group, reader })
            }
            (Some(Cursor::Nested { group: there, texts }), _) if there == group => {
                Ok(Cursor::Nested { group, texts })
            }
            (_, Role::Flat(flat)) => {
                let mut reader = open_flat(&self.file, group, field.leaf, flat)?;
                let before = (row - self.file.group_start(group)) as usize;
                if before > 0 && reader.skip(before)? != before {
                    return Err(ends_early(row));
                }
                Ok(Cursor::Flat { row, group, reader })
            }
            _ => Ok(Cursor::Nested { group, texts: group_as_json(&self.file, group, field)? }),
        }
    }
}

impl Cursor {
    /// Appends at least one of the values of `rows`, at most those of the current row group.
    fn read(&mut self, file: &File, rows: Range<u64>, out: &mut Vec<Value>) -> Result<()> {
        match self {
            Cursor::Flat { row, group, reader } => {
                let end = rows.end.min(file.group_start(*group + 1));
                let wanted = usize::try_from(end - *row).unwrap_or(usize::MAX);
                let read = reader.read(wanted, out).map_err(|error| error.at_row(*row))?;
                if read == 0 {
                    return Err(ends_early(*row));
                }
                *row += read as u64;
            }
            Cursor::Nested { group, texts } => {
                let start = file.group_start(*group);
                let range = (rows.start - start) as usize
                    ..texts.len().min(usize::try_from(rows.end - start).unwrap_or(usize::MAX));
                if range.is_empty() {
                    return Err(ends_early(rows.start));
                }
                out.extend_from_slice(&texts[range]);
            }
        }
        Ok(())
    }
}

fn kind(field: &Field) -> ColumnKind {
    match field.role {
        Role::Flat(flat) => flat.kind(),
        _ => ColumnKind::Text,
    }
}

fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64,
        Value::Blob(bytes) => bytes.len() as u64,
        _ => 8,
    }
}

fn ends_early(row: u64) -> Error {
    Error::malformed("a row group ends before its last row").at_row(row)
}

/// Reads the flat values of one row group in order.
trait FlatReader: Send {
    /// Passes over `rows` rows; returns how many there were.
    fn skip(&mut self, rows: usize) -> Result<usize>;

    /// Appends up to `rows` values; returns how many.
    fn read(&mut self, rows: usize, out: &mut Vec<Value>) -> Result<usize>;
}

struct Typed<T: DataType> {
    reader: TypedReader<T>,
    flat: Flat,
    max_definition: i16,
    batch_rows: usize,
}

impl<T: DataType> FlatReader for Typed<T>
where
    T::T: Metadata,
{
    fn skip(&mut self, rows: usize) -> Result<usize> {
        self.reader.skip(rows)
    }

    fn read(&mut self, rows: usize, out: &mut Vec<Value>) -> Result<usize> {
        let rows = self.reader.read(rows.min(self.batch_rows))?;
        let mut values = self.reader.values.iter();
        let mut next = || {
            let value = values.next().ok_or_else(|| Error::malformed("a value is missing"))?;
            value.value(self.flat)
        };
        for row in 0..rows {
            let level = self.reader.definition.get(row).copied().unwrap_or(self.max_definition);
            out.push(if level < self.max_definition { Value::Null } else { next()? });
        }
        Ok(rows)
    }
}

fn open_flat(file: &File, group: usize, leaf: usize, flat: Flat) -> Result<Box<dyn FlatReader>> {
    let facts = file.check(group, leaf)?;
    let batch_rows = match facts.delta_strings {
        true => (BATCH_BYTES / facts.largest_page.max(1)).clamp(1, BATCH_ROWS as u64) as usize,
        false => BATCH_ROWS,
    };
    let column = file.column(group, leaf)?;
    let descriptor = file.schema().column(leaf);
    let max_definition = descriptor.max_def_level();
    macro_rules! typed {
        ($kind:ty) => {{
            let reader = TypedReader::<$kind>::new(column);
            Ok(Box::new(Typed { reader, flat, max_definition, batch_rows }))
        }};
    }
    match descriptor.physical_type() {
        Physical::BOOLEAN => typed!(BoolType),
        Physical::INT32 => typed!(Int32Type),
        Physical::INT64 => typed!(Int64Type),
        Physical::INT96 => typed!(Int96Type),
        Physical::FLOAT => typed!(FloatType),
        Physical::DOUBLE => typed!(DoubleType),
        Physical::BYTE_ARRAY => typed!(ByteArrayType),
        Physical::FIXED_LEN_BYTE_ARRAY => typed!(FixedLenByteArrayType),
    }
}

/// The first values of a flat column of bytes, up to `rows` of them.
pub(super) fn first_values(file: &File, leaf: usize, rows: usize) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    let group = (0..file.groups()).find(|group| file.group_rows(*group) > 0);
    if let Some(group) = group {
        open_flat(file, group, leaf, Flat::Blob)?.read(rows, &mut values)?;
    }
    Ok(values)
}
