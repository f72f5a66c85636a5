//! An index as a file with one matrix.

use super::ROWS;
use super::table::Table;
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{ArraySource, Container, Entry, IndexInfo, ReadOptions, Skipped, VectorSource};
use anear_io::{About, ByteOrder, PREFILTER, Segment};
use anear_types::{Column, Result, Schema, Value};
use std::ops::Range;

pub(super) struct AnxFile {
    segment: Segment,
    table: Table,
    /// The matrix, unless its rows are elsewhere, and where they lie in the file.
    entries: Vec<Entry>,
    rows: Range<usize>,
    skipped: Vec<Skipped>,
    index: IndexInfo,
}

impl AnxFile {
    pub(super) fn open(segment: Segment, options: &ReadOptions) -> Result<AnxFile> {
        let about = About::read(&segment)?;
        let table = Table::read(&segment, about.rows, &options.limits)?;
        let (mut rows, mut entries, mut skipped) = (0..0, Vec::new(), Vec::new());
        if About::rows_elsewhere(&segment)?.is_some() {
            let reason = "they are in the vector files of the collection beside it".to_owned();
            skipped.push(Skipped { name: ROWS.to_owned(), reason });
        } else {
            rows = about.rows_in(&segment)?;
            let schema = schema(&about, &table, options, segment.input().len())?;
            entries.push(Entry { name: String::new(), schema });
        }
        let index = IndexInfo {
            kind: about.kind,
            metric: Some(about.metric),
            rows: Some(about.rows),
            dim: Some(about.dim),
            params: vec![("prefilter".to_owned(), Value::Bool(segment.get(PREFILTER).is_some()))],
        };
        Ok(AnxFile { segment, table, rows, entries, skipped, index })
    }
}

fn schema(about: &About, table: &Table, options: &ReadOptions, file_bytes: u64) -> Result<Schema> {
    let shape = [about.rows, about.dim as u64];
    let schema = array_schema(about.element, &shape, &options.limits, file_bytes)?;
    let ids = match &options.ids {
        Some(_) => ids_column(&table.columns, options),
        None => table.ids,
    };
    Ok(Schema {
        columns: table.columns.clone(),
        ids,
        metric: Some(about.metric),
        attributes: table.attributes.clone(),
        ..schema
    })
}

impl Container for AnxFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        let schema = self.entries[0].schema.clone();
        let bytes = &self.segment.input().bytes()[self.rows.clone()];
        Ok(Box::new(ArraySource::contiguous(bytes, schema, ByteOrder::Little)?))
    }

    fn metadata(&self, _: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let read = |column: &usize| self.table.column(&self.segment, *column, rows.clone());
        columns.iter().map(read).collect()
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn index(&self) -> Option<&IndexInfo> {
        Some(&self.index)
    }

    fn verify(&self) -> Result<()> {
        self.segment.verify()
    }
}
