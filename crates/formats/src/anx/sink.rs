//! Writing rows as an index of kind `flat`, which holds them as they are.

use super::{ColumnWriter, Table};
use crate::spool::ColumnSpool;
use crate::{Summary, VectorSink};
use anear_io::{About, ByteOrder, Output, SegmentWriter, swap_bytes};
use anear_types::{Column, Error, MatrixRef, Result, Schema};

pub(super) struct Sink {
    writer: SegmentWriter,
    about: About,
    table: Table,
    columns: Vec<ColumnSpool>,
}

impl Sink {
    pub(super) fn create(output: Output, schema: &Schema) -> Result<Sink> {
        if schema.dim == 0 {
            return Err(Error::unsupported(
                "an index is for rows with components, these have none",
            ));
        }
        let mut writer = SegmentWriter::create(output)?;
        About::begin_rows(&mut writer)?;
        Ok(Sink {
            writer,
            about: About {
                kind: "flat".to_owned(),
                metric: schema.metric.unwrap_or_default(),
                element: schema.element,
                rows: 0,
                dim: schema.dim,
            },
            table: Table {
                columns: schema.columns.clone(),
                ids: schema.ids,
                attributes: schema.attributes.clone(),
            },
            columns: schema.columns.iter().map(ColumnSpool::new).collect(),
        })
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        let checked = self.about.metric.check_rows(vectors);
        checked.map_err(|error| {
            let row = self.about.rows + error.row().unwrap_or(0);
            error.move_to_row(row)
        })?;
        if ByteOrder::NATIVE == ByteOrder::Little {
            self.writer.write(vectors.bytes())?;
        } else {
            let mut bytes = vectors.bytes().to_vec();
            swap_bytes(&mut bytes, vectors.element().bytes());
            self.writer.write(&bytes)?;
        }
        self.about.rows += vectors.rows() as u64;
        self.columns.iter_mut().zip(metadata).try_for_each(|(spool, column)| spool.append(column))
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.about.write(&mut self.writer)?;
        self.table.write(&mut self.writer)?;
        for (position, spool) in self.columns.iter_mut().enumerate() {
            let info = spool.info.clone();
            let mut column = ColumnWriter::begin(&mut self.writer, position, &info)?;
            spool.for_each(|value| column.push(&value))?;
            column.finish()?;
        }
        Ok(Summary { rows: self.about.rows, bytes: self.writer.finish()? })
    }
}
