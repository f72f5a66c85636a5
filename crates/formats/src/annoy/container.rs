//! An index as a file with a matrix: the vectors of its items.

use super::Candidate;
use super::tree::present_items;
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{Container, Entry, IndexInfo, Keeps, ReadOptions, VectorSource};
use anear_io::{ByteOrder, Input, swap_bytes};
use anear_types::{Block, Column, ColumnInfo, ColumnKind, Element, Result, Schema, Value};
use std::ops::Range;

pub(super) struct AnnoyFile {
    input: Input,
    items: Vec<Items>,
    entries: Vec<Entry>,
    index: IndexInfo,
}

/// Where the vectors are, in one way to read the file.
struct Items {
    /// Bytes from one item to the next.
    node_bytes: usize,
    /// Where the vector begins in an item.
    offset: usize,
    /// The number of each row's item; `None` if rows and items are the same.
    numbers: Option<Vec<u32>>,
}

impl AnnoyFile {
    /// A file without items has no readings.
    pub(super) fn open(
        input: &Input,
        readings: &[&Candidate<'_>],
        index: IndexInfo,
        options: &ReadOptions,
    ) -> Result<AnnoyFile> {
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        for reading in readings {
            let read = read(reading, options, input.len());
            match read {
                Ok((found, entry)) => {
                    items.push(found);
                    entries.push(entry);
                }
                Err(error) if entries.is_empty() => return Err(error), // the best one
                Err(_) => {}
            }
        }
        Ok(AnnoyFile { input: input.clone(), items, entries, index })
    }
}

fn read(reading: &Candidate<'_>, options: &ReadOptions, file_bytes: u64) -> Result<(Items, Entry)> {
    let (layout, nodes) = (reading.layout, &reading.nodes);
    let numbers = present_items(nodes, layout)?;
    let (element, dim) = match layout.is_bits() {
        true => (Element::U8, reading.dim / 8),
        false => (Element::F32, reading.dim),
    };
    let rows = numbers.as_ref().map_or(nodes.items, Vec::len);
    let schema = array_schema(element, &[rows as u64, dim as u64], &options.limits, file_bytes)?;
    let ids =
        numbers.is_some().then(|| ColumnInfo { name: Keeps::IDS.into(), kind: ColumnKind::Int });
    let columns = Vec::from_iter(ids);
    let ids = ids_column(&columns, options);
    let schema = Schema { columns, ids, metric: Some(layout.metric), ..schema };
    let items = Items { node_bytes: nodes.size, offset: layout.vector, numbers };
    Ok((items, Entry { name: format!("{}-{}", layout.name, reading.dim), schema }))
}

impl Items {
    fn number(&self, row: u64) -> usize {
        self.numbers.as_ref().map_or(row as usize, |numbers| numbers[row as usize] as usize)
    }
}

impl Container for AnnoyFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        let schema = &self.entries[entry].schema;
        let (bytes, items) = (self.input.bytes(), &self.items[entry]);
        Ok(Box::new(Source { bytes, items, schema, next_row: 0 }))
    }

    fn metadata(&self, entry: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let read = |column: &usize| {
            let ColumnInfo { name, kind } = self.entries[entry].schema.columns[*column].clone();
            let number = |row| Value::Int(self.items[entry].number(row) as i64);
            Column { name, kind, values: rows.clone().map(number).collect() }
        };
        Ok(columns.iter().map(read).collect())
    }

    fn index(&self) -> Option<&IndexInfo> {
        Some(&self.index)
    }
}

struct Source<'a> {
    bytes: &'a [u8],
    items: &'a Items,
    schema: &'a Schema,
    next_row: u64,
}

impl VectorSource for Source<'_> {
    fn schema(&self) -> &Schema {
        self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row.min(self.schema.rows);
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        assert_eq!((block.element(), block.dim()), (self.schema.element, self.schema.dim));
        let left = usize::try_from(self.schema.rows - self.next_row).unwrap_or(usize::MAX);
        let rows = block.spare_rows().min(left);
        let row_bytes = self.schema.row_bytes();
        let out = &mut block.spare_mut()[..rows * row_bytes];
        for (row, vector) in (self.next_row..).zip(out.chunks_exact_mut(row_bytes)) {
            let start = self.items.number(row) * self.items.node_bytes + self.items.offset;
            vector.copy_from_slice(&self.bytes[start..start + row_bytes]);
        }
        if ByteOrder::NATIVE == ByteOrder::Big {
            swap_bytes(out, self.schema.element.bytes());
        }
        block.advance(rows);
        self.next_row += rows as u64;
        Ok(rows)
    }
}
