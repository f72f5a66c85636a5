//! The rows of a file in memory.

use super::{ROWS, VECTORS, format, threads};
use crate::folder;
use crate::spec::Spec;
use anear_formats::{Container, ReadOptions};
use anear_types::{Block, ColumnKind, Error, Limits, Result, Schema, Value};
use std::ops::Range;
use std::path::Path;

/// Bytes of vectors decoded at a time.
const BLOCK_BYTES: usize = 4 << 20;

/// The rows of a file, in order.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) rows: Range<u64>,
    vectors: Block,
}

impl AsRef<[u8]> for Decoded {
    fn as_ref(&self) -> &[u8] {
        self.vectors.matrix().bytes()
    }
}

impl Decoded {
    /// Decodes a file in which each of the rows lies once, and no others.
    pub(crate) fn read(path: &Path, spec: &Spec, rows: Range<u64>) -> Result<Decoded> {
        let format = format()?;
        let input = folder::open(path)?;
        let limits = Limits::default();
        let expected = rows.end - rows.start;
        let bytes = expected.saturating_mul(spec.row_bytes() as u64);
        limits.check_expansion("the vectors", bytes, input.len())?;
        let options = ReadOptions { limits, threads: threads(), ..ReadOptions::default() };
        let container = format.open(input, &options)?;
        let parts = parts(&*container, spec)?;
        let found = parts.iter().fold(0u64, |all, (_, schema, _)| all.saturating_add(schema.rows));
        if found != expected {
            let what = format!("the file has {found} rows, {expected} are counted");
            return Err(Error::malformed(what));
        }
        let mut filling = Filling::new(spec, rows)?;
        for (entry, schema, numbers) in parts {
            let filled = filling.take(&*container, entry, schema.rows, numbers);
            filled.map_err(|error| error.at_entry(&container.entries()[entry].name))?;
        }
        Ok(filling.finish())
    }
}

/// The matrices of vectors: position among the entries, schema, and the column of row numbers.
fn parts<'a>(container: &'a dyn Container, spec: &Spec) -> Result<Vec<(usize, &'a Schema, usize)>> {
    let entries = container.entries().iter().enumerate();
    let of_vectors = entries.filter(|(_, entry)| entry.name.rsplit('/').next() == Some(VECTORS));
    of_vectors
        .map(|(position, entry)| {
            let schema = &entry.schema;
            let (found, expected) = ((schema.element, schema.dim), (spec.element, spec.dim));
            let numbers = schema
                .column(ROWS)
                .filter(|column| schema.columns[*column].kind == ColumnKind::Int);
            match numbers {
                Some(numbers) if found == expected => Ok((position, schema, numbers)),
                Some(_) => Err(Error::malformed(format!(
                    "rows of {} {}, expected {} {}",
                    found.1, found.0, expected.1, expected.0
                ))),
                None => {
                    Err(Error::malformed(format!("there are no row numbers '{ROWS}' beside it")))
                }
            }
            .map_err(|error| error.at_entry(&entry.name))
        })
        .collect()
}

/// Rows on their way to their places.
struct Filling {
    rows: Range<u64>,
    vectors: Block,
    filled: Vec<bool>,
    block: Block,
}

impl Filling {
    /// The number of rows is in proportion to a file.
    fn new(spec: &Spec, rows: Range<u64>) -> Result<Filling> {
        let count = usize::try_from(rows.end - rows.start).unwrap_or(usize::MAX);
        Ok(Filling {
            rows,
            vectors: Block::try_new(spec.element, spec.dim, count)?,
            filled: vec![false; count],
            block: Block::with_bytes(spec.element, spec.dim, BLOCK_BYTES),
        })
    }

    fn take(
        &mut self,
        container: &dyn Container,
        entry: usize,
        rows: u64,
        numbers: usize,
    ) -> Result<()> {
        let mut source = container.rows(entry)?;
        let mut next = 0;
        while next < rows {
            self.block.clear();
            let read = source.next_block(&mut self.block)? as u64;
            if read == 0 {
                return Err(Error::malformed(format!("the rows end before row {next} of {rows}")));
            }
            let columns = container.metadata(entry, &[numbers], next..next + read)?;
            for (position, number) in columns[0].values.iter().enumerate() {
                self.place(position, number)?;
            }
            next += read;
        }
        Ok(())
    }

    /// Puts a row of the block to its place.
    fn place(&mut self, position: usize, number: &Value) -> Result<()> {
        let row = match number {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let place = row.filter(|row| self.rows.contains(row)).map(|row| row - self.rows.start);
        let Some(place) = place.map(|place| place as usize).filter(|place| !self.filled[*place])
        else {
            let Range { start, end } = self.rows;
            return Err(Error::malformed(format!(
                "a row has the number {number}, expected each from {start} to {} once",
                end.saturating_sub(1)
            )));
        };
        self.filled[place] = true;
        let row_bytes = self.block.row_bytes();
        let vector = self.block.matrix().row(position);
        self.vectors.spare_mut()[place * row_bytes..][..row_bytes].copy_from_slice(vector);
        Ok(())
    }

    /// As many rows as there are places were placed, each at another.
    fn finish(mut self) -> Decoded {
        self.vectors.advance(self.filled.len());
        Decoded { rows: self.rows, vectors: self.vectors }
    }
}
