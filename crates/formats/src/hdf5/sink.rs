//! Writing: one matrix, its metadata columns beside it in the same group, and its attributes.
//!
//! A name with slashes makes groups, so that one file can hold a group for each document. See
//! [`columns`](super::columns) for what is written that HDF5 has no type for.

use super::columns::{IDS, KIND, METRIC, NULL_MASK_FOR, NULL_MASK_SUFFIX};
use super::write::{Appender, ChunkOptions, failed};
use crate::columns::{check_kind, to_json};
use crate::{Summary, VectorSink, WriteOptions};
use anear_io::Output;
use anear_types::{
    Column, ColumnInfo, ColumnKind, Element, Error, MatrixRef, Result, Schema, Value,
};
use rust_hdf5::{DatatypeMessage, H5Dataset, H5File, H5Group, HBool, VarLenUnicode};
use std::borrow::Cow;

/// The name of the matrix when none is given.
const DEFAULT_ENTRY: &str = "embeddings";
/// References to texts in a chunk.
const TEXT_CHUNK: usize = 4096;

/// Writes an HDF5 file.
pub(super) struct Hdf5Sink {
    // Dropped in this order: the library completes its file before the file is removed.
    entry: EntryWriter,
    file: H5File,
    output: Output,
    schema: Schema,
    options: ChunkOptions,
    /// Rows of the entries that are complete.
    rows: u64,
}

impl Hdf5Sink {
    pub(super) fn create(
        output: Output,
        schema: &Schema,
        options: &WriteOptions,
    ) -> Result<Hdf5Sink> {
        let name = options.entry.as_deref().unwrap_or(DEFAULT_ENTRY);
        let options = ChunkOptions::new(options)?;
        if schema.dim == 0 {
            return Err(Error::unsupported("HDF5 has no chunks of rows without components"));
        }
        let path = EntryPath::check(name, schema)?;
        let creating = H5File::options().no_locking();
        let file = creating.create(output.temporary_path()).map_err(failed)?;
        let entry = EntryWriter::create(&file, &path, schema, schema.rows, options)?;
        Ok(Hdf5Sink { entry, file, output, schema: schema.clone(), options, rows: 0 })
    }
}

impl VectorSink for Hdf5Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        self.entry.append(vectors, metadata)
    }

    fn next_entry(&mut self, name: &str, rows: u64) -> Result<()> {
        let path = EntryPath::check(name, &self.schema)?;
        let next = EntryWriter::create(&self.file, &path, &self.schema, rows, self.options);
        let next = next.map_err(|error| error.at_entry(name))?;
        self.rows += std::mem::replace(&mut self.entry, next).finish()?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        let Hdf5Sink { entry, file, output, rows, .. } = *self;
        let rows = rows + entry.finish()?;
        file.close_no_sync().map_err(failed)?; // the output syncs
        Ok(Summary { rows, bytes: output.commit()? })
    }
}

/// A matrix being written, with the columns beside it.
struct EntryWriter {
    matrix: Appender,
    columns: Vec<ColumnWriter>,
    group: H5Group,
}

impl EntryWriter {
    fn create(
        file: &H5File,
        path: &EntryPath<'_>,
        schema: &Schema,
        expected: u64,
        options: ChunkOptions,
    ) -> Result<EntryWriter> {
        let group = path.make_groups(file)?;
        let (element, dim) = (schema.element, Some(schema.dim));
        let matrix = Appender::create(&group, path.name, element, dim, expected, options)?;
        write_attributes(matrix.dataset(), schema)?;
        let columns = schema.columns.iter().map(|info| {
            ColumnWriter::create(&group, info, expected, options)
                .map_err(|error| error.at_entry(&info.name))
        });
        let columns = columns.collect::<Result<_>>()?;
        Ok(EntryWriter { matrix, columns, group })
    }

    fn append(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        assert_eq!(metadata.len(), self.columns.len(), "a column for each of the schema");
        self.matrix.append(vectors.bytes())?;
        for (writer, column) in self.columns.iter_mut().zip(metadata) {
            assert_eq!(column.values.len(), vectors.rows(), "a value for each row");
            let appended = writer.append(&self.group, &column.values);
            appended.map_err(|error| error.at_entry(&column.name))?;
        }
        Ok(())
    }

