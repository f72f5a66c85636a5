//! Writing a table: metadata columns and a fixed-size list, in row groups of bounded size.
//!
//! A row group is written column by column, so its rows are gathered in memory first. Vectors are
//! stored plain: floats neither repeat nor compress, and a reader can copy them. Integers of 8 and
//! 16 bits would take four bytes each that way; delta encoding packs them.

use super::arrow_schema::arrow_schema;
use super::file::from_parquet;
use super::notes::{pairs, to_json};
use crate::{Compression, Summary, VectorSink, WriteOptions};
use anear_io::{ByteOrder, Output, swap_bytes};
use anear_types::{
    Column, ColumnInfo, ColumnKind, Element, Error, MatrixRef, Result, Schema, Value,
};
use bytes::Bytes;
use parquet::basic::{
    Compression as Codec, Encoding, GzipLevel, LogicalType, Repetition, Type as Physical, ZstdLevel,
};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use std::io::BufWriter;
use std::sync::Arc;

/// About how many bytes of vectors, or of metadata, a row group holds.
const GROUP_BYTES: usize = 64 << 20;
/// Components handed to the encoder at a time.
const BATCH_VALUES: usize = 1 << 16;

/// A Parquet file being written.
pub(super) struct Writer {
    file: SerializedFileWriter<BufWriter<Output>>,
    schema: Schema,
    rows: u64,
    group: Group,
}

/// The rows of the row group being gathered.
#[derive(Default)]
struct Group {
    rows: usize,
    vectors: Vec<u8>,
    columns: Vec<Vec<Value>>,
    metadata_bytes: usize,
}

impl Writer {
    /// Begins a file.
    pub(super) fn create(
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Writer> {
        let name = options.entry.as_deref().unwrap_or("embedding");
        check_names(name, &schema.columns)?;
        let dim = i32::try_from(schema.dim)
            .map_err(|_| Error::unsupported(format!("vectors of dimension {}", schema.dim)))?;
        let path = output.path().to_owned();
        let table = table(name, schema).map_err(|error| from_parquet(&error))?;
        let properties = properties(name, schema, dim, options.compression)?;
        let file = SerializedFileWriter::new(
            BufWriter::with_capacity(1 << 20, output),
            table,
            Arc::new(properties),
        )
        .map_err(|error| writing(error).at_path(path))?;
        let group = Group { columns: vec![Vec::new(); schema.columns.len()], ..Group::default() };
        Ok(Writer { file, schema: schema.clone(), rows: 0, group })
    }

    fn flush(&mut self) -> Result<()> {
        if self.group.rows == 0 {
            return Ok(());
        }
        let mut writer = self.file.next_row_group().map_err(writing)?;
        for (column, values) in self.schema.columns.iter().zip(&mut self.group.columns) {
            let next = writer.next_column().map_err(writing)?;
            write_column(next.expect("the table has this column"), column, values)?;
            values.clear();
        }
        let next = writer.next_column().map_err(writing)?;
        let next = next.expect("the vectors are the last column");
        write_vectors(next, self.schema.element, self.schema.dim, &self.group)?;
        writer.close().map_err(writing)?;
        self.group.vectors.clear();
        (self.group.rows, self.group.metadata_bytes) = (0, 0);
        Ok(())
    }
}

impl VectorSink for Writer {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        assert_eq!((vectors.element(), vectors.dim()), (self.schema.element, self.schema.dim));
        assert_eq!(metadata.len(), self.schema.columns.len(), "one column for each of the schema");
        let row_bytes = vectors.row_bytes().max(1);
        let step = (GROUP_BYTES / 8 / row_bytes).clamp(1, 1 << 16);
        for start in (0..vectors.rows()).step_by(step) {
            let end = vectors.rows().min(start + step);
            self.group.vectors.extend_from_slice(vectors.range(start, end).bytes());
            for (column, values) in metadata.iter().zip(&mut self.group.columns) {
                let rows = &column.values[start..end];
                self.group.metadata_bytes += rows.iter().map(value_bytes).sum::<usize>();
                values.extend_from_slice(rows);
            }
            self.group.rows += end - start;
            self.rows += (end - start) as u64;
            if self.group.vectors.len().max(self.group.metadata_bytes) >= GROUP_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.flush()?;
        let rows = self.rows;
        let buffer = self.file.into_inner().map_err(writing)?;
        let output = buffer.into_inner().map_err(|error| {
            let (error, buffer) = error.into_parts();
            buffer.get_ref().failed(error)
        })?;
        Ok(Summary { rows, bytes: output.commit()? })
    }
}

fn writing(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => Error::io("cannot write", *source),
            Err(other) => Error::unsupported(format!("cannot write: {other}")),
        },
        other => Error::unsupported(format!("cannot write: {other}")),
    }
}

