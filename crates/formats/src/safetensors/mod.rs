//! safetensors: named tensors behind a JSON header, as models are shared.
//!
//! Every tensor of numbers is an entry, used where it lies in the mapped file. A list as long as a
//! matrix has rows is also a metadata column of it, and the texts of `__metadata__` are
//! attributes. A file written here keeps what tensors cannot hold in `__metadata__` too, whose
//! values must be texts:
//!
//! | key | holds |
//! | --- | --- |
//! | `anear.entry` | the name of the tensor that the following belongs to |
//! | `anear.columns` | JSON list of `[name, kind]`: all metadata columns in order |
//! | `anear.column.NAME` | JSON list: the values of a column that is no tensor (text, bytes, anything with nulls) |
//! | `anear.attributes` | JSON object: the attributes that are no texts |
//! | `anear.ids`, `anear.metric` | the name of the id column and the metric |

mod header;
mod metadata;
mod sink;

use crate::shape::array_schema;
use crate::{
    ArraySource, Container, Entry, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, Skipped,
    VectorSink, VectorSource, WriteOptions,
};
use anear_io::{ByteOrder, Input, Output};
use anear_types::{Column, Element, Error, Result, Schema};
use header::{Header, Tensor};
use metadata::Metadata;
use std::ops::Range;

/// The format.
#[derive(Debug)]
pub(crate) struct Safetensors;

static INFO: FormatInfo = FormatInfo {
    name: "safetensors",
    extensions: &["safetensors"],
    about: "safetensors: named tensors, mapped without a copy",
    writes: &Element::ALL,
    keeps: Keeps::Metadata,
};

impl Format for Safetensors {
    fn info(&self) -> &'static FormatInfo {
        &INFO
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        let length = head.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let fits = length.is_some_and(|length| length <= hint.file_bytes.saturating_sub(8));
        if fits && head[8..].starts_with(b"{\"") {
            Score::Certain
        } else if hint.extension == "safetensors" {
            Score::Suffix
        } else {
            Score::No
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let Header { tensors, metadata, data_offset: _ } =
            header::parse(input.bytes(), &options.limits)?;
        Ok(Box::new(SafetensorsFile::new(input, tensors, metadata, options)?))
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

struct SafetensorsFile {
    input: Input,
    tensors: Vec<Tensor>,
    /// For each entry, its tensor.
    matrices: Vec<usize>,
    entries: Vec<Entry>,
    metadata: Metadata,
    skipped: Vec<Skipped>,
}

impl SafetensorsFile {
    fn new(
        input: Input,
        tensors: Vec<Tensor>,
        texts: serde_json::Map<String, serde_json::Value>,
        options: &ReadOptions,
    ) -> Result<SafetensorsFile> {
        let mut schemas = Vec::new();
        let mut skipped = Vec::new();
        let mut matrices = Vec::new();
        for (position, tensor) in tensors.iter().enumerate() {
            if let Some(element) = tensor.element {
                let schema = array_schema(element, &tensor.shape, &options.limits, input.len())
                    .map_err(|error| error.at_entry(&tensor.name))?;
                schemas.push(schema);
                matrices.push(position);
            } else {
                let reason = format!("its type {} is not one anear reads", tensor.dtype);
                skipped.push(Skipped { name: tensor.name.clone(), reason });
            }
        }
        if schemas.is_empty() {
            return Err(match skipped.first() {
                Some(Skipped { name, reason }) => Error::unsupported(reason).at_entry(name),
                None => Error::unsupported("the file holds no tensors"),
            });
        }
        let metadata = Metadata::find(texts, &tensors, &matrices, &mut schemas, options)?;
        let entry = |(position, schema): (&usize, Schema)| Entry {
            name: tensors[*position].name.clone(),
            schema,
        };
        let entries = matrices.iter().zip(schemas).map(entry).collect();
        Ok(SafetensorsFile { input, tensors, matrices, entries, metadata, skipped })
    }
}

impl Container for SafetensorsFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let tensor = &self.tensors[self.matrices[entry]];
        let bytes = &self.input.bytes()[tensor.start..tensor.end];
        let mut schema = self.entries[entry].schema.clone();
        schema.shape.clone_from(&tensor.shape);
        Ok(Box::new(ArraySource::contiguous(bytes, schema, ByteOrder::Little)?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let schema = &self.entries[entry].schema;
        let read = |column: &usize| {
            let info = &schema.columns[*column];
            self.metadata.read(&self.input, &self.tensors, schema.rows, info, rows.clone())
        };
        columns.iter().map(read).collect()
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

#[cfg(test)]
mod tests;