    /// Completes the data sets; returns how many rows they have.
    fn finish(self) -> Result<u64> {
        let rows = self.matrix.rows() as u64;
        self.matrix.finish()?;
        for column in self.columns {
            column.finish()?;
        }
        Ok(rows)
    }
}

/// Where a matrix is to be: groups, and a name in the last of them.
struct EntryPath<'a> {
    groups: Vec<&'a str>,
    name: &'a str,
}

impl<'a> EntryPath<'a> {
    /// Checks that all names can stand side by side in a group.
    fn check(entry: &'a str, schema: &Schema) -> Result<EntryPath<'a>> {
        let mut groups: Vec<&str> = entry.trim_matches('/').split('/').collect();
        if groups.iter().any(|part| part.is_empty() || *part == "." || part.contains('\0')) {
            return Err(Error::usage(format!("'{entry}' is no name for a data set")));
        }
        let name = groups.pop().unwrap_or_default();
        let mut taken = std::collections::HashSet::from([name]);
        for column in &schema.columns {
            let usable = !["", "."].contains(&&*column.name) && !column.name.contains(['/', '\0']);
            if !usable || !taken.insert(&column.name) {
                return Err(Error::unsupported(format!(
                    "a column '{}' cannot be written beside the data set '{name}'",
                    column.name
                )));
            }
        }
        Ok(EntryPath { groups, name })
    }

    /// Makes the groups; returns the last.
    fn make_groups(&self, file: &H5File) -> Result<H5Group> {
        let mut group = file.root_group();
        for name in &self.groups {
            group = group.create_group(name).map_err(failed)?;
        }
        Ok(group)
    }
}

fn write_attributes(dataset: &H5Dataset, schema: &Schema) -> Result<()> {
    let ids = schema.ids.map(|ids| (IDS, schema.columns[ids].name.as_str()));
    let metric = schema.metric.map(|metric| (METRIC, metric.name()));
    for (name, value) in ids.into_iter().chain(metric) {
        write_text(dataset, name, value)?;
    }
    for (name, value) in &schema.attributes {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::unsupported("an attribute needs a name without zero bytes"));
        }
        let written = match value {
            Value::Bool(value) => number(dataset, name, HBool::from(*value)),
            Value::Int(value) => number(dataset, name, *value),
            Value::Real(value) => number(dataset, name, *value),
            Value::Text(text) => write_text(dataset, name, text),
            Value::Null => empty(dataset, name),
            Value::Blob(bytes) => opaque(dataset, name, bytes),
        };
        written.map_err(|error| error.at_entry(name))?;
    }
    Ok(())
}

fn number<T: rust_hdf5::H5Type>(dataset: &H5Dataset, name: &str, value: T) -> Result<()> {
    let attribute = dataset.new_attr::<T>().shape(()).create(name).map_err(failed)?;
    attribute.write_numeric(&value).map_err(failed)
}

fn write_text(dataset: &H5Dataset, name: &str, text: &str) -> Result<()> {
    let attribute = dataset.new_attr::<VarLenUnicode>().shape(()).create(name).map_err(failed)?;
    attribute.write_string(text).map_err(failed)
}

/// Null is an array of no values, bytes an opaque value without a tag, as h5py has them.
fn empty(dataset: &H5Dataset, name: &str) -> Result<()> {
    let attribute = dataset.new_attr::<i64>().shape([0]).create(name).map_err(failed)?;
    attribute.write_array::<i64>(&[]).map_err(failed)
}

fn opaque(dataset: &H5Dataset, name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Err(Error::unsupported("an attribute of no bytes cannot be written"));
    }
    let datatype = DatatypeMessage::Opaque { size: bytes.len() as u32, tag: String::new() };
    dataset.set_attr_typed(name, datatype, bytes.to_vec()).map_err(failed)
}

/// A metadata column being written.
struct ColumnWriter {
    name: String,
    kind: ColumnKind,
    values: Values,
    rows: usize,
    /// Made when the first null comes.
    nulls: Option<Appender>,
    expected: u64,
    options: ChunkOptions,
}

enum Values {
    Numbers(Appender),
    /// The library knows the data set of texts by name.
    Texts,
}

