//! Writing CSV.

use crate::columns::{check_kind, hex};
use crate::text::{write_component, write_real};
use crate::{Summary, VectorSink, WriteOptions};
use anear_io::Output;
use anear_types::{Column, ColumnKind, Error, MatrixRef, Result, Schema, Value};
use std::io::{BufWriter, Write};

/// A file being written.
pub(super) struct Sink {
    output: BufWriter<Output>,
    delimiter: u8,
    kinds: Vec<ColumnKind>,
    rows: u64,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema, options: &WriteOptions) -> Result<Sink> {
        let vector = options.entry.as_deref().unwrap_or("embedding");
        if schema.column(vector).is_some() {
            return Err(Error::unsupported(format!(
                "two columns of a CSV file cannot both be called '{vector}'"
            )));
        }
        let tabs = output.path().extension().is_some_and(|suffix| suffix == "tsv");
        let mut sink = Sink {
            output: BufWriter::with_capacity(1 << 16, output),
            delimiter: if tabs { b'\t' } else { b',' },
            kinds: schema.columns.iter().map(|info| info.kind).collect(),
            rows: 0,
        };
        let mut line = Vec::new();
        for info in &schema.columns {
            quote(&info.name, &mut line);
            line.push(sink.delimiter);
        }
        quote(vector, &mut line);
        line.push(b'\n');
        sink.write_all(&line)?;
        Ok(sink)
    }

    fn write_all(&mut self, line: &[u8]) -> Result<()> {
        self.output.write_all(line).map_err(|source| self.output.get_ref().failed(source))
    }

    fn write_row(&mut self, vectors: MatrixRef<'_>, row: usize, metadata: &[Column]) -> Result<()> {
        let mut line = Vec::new();
        for (kind, column) in self.kinds.iter().zip(metadata) {
            let value = &column.values[row];
            check_kind(&column.name, *kind, value)?;
            match value {
                Value::Null => {}
                Value::Text(text) => quote(text, &mut line),
                Value::Int(number) if *kind == ColumnKind::Real => {
                    write_real(*number as f64, &mut line);
                }
                Value::Real(number) if number.is_finite() => write_real(*number, &mut line),
                Value::Blob(bytes) => {
                    line.extend_from_slice(format!("\\x{}", hex(bytes)).as_bytes());
                }
                value => line.extend_from_slice(value.to_string().as_bytes()),
            }
            line.push(self.delimiter);
        }
        line.extend_from_slice(b"\"[");
        let components = vectors.row(row).chunks_exact(vectors.element().bytes());
        for (position, component) in components.enumerate() {
            if position > 0 {
                line.push(b',');
            }
            write_component(vectors.element(), component, &mut line)?;
        }
        line.extend_from_slice(b"]\"\n");
        self.write_all(&line)
    }
}

fn quote(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
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
            return Err(Error::unsupported("a CSV file cannot express vectors without rows")
                .at_path(self.output.get_ref().path()));
        }
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows: self.rows, bytes: output.commit()? })
    }
}
