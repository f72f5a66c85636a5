//! Writing JSON lines.

use super::dialect::OWN_FIELD;
use crate::columns::{check_kind, to_json};
use crate::text::{write_component, write_real};
use crate::{Summary, VectorSink, WriteOptions};
use anear_io::Output;
use anear_types::{Column, ColumnKind, Error, MatrixRef, Result, Schema, Value};
use serde_json::{Map, Value as Json, json};
use std::io::{BufWriter, Write};

/// A file being written.
pub(super) struct Sink {
    output: BufWriter<Output>,
    /// The name of the vector as JSON.
    vector: String,
    /// The names of the columns as JSON, and their kinds.
    columns: Vec<(String, ColumnKind)>,
    /// The field for the first record, as JSON.
    own: Option<String>,
    rows: u64,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        let vector = options.entry.as_deref().unwrap_or("embedding");
        if [vector, OWN_FIELD].iter().any(|name| schema.column(name).is_some()) {
            return Err(Error::unsupported(format!(
                "a metadata column may not be called '{vector}' or '{OWN_FIELD}' in JSON lines"
            )));
        }
        let columns = schema.columns.iter();
        Ok(Sink {
            output: BufWriter::with_capacity(1 << 16, output),
            vector: json!(vector).to_string(),
            columns: columns.map(|info| (json!(info.name).to_string(), info.kind)).collect(),
            own: own_field(schema),
            rows: 0,
        })
    }

    fn write_row(&mut self, vectors: MatrixRef<'_>, row: usize, metadata: &[Column]) -> Result<()> {
        let mut line = b"{".to_vec();
        for ((name, kind), column) in self.columns.iter().zip(metadata) {
            let value = &column.values[row];
            check_kind(&column.name, *kind, value)?;
            line.extend_from_slice(name.as_bytes());
            line.push(b':');
            match value {
                Value::Int(number) if *kind == ColumnKind::Real => {
                    write_real(*number as f64, &mut line);
                }
                Value::Real(number) if number.is_finite() => write_real(*number, &mut line),
                value => line.extend_from_slice(to_json(value).to_string().as_bytes()),
            }
            line.push(b',');
        }
        if let Some(own) = self.own.take() {
            line.extend_from_slice(format!("\"{OWN_FIELD}\":{own},").as_bytes());
        }
        if vectors.dim() == 0 {
            line.pop(); // a table of metadata: the comma, nothing follows
            line.extend_from_slice(if line.is_empty() { b"{}\n" } else { b"}\n" });
            return self.write(&line);
        }
        line.extend_from_slice(self.vector.as_bytes());
        line.extend_from_slice(b":[");
        let components = vectors.row(row).chunks_exact(vectors.element().bytes());
        for (position, component) in components.enumerate() {
            if position > 0 {
                line.push(b',');
            }
            write_component(vectors.element(), component, &mut line)?;
        }
        line.extend_from_slice(b"]}\n");
        self.write(&line)
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        self.output.write_all(line).map_err(|source| self.output.get_ref().failed(source))
    }
}

/// What has no other place; `None` if there is nothing.
fn own_field(schema: &Schema) -> Option<String> {
    let mut own = Map::new();
    if !schema.attributes.is_empty() {
        let attributes = schema.attributes.iter();
        let attributes = attributes.map(|(name, value)| (name.clone(), to_json(value)));
        own.insert("attributes".to_owned(), Json::Object(attributes.collect()));
    }
    if let Some(metric) = schema.metric {
        own.insert("metric".to_owned(), json!(metric.name()));
    }
    let ids = schema.ids.map(|ids| schema.columns[ids].name.as_str());
    if let Some(ids) = ids.filter(|ids| !matches!(*ids, "id" | "ids")) {
        own.insert("ids".to_owned(), json!(ids));
    }
    (!own.is_empty()).then(|| Json::Object(own).to_string())
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        for row in 0..vectors.rows() {
            self.write_row(vectors, row, metadata).map_err(|error| error.at_row(self.rows))?;
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        if self.rows == 0 {
            return Err(Error::unsupported("JSON lines cannot express a file of zero rows")
                .at_path(self.output.get_ref().path()));
        }
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows: self.rows, bytes: output.commit()? })
    }
}
