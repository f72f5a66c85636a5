//! From files into a collection, and out again.

use super::{Collection, ExportRequest};
use crate::blocks::each_block;
use crate::convert::convert_vectors;
use crate::{
    Added, Batch, ConvertRequest, Existing, Location, Metadata, OpenOptions, Progress, Result,
    Saved, Vectors, cast_rows,
};
use anear_kernels::Rounding;
use anear_types::{Block, Error, Ids};
use std::path::Path;

/// Bytes of vectors in memory at a time.
const MEMORY_BYTES: u64 = 256 << 20;

impl Collection {
    /// Adds all rows of a matrix in a file, with its ids and metadata and those of the file `meta`:
    /// all of them or, after an error, none.
    ///
    /// # Errors
    /// As for [`add`](Collection::add), or if the file is damaged.
    pub fn import(
        &self,
        vectors: &Vectors,
        meta: Option<&Path>,
        existing: Existing,
        options: &OpenOptions,
        progress: &mut dyn Progress,
    ) -> Result<Added> {
        if vectors.schema().dim != self.dim() {
            let (found, dim) = (vectors.schema().dim, self.dim());
            let what = format!("vectors of {found} components, those of the collection have {dim}");
            return Err(vectors.locate(Error::usage(what)));
        }
        let metadata = Metadata::of(vectors, meta, options)?;
        let columns = metadata.columns();
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let ids = metadata.ids().and_then(|ids| names.iter().position(|name| *name == ids));
        progress.begin("adding", vectors.schema().rows);
        let added = self.store.add_all(existing, |adding| {
            each_block(vectors, MEMORY_BYTES, &mut |first, block| {
                if progress.interrupted() {
                    return Err(Error::interrupted());
                }
                let locate = |error: Error| {
                    let row = error.row().map(|row| first + row);
                    vectors.locate(match row {
                        Some(row) => error.move_to_row(row),
                        None => error,
                    })
                };
                let rows = first..first + block.rows() as u64;
                let mut table = metadata.read(&names, rows)?;
                let ids = ids
                    .map(|position| Ids::from_column(&table.remove(position)))
                    .transpose()
                    .map_err(locate)?;
                let converted =
                    cast_rows(block, self.element(), Rounding::Strict).map_err(locate)?;
                let batch = Batch {
                    vectors: converted.as_ref().map_or(block, Block::matrix),
                    ids: ids.as_ref(),
                    metadata: &table,
                    json: vectors.json(),
                };
                adding.add(&batch).map_err(locate)?;
                progress.advance(block.rows() as u64);
                Ok(())
            })?;
            adding.set_attributes(&metadata.attributes())
        })?;
        progress.end();
        Ok(added)
    }

    /// Writes rows to a file of any format, with ids and metadata.
    ///
    /// # Errors
    /// As for [`convert`](crate::convert()).
    pub fn export(
        &self,
        request: &ExportRequest<'_>,
        options: &OpenOptions,
        progress: &mut dyn Progress,
    ) -> Result<Saved> {
        let vectors = self.view(request.condition.as_ref())?;
        let input = Location { path: self.path().to_owned(), entry: None };
        let request = ConvertRequest {
            kind: request.kind.map(str::to_owned),
            keep_metadata: request.keep_metadata,
            ..ConvertRequest::new(input, request.output.clone())
        };
        convert_vectors(&vectors, &request, options, progress)
    }
}
