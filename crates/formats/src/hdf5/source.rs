//! The rows of a data set.

use super::chunks::{Bands, Plain, fill};
use super::dataset::Dataset;
use super::file::File;
use crate::VectorSource;
use anear_io::{ByteOrder, swap_bytes};
use anear_types::{Block, MatrixRef, Result, Schema};

/// Reads the rows of one data set.
pub(super) struct DatasetSource<'a> {
    schema: &'a Schema,
    dataset: &'a Dataset,
    order: ByteOrder,
    values: Plain<'a>,
    bands: Bands,
    next_row: u64,
}

impl<'a> DatasetSource<'a> {
    /// The rows of `dataset`, whose numbers are stored in `order`.
    pub(super) fn new(
        file: &'a File,
        dataset: &'a Dataset,
        schema: &'a Schema,
        order: ByteOrder,
    ) -> Result<DatasetSource<'a>> {
        let values = Plain::of(file, dataset)?;
        let bands = Bands::default();
        Ok(DatasetSource { schema, dataset, order, values, bands, next_row: 0 })
    }
}

impl VectorSource for DatasetSource<'_> {
    fn schema(&self) -> &Schema {
        self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row;
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        assert_eq!((block.element(), block.dim()), (self.schema.element, self.schema.dim));
        let left = self.schema.rows.saturating_sub(self.next_row);
        let rows = block.spare_rows().min(usize::try_from(left).unwrap_or(usize::MAX));
        if rows == 0 {
            return Ok(0);
        }
        let row_bytes = self.schema.row_bytes();
        let start = self.next_row * row_bytes as u64;
        let out = &mut block.spare_mut()[..rows * row_bytes];
        match &self.values {
            Plain::Bytes(bytes) => {
                out.copy_from_slice(&bytes[start as usize..start as usize + out.len()]);
            }
            Plain::Fill => fill(out, &self.dataset.fill),
            Plain::Chunks(layout) => {
                let read = self.bands.read(layout, start, out);
                read.map_err(|error| error.at_row(self.next_row))?;
            }
        }
        if self.order != ByteOrder::NATIVE {
            swap_bytes(out, self.schema.element.bytes());
        }
        block.advance(rows);
        self.next_row += rows as u64;
        Ok(rows)
    }

    fn mapped(&self) -> Option<MatrixRef<'_>> {
        let bytes = match &self.values {
            Plain::Bytes(bytes) => bytes,
            Plain::Fill => return None,
            Plain::Chunks(layout) => layout.contiguous()?,
        };
        let size = self.schema.element.bytes();
        let native = self.order == ByteOrder::NATIVE || size == 1;
        let aligned = bytes.as_ptr().addr().is_multiple_of(size);
        let bytes = bytes.get(..usize::try_from(self.schema.total_bytes()).ok()?)?;
        (native && aligned).then(|| {
            MatrixRef::new(bytes, self.schema.element, self.schema.rows as usize, self.schema.dim)
        })
    }
}
