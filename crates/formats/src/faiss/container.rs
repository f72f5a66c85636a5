//! An index as a file with one matrix: the vectors as they were put in, and their ids.

use super::describe::{Description, read_index};
use super::stored::Stored;
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{ArraySource, Container, Entry, IndexInfo, Keeps, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Cursor, Input};
use anear_types::{Column, ColumnInfo, ColumnKind, Result, Schema, Value};
use std::ops::Range;

pub(super) struct FaissFile {
    input: Input,
    stored: Option<Stored>,
    entries: Vec<Entry>,
    skipped: Vec<Skipped>,
    index: IndexInfo,
}

impl FaissFile {
    pub(super) fn open(input: Input, options: &ReadOptions) -> Result<FaissFile> {
        let index = read_index(&mut Cursor::new(input.bytes()), 0)?;
        let entry = |stored: &Stored| {
            let schema = schema(stored, &index, options, input.len())?;
            Ok(Entry { name: String::new(), schema })
        };
        let entries = index.stored.iter().map(entry).collect::<Result<_>>()?;
        let skip = |letters: &String| Skipped {
            name: letters.clone(),
            reason: format!("the vectors of an {letters:?} index are not read yet"),
        };
        let skipped = index.stored.as_ref().err().map(skip).into_iter().collect();
        let info = IndexInfo {
            kind: format!("faiss:{}", index.header.letters()),
            metric: index.header.metric(),
            rows: Some(index.header.rows),
            dim: Some(index.header.dim),
            params: index.params,
        };
        Ok(FaissFile { input, stored: index.stored.ok(), entries, skipped, index: info })
    }

    fn id(&self, ids: &Range<usize>, row: u64) -> Value {
        let ids = self.input.bytes()[ids.clone()].as_chunks().0;
        Value::Int(i64::from_le_bytes(ids[row as usize]))
    }
}

fn schema(
    stored: &Stored,
    index: &Description,
    options: &ReadOptions,
    file_bytes: u64,
) -> Result<Schema> {
    let shape = [index.header.rows, stored.dim as u64];
    let schema = array_schema(stored.element, &shape, &options.limits, file_bytes)?;
    let ids =
        stored.ids.is_some().then(|| ColumnInfo { name: Keeps::IDS.into(), kind: ColumnKind::Int });
    let columns = Vec::from_iter(ids);
    let ids = ids_column(&columns, options);
    Ok(Schema { columns, ids, metric: index.header.metric(), ..schema })
}

impl Container for FaissFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let (schema, stored) = (self.entries[entry].schema.clone(), self.stored.as_ref());
        let bytes = &self.input.bytes()[stored.expect("an entry").vectors.clone()];
        Ok(Box::new(ArraySource::contiguous(bytes, schema, ByteOrder::Little)?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let ids = self.stored.as_ref().and_then(|stored| stored.ids.as_ref());
        let read = |column: &usize| {
            let ColumnInfo { name, kind } = self.entries[entry].schema.columns[*column].clone();
            let ids = ids.expect("a column");
            Column { name, kind, values: rows.clone().map(|row| self.id(ids, row)).collect() }
        };
        Ok(columns.iter().map(read).collect())
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn index(&self) -> Option<&IndexInfo> {
        Some(&self.index)
    }
}