impl ColumnWriter {
    fn create(
        group: &H5Group,
        info: &ColumnInfo,
        expected: u64,
        options: ChunkOptions,
    ) -> Result<ColumnWriter> {
        let element = match info.kind {
            ColumnKind::Bool => Some(Element::Bool),
            ColumnKind::Int => Some(Element::I64),
            ColumnKind::Real => Some(Element::F64),
            ColumnKind::Text | ColumnKind::Blob | ColumnKind::Mixed => None,
        };
        let values = match element {
            Some(element) => Values::Numbers(Appender::create(
                group, &info.name, element, None, expected, options,
            )?),
            None => {
                let chunk = usize::try_from(expected).unwrap_or(0).clamp(1, TEXT_CHUNK);
                let chunk = if expected == 0 { TEXT_CHUNK } else { chunk };
                let made = group.create_appendable_vlen_dataset(&info.name, chunk, None);
                let dataset = made.map_err(failed)?;
                if info.kind != ColumnKind::Text {
                    write_text(&dataset, KIND, info.kind.name())?;
                }
                Values::Texts
            }
        };
        Ok(ColumnWriter {
            name: info.name.clone(),
            kind: info.kind,
            values,
            rows: 0,
            nulls: None,
            expected,
            options,
        })
    }

    fn append(&mut self, group: &H5Group, values: &[Value]) -> Result<()> {
        self.mark_nulls(group, values)?;
        self.rows += values.len();
        let kind = self.kind;
        for value in values {
            check_kind(&self.name, kind, value)?;
        }
        match &mut self.values {
            Values::Numbers(numbers) => {
                let mut bytes = Vec::new();
                values.iter().for_each(|value| append_number(value, kind, &mut bytes));
                numbers.append(&bytes)
            }
            Values::Texts => {
                let texts: Vec<Cow<'_, str>> =
                    values.iter().map(|value| as_text(value, kind)).collect();
                let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
                group.append_vlen_strings(&self.name, &texts).map_err(failed)
            }
        }
    }

    /// Keeps the data set that marks nulls up to date, once there is a null.
    fn mark_nulls(&mut self, group: &H5Group, values: &[Value]) -> Result<()> {
        let is_null = |value: &Value| u8::from(*value == Value::Null);
        let any = values.iter().any(|value| is_null(value) == 1);
        if matches!(self.kind, ColumnKind::Blob | ColumnKind::Mixed) || !any {
            return Ok(()); // JSON spells nulls out
        }
        if self.nulls.is_none() {
            let name = format!("{}{NULL_MASK_SUFFIX}", self.name);
            let mask =
                Appender::create(group, &name, Element::Bool, None, self.expected, self.options)?;
            write_text(mask.dataset(), NULL_MASK_FOR, &self.name)?;
            self.nulls = Some(mask);
        }
        let Some(mask) = &mut self.nulls else { return Ok(()) };
        mask.append_zeros(self.rows - mask.rows())?;
        mask.append(&values.iter().map(is_null).collect::<Vec<u8>>())
    }

    fn finish(self) -> Result<()> {
        if let Some(mut mask) = self.nulls {
            mask.append_zeros(self.rows - mask.rows())?;
            mask.finish()?;
        }
        match self.values {
            Values::Numbers(numbers) => numbers.finish(),
            Values::Texts => Ok(()),
        }
    }
}

/// Appends a number as stored; null is zero.
fn append_number(value: &Value, kind: ColumnKind, bytes: &mut Vec<u8>) {
    match (value, kind) {
        (Value::Bool(value), _) => bytes.push(u8::from(*value)),
        (Value::Int(number), ColumnKind::Real) => bytes.extend((*number as f64).to_ne_bytes()),
        (Value::Int(number), _) => bytes.extend(number.to_ne_bytes()),
        (Value::Real(real), _) => bytes.extend(real.to_ne_bytes()),
        (_, ColumnKind::Bool) => bytes.push(0),
        _ => bytes.extend([0; 8]),
    }
}

/// The text of a value in a column of text, or of JSON; null is empty text.
fn as_text(value: &Value, kind: ColumnKind) -> Cow<'_, str> {
    match (value, kind) {
        (Value::Text(text), ColumnKind::Text) => Cow::Borrowed(text),
        (_, ColumnKind::Text) => Cow::Borrowed(""),
        _ => Cow::Owned(to_json(value).to_string()),
    }
}