fn check_names(vectors: &str, columns: &[ColumnInfo]) -> Result<()> {
    let mut seen = std::collections::HashSet::from([vectors]);
    for column in columns {
        if !seen.insert(&column.name) {
            return Err(Error::usage(format!(
                "a Parquet file cannot have two columns named \"{}\"",
                column.name
            ))
            .help("give the vectors another name with --entry"));
        }
    }
    Ok(())
}

fn value_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        }
}

fn table(name: &str, schema: &Schema) -> Result<TypePtr, ParquetError> {
    let mut fields = Vec::new();
    for column in &schema.columns {
        let (physical, logical) = match column.kind {
            ColumnKind::Bool => (Physical::BOOLEAN, None),
            ColumnKind::Int => (Physical::INT64, None),
            ColumnKind::Real => (Physical::DOUBLE, None),
            ColumnKind::Blob => (Physical::BYTE_ARRAY, None),
            ColumnKind::Text | ColumnKind::Mixed => {
                (Physical::BYTE_ARRAY, Some(LogicalType::String))
            }
        };
        fields.push(Arc::new(
            Type::primitive_type_builder(&column.name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical)
                .build()?,
        ));
    }
    let (physical, logical) = component_type(schema.element)?;
    let element = Type::primitive_type_builder("element", physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .with_length(if physical == Physical::FIXED_LEN_BYTE_ARRAY { 2 } else { -1 })
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    let vectors = Type::group_type_builder(name)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()?;
    fields.push(Arc::new(vectors));
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

fn component_type(element: Element) -> Result<(Physical, Option<LogicalType>), ParquetError> {
    let integer = |bits, is_signed| Some(LogicalType::integer(bits, is_signed));
    Ok(match element {
        Element::Bool => (Physical::BOOLEAN, None),
        Element::I8 => (Physical::INT32, integer(8, true)),
        Element::U8 => (Physical::INT32, integer(8, false)),
        Element::I16 => (Physical::INT32, integer(16, true)),
        Element::U16 => (Physical::INT32, integer(16, false)),
        Element::I32 => (Physical::INT32, None),
        Element::U32 => (Physical::INT32, integer(32, false)),
        Element::I64 => (Physical::INT64, None),
        Element::U64 => (Physical::INT64, integer(64, false)),
        Element::F16 => (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)),
        Element::F32 => (Physical::FLOAT, None),
        Element::F64 => (Physical::DOUBLE, None),
        Element::Bf16 | Element::F8E4M3 | Element::F8E5M2 => {
            return Err(ParquetError::NYI(format!("Parquet has no type {element}")));
        }
    })
}

fn properties(
    name: &str,
    schema: &Schema,
    dim: i32,
    compression: Compression,
) -> Result<WriterProperties> {
    let level = |error| from_parquet(&error);
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Gzip(gzip) => Codec::GZIP(GzipLevel::try_new(gzip.into()).map_err(level)?),
        Compression::Zstd(zstd) => Codec::ZSTD(ZstdLevel::try_new(zstd.into()).map_err(level)?),
    };
    let mixed = schema.columns.iter().filter(|column| column.kind == ColumnKind::Mixed);
    let mixed: Vec<&str> = mixed.map(|column| column.name.as_str()).collect();
    let mut notes = pairs(schema, &mixed);
    let arrow = arrow_schema(&schema.columns, name, schema.element, dim, &notes);
    notes.push(KeyValue::new("ARROW:schema".to_owned(), arrow));
    let vectors = ColumnPath::new(vec![name.into(), "list".into(), "element".into()]);
    let encoding = match schema.element {
        Element::I8 | Element::U8 | Element::I16 | Element::U16 => Encoding::DELTA_BINARY_PACKED,
        _ => Encoding::PLAIN,
    };
    Ok(WriterProperties::builder()
        .set_created_by(concat!("anear version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(codec)
        .set_key_value_metadata(Some(notes))
        .set_column_dictionary_enabled(vectors.clone(), false)
        .set_column_encoding(vectors.clone(), encoding)
        .set_column_statistics_enabled(vectors, EnabledStatistics::None)
        .build())
}

fn write_vectors(
    mut writer: SerializedColumnWriter<'_>,
    element: Element,
    dim: usize,
    group: &Group,
) -> Result<()> {
    let bytes = &group.vectors;
    macro_rules! numbers {
        ($kind:ty, $number:ty, $stored:ty) => {
            write_lists::<$kind>(
                &mut writer,
                bytes,
                size_of::<$number>(),
                dim,
                group.rows,
                |bytes| {
                    let numbers = bytes.as_chunks().0.iter();
                    numbers.map(|bytes| <$number>::from_ne_bytes(*bytes) as $stored).collect()
                },
            )
        };
    }
    match element {
        Element::Bool => write_lists::<BoolType>(&mut writer, bytes, 1, dim, group.rows, |bytes| {
            bytes.iter().map(|byte| *byte != 0).collect()
        }),
        Element::F16 => {
            write_lists::<FixedLenByteArrayType>(&mut writer, bytes, 2, dim, group.rows, halves)
        }
        Element::I8 => numbers!(Int32Type, i8, i32),
        Element::U8 => numbers!(Int32Type, u8, i32),
        Element::I16 => numbers!(Int32Type, i16, i32),
        Element::U16 => numbers!(Int32Type, u16, i32),
        Element::I32 | Element::U32 => numbers!(Int32Type, i32, i32),
        Element::I64 | Element::U64 => numbers!(Int64Type, i64, i64),
        Element::F32 => numbers!(FloatType, f32, f32),
        _ => numbers!(DoubleType, f64, f64),
    }?;
    writer.close().map_err(writing)
}

fn halves(bytes: &[u8]) -> Vec<parquet::data_type::FixedLenByteArray> {
    let mut bytes = bytes.to_vec();
    if ByteOrder::NATIVE != ByteOrder::Little {
        swap_bytes(&mut bytes, 2);
    }
    let shared = Bytes::from(bytes);
    let starts = (0..shared.len()).step_by(2);
    starts.map(|start| ByteArray::from(shared.slice(start..start + 2)).into()).collect()
}

/// Writes rows of `dim` components with their levels, a batch of whole rows at a time.
fn write_lists<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    bytes: &[u8],
    size: usize,
    dim: usize,
    rows: usize,
    convert: impl Fn(&[u8]) -> Vec<T::T>,
) -> Result<()> {
    let writer = writer.typed::<T>();
    let batch = (BATCH_VALUES / dim.max(1)).max(1);
    // A row without components is one level that says so.
    let mut repetition = vec![1; batch * dim.max(1)];
    repetition.iter_mut().step_by(dim.max(1)).for_each(|level| *level = 0);
    let definition = vec![i16::from(dim > 0); repetition.len()];
    for start in (0..rows).step_by(batch) {
        let count = batch.min(rows - start);
        let values = convert(&bytes[start * dim * size..(start + count) * dim * size]);
        let levels = count * dim.max(1);
        writer
            .write_batch(&values, Some(&definition[..levels]), Some(&repetition[..levels]))
            .map_err(writing)?;
    }
    Ok(())
}

fn write_column(
    mut writer: SerializedColumnWriter<'_>,
    column: &ColumnInfo,
    values: &[Value],
) -> Result<()> {
    let definition: Vec<i16> =
        values.iter().map(|value| i16::from(*value != Value::Null)).collect();
    let rest = values.iter().filter(|value| **value != Value::Null);
    macro_rules! typed {
        ($kind:ty, $($pattern:pat => $stored:expr),+) => {{
            let stored: Result<Vec<_>> = rest
                .map(|value| match value {
                    $($pattern => Ok($stored),)+
                    #[allow(unreachable_patterns)] // a mixed column takes all
                    other => Err(mismatch(column, other)),
                })
                .collect();
            writer.typed::<$kind>().write_batch(&stored?, Some(&definition), None)
        }};
    }
    match column.kind {
        ColumnKind::Bool => typed!(BoolType, Value::Bool(value) => *value),
        ColumnKind::Int => typed!(Int64Type, Value::Int(value) => *value),
        ColumnKind::Real => {
            typed!(DoubleType, Value::Real(value) => *value, Value::Int(value) => *value as f64)
        }
        ColumnKind::Text => {
            typed!(ByteArrayType, Value::Text(value) => ByteArray::from(value.as_bytes()))
        }
        ColumnKind::Blob => {
            typed!(ByteArrayType, Value::Blob(value) => ByteArray::from(&value[..]))
        }
        ColumnKind::Mixed => {
            typed!(ByteArrayType, value => ByteArray::from(to_json(value).to_string().into_bytes()))
        }
    }
    .map_err(writing)?;
    writer.close().map_err(writing)
}

fn mismatch(column: &ColumnInfo, value: &Value) -> Error {
    let found = value.kind().map_or("null", ColumnKind::name);
    Error::bad_data(format!(
        "metadata column \"{}\" holds {}, one of its values is {found}",
        column.name,
        column.kind.name()
    ))
}
