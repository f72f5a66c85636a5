//! An index as a file with one matrix: the vectors as they were put in, and their ids.

use super::describe::{Stored, describe, describe_unread, lacks_rows, stored};
use super::header::Header;
use super::read::{Fields, ListFiles, Stop, read_parts};
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{ArraySource, Container, Entry, IndexInfo, Keeps, ReadOptions, Skipped, VectorSource};
use anear_io::{ByteOrder, Input};
use anear_types::parts::CheckedParts;
use anear_types::{Column, ColumnInfo, ColumnKind, Result, Schema, Value};
use std::ops::Range;

pub(super) struct FaissFile {
    entries: Vec<Entry>,
    stored: Option<Stored>,
    skipped: Vec<Skipped>,
    index: IndexInfo,
    parts: Option<CheckedParts>,
}

impl FaissFile {
    pub(super) fn open(input: &Input, options: &ReadOptions) -> Result<FaissFile> {
        let mut fields = Fields::new(input, ListFiles::Beside);
        let header = Header::read(&mut fields.cursor.clone())?;
        match read_parts(&mut fields) {
            Ok(parts) => {
                let measure = (parts.measure, parts.argument); // not always what the header says
                FaissFile::with_parts(&Header { measure, ..header }, parts.check()?, input, options)
            }
            Err(Stop::Unread(unread)) => FaissFile::without(&header, &unread, input),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn with_parts(
        header: &Header,
        parts: CheckedParts,
        input: &Input,
        options: &ReadOptions,
    ) -> Result<FaissFile> {
        let stored = stored(parts.parts());
        let entry = |stored: &Stored| {
            let schema = schema(stored, header, options, input.len())?;
            Ok(Entry { name: String::new(), schema })
        };
        let entries = stored.iter().map(entry).collect::<Result<_>>()?;
        let lacks_rows = lacks_rows(parts.parts());
        let skip = |letters: &[u8; 4]| {
            let name = letters.escape_ascii().to_string();
            let reason = match lacks_rows {
                true => "its graph was written without the rows".to_owned(),
                false => format!("an {name:?} index keeps codes, not vectors"),
            };
            Skipped { name, reason }
        };
        let skipped = stored.as_ref().err().map(skip).into_iter().collect();
        let index = index_info(header, describe(parts.parts()));
        Ok(FaissFile { entries, stored: stored.ok(), skipped, index, parts: Some(parts) })
    }

    /// An index that has another inside, or is one itself, which is not read.
    fn without(header: &Header, unread: &Header, input: &Input) -> Result<FaissFile> {
        let mut fields = Fields::new(input, ListFiles::Beside);
        Header::read(&mut fields.cursor)?;
        let index = index_info(header, describe_unread(header, &mut fields)?);
        let reason = format!("{:?} indexes are not read yet", unread.letters());
        let skipped = vec![Skipped { name: unread.letters(), reason }];
        Ok(FaissFile { entries: Vec::new(), stored: None, skipped, index, parts: None })
    }

    fn stored(&self) -> &Stored {
        self.stored.as_ref().expect("an entry")
    }
}

fn index_info(header: &Header, params: Vec<(String, Value)>) -> IndexInfo {
    IndexInfo {
        kind: format!("faiss:{}", header.letters()),
        metric: header.metric(),
        rows: Some(header.rows),
        dim: Some(header.dim),
        params,
    }
}

fn schema(
    stored: &Stored,
    header: &Header,
    options: &ReadOptions,
    file_bytes: u64,
) -> Result<Schema> {
    let shape = [header.rows, stored.dim as u64];
    let schema = array_schema(stored.element, &shape, &options.limits, file_bytes)?;
    let ids =
        stored.ids.is_some().then(|| ColumnInfo { name: Keeps::IDS.into(), kind: ColumnKind::Int });
    let columns = Vec::from_iter(ids);
    let ids = ids_column(&columns, options);
    Ok(Schema { columns, ids, metric: header.metric(), ..schema })
}

impl Container for FaissFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let schema = self.entries[entry].schema.clone();
        let vectors = &self.stored().vectors;
        Ok(Box::new(ArraySource::contiguous(vectors, schema, ByteOrder::Little)?))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let ids = self.stored().ids.as_ref();
        let id = |row| Value::Int(ids.and_then(|ids| ids.get(row as usize)).expect("an id a row"));
        let read = |column: &usize| {
            let ColumnInfo { name, kind } = self.entries[entry].schema.columns[*column].clone();
            Column { name, kind, values: rows.clone().map(id).collect() }
        };
        Ok(columns.iter().map(read).collect())
    }

    fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    fn index(&self) -> Option<&IndexInfo> {
        Some(&self.index)
    }

    fn parts(&self) -> Option<&CheckedParts> {
        self.parts.as_ref()
    }
}
