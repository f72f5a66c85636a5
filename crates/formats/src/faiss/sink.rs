//! Writing rows as a flat index, with integer ids as an id map over one: the bytes FAISS writes.

use super::header::Header;
use super::kinds::{flat_letters, layout};
use super::metric;
use crate::spool::ColumnSpool;
use crate::{Summary, VectorSink};
use anear_io::{ByteOrder, Output, swap_bytes};
use anear_types::{Column, ColumnKind, Error, MatrixRef, Measure, Metric, Result, Schema, Value};
use std::io::{BufWriter, Seek, SeekFrom, Write};

/// How far the squared length of a row that was made to be of length 1 may be from it: as far as
/// rounding to 16 bits brings it.
const UNIT_TOLERANCE: f64 = 1e-3;

pub(super) struct Sink {
    output: BufWriter<Output>,
    measure: Measure,
    /// Whether rows must be of length 1, so that inner products order them as cosines would.
    unit_rows: bool,
    dim: usize,
    ids: Option<ColumnSpool>,
    rows: u64,
}

impl Sink {
    pub(super) fn create(output: Output, schema: &Schema) -> Result<Sink> {
        if schema.dim == 0 || i32::try_from(schema.dim).is_err() {
            let what = format!("FAISS has no index of dimension {}", schema.dim);
            return Err(Error::unsupported(what));
        }
        let (measure, unit_rows) = measure_for(schema.metric)?;
        let ids = schema.ids.map(|ids| &schema.columns[ids]);
        let ids = ids.filter(|ids| ids.kind == ColumnKind::Int).map(ColumnSpool::new);
        let (output, dim) = (BufWriter::with_capacity(1 << 16, output), schema.dim);
        let mut sink = Sink { output, measure, unit_rows, dim, ids, rows: 0 };
        let head = sink.head();
        sink.write(&vec![0; head.len()])?; // the number of rows is known at the end
        Ok(sink)
    }

    /// What stands before the vectors.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        let header = |fourcc: &[u8; 4]| Header {
            fourcc: *fourcc,
            layout: layout(fourcc).expect("a known kind"),
            dim: self.dim,
            rows: self.rows,
            trained: true,
            measure: (self.measure, 0.0),
        };
        if self.ids.is_some() {
            header(b"IxMp").write(&mut head);
        }
        header(flat_letters(self.measure)).write(&mut head);
        let floats = self.rows.saturating_mul(self.dim as u64);
        head.extend_from_slice(&floats.to_le_bytes());
        head
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(|source| self.output.get_ref().failed(source))
    }

    fn check_unit(&self, vectors: MatrixRef<'_>) -> Result<()> {
        for row in 0..vectors.rows() {
            let floats = vectors.row(row).as_chunks::<4>().0;
            let square = |float: &[u8; 4]| f64::from(f32::from_ne_bytes(*float)).powi(2);
            let squares: f64 = floats.iter().map(square).sum();
            if (squares - 1.0).abs() > UNIT_TOLERANCE || squares.is_nan() {
                let length = squares.sqrt();
                let what = format!(
                    "FAISS has no cosine, only inner products of rows of length 1, and this row is {length} long"
                );
                return Err(Error::bad_data(what).at_row(self.rows + row as u64).help(
                    "normalise the rows, or name the metric l2 or ip to write them as they are",
                ));
            }
        }
        Ok(())
    }
}

/// The measure to write, and whether rows must be of length 1 for it to stand for `metric`.
fn measure_for(metric: Option<Metric>) -> Result<(Measure, bool)> {
    match metric {
        None => Ok((Measure::L2, false)),
        Some(Metric::Cosine | Metric::Angular) => Ok((Measure::InnerProduct, true)),
        Some(metric) => {
            let unsupported = || {
                Error::unsupported(format!("FAISS has no metric {metric} for floats"))
                    .help("name another metric for the index, such as l2")
            };
            metric::of(metric).map(|stored| (stored, false)).ok_or_else(unsupported)
        }
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, metadata: &[Column]) -> Result<()> {
        if self.unit_rows {
            self.check_unit(vectors)?;
        }
        if ByteOrder::NATIVE == ByteOrder::Little {
            self.write(vectors.bytes())?;
        } else {
            let mut bytes = vectors.bytes().to_vec();
            swap_bytes(&mut bytes, vectors.element().bytes());
            self.write(&bytes)?;
        }
        if let Some(spool) = &mut self.ids {
            let ids = metadata.iter().find(|column| column.name == spool.info.name);
            let ids = ids.expect("the schema has this column");
            if let Some(row) = ids.values.iter().position(|id| *id == Value::Null) {
                let row = self.rows + row as u64;
                return Err(Error::bad_data("this row has no id, others have").at_row(row));
            }
            spool.append(ids)?;
        }
        self.rows += vectors.rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        if let Some(mut spool) = self.ids.take() {
            self.write(&spool.rows.to_le_bytes())?;
            spool.for_each(|id| match id {
                Value::Int(id) => self.write(&id.to_le_bytes()),
                other => unreachable!("{other:?} among integers"),
            })?;
            self.ids = Some(spool);
        }
        let head = self.head();
        self.output
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.output.write_all(&head))
            .map_err(|source| self.output.get_ref().failed(source))?;
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows: self.rows, bytes: output.commit()? })
    }
}
