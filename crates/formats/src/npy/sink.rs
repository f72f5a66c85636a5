//! Writing a new `.npy` file row by row: the header is completed when the rows are counted.

use super::header;
use crate::{Summary, VectorSink};
use anear_io::Output;
use anear_types::{Column, MatrixRef, Result, Schema};
use std::io::{BufWriter, Seek, SeekFrom, Write};

/// A file being written.
pub(super) struct Sink {
    output: BufWriter<Output>,
    schema: Schema,
    /// The header as first written, as long as the final one.
    header: Vec<u8>,
    rows: u64,
}

impl Sink {
    pub(super) fn new(output: Output, schema: &Schema) -> Result<Sink> {
        let matrix = header::write(schema.element, &[0, schema.dim as u64])?;
        let array = header::write(schema.element, &schema.shape)?;
        let header = if array.len() > matrix.len() { array } else { matrix };
        let mut output = BufWriter::new(output);
        output.write_all(&header).map_err(|source| output.get_ref().failed(source))?;
        Ok(Sink { output, schema: schema.clone(), header, rows: 0 })
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.output.write_all(bytes);
        written.map_err(|source| self.output.get_ref().failed(source))
    }

    /// The shape the schema came with if it has as many rows as were written, else a matrix.
    fn shape(&self) -> Vec<u64> {
        let dim = self.schema.dim as u64;
        let stored = Schema::array(self.schema.element, self.schema.shape.clone());
        match stored {
            Some(stored) if stored.rows == self.rows && stored.dim == self.schema.dim => {
                stored.shape
            }
            _ => vec![self.rows, dim],
        }
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, _: &[Column]) -> Result<()> {
        self.write_all(vectors.bytes())?;
        self.rows += vectors.rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let header = header::write_in_place(self.schema.element, &self.shape(), &self.header)?
            .expect("room was kept for the longer of two shapes");
        self.output
            .seek(SeekFrom::Start(0))
            .map_err(|source| self.output.get_ref().failed(source))?;
        self.write_all(&header)?;
        let rows = self.rows;
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows, bytes: output.commit()? })
    }
}
