//! An index as a file with a matrix: the vectors of its items.

use super::Candidate;
use super::tree::present_items;
use crate::columns::ids_column;
use crate::shape::array_schema;
use crate::{Container, Entry, IndexInfo, Keeps, ReadOptions, VectorSource};
use anear_io::{ByteOrder, Delta, Input, swap_bytes};
use anear_types::{Block, Column, ColumnInfo, ColumnKind, Element, Result, Schema, Value};
use std::ops::Range;
use std::sync::Arc;

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
    /// Vectors that are not those in the file.
    delta: Option<Arc<Delta>>,
}

impl AnnoyFile {
    /// A file without items has no readings.
    pub(super) fn open(
        input: &Input,
        readings: &[&Candidate<'_>],
        delta: Option<&Arc<Delta>>,
        mut index: IndexInfo,
        options: &ReadOptions,
    ) -> Result<AnnoyFile> {
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        for reading in readings {
            let read = read(reading, delta.cloned(), options, input.len());
            match read {
                Ok((found, entry)) => {
                    items.push(found);
                    entries.push(entry);
                }
                Err(error) if entries.is_empty() => return Err(error), // the best one
                Err(_) => {}
            }
        }
        if let Some(delta) = delta {
            index.rows = entries.first().map(|entry| entry.schema.rows);
            let (added, deleted) = (delta.added().count(), delta.deleted().count());
            index.params.push(("added".to_owned(), Value::Int(added as i64)));
            index.params.push(("deleted".to_owned(), Value::Int(deleted as i64)));
        }
        Ok(AnnoyFile { input: input.clone(), items, entries, index })
    }
}

fn read(
    reading: &Candidate<'_>,
    delta: Option<Arc<Delta>>,
    options: &ReadOptions,
    file_bytes: u64,
) -> Result<(Items, Entry)> {
    let (layout, nodes) = (reading.layout, &reading.nodes);
    let present = present_items(nodes, layout)?;
    let numbers = match &delta {
        Some(delta) => amended(present, nodes.items, delta),
        None => present,
    };
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
    let items = Items { node_bytes: nodes.size, offset: layout.vector, numbers, delta };
    Ok((items, Entry { name: format!("{}-{}", layout.name, reading.dim), schema }))
}

/// The items there are after changes, in order; `None` if that is all up to the last of the file.
fn amended(present: Option<Vec<u32>>, items: usize, delta: &Delta) -> Option<Vec<u32>> {
    let present = present.unwrap_or_else(|| (0..items as u32).collect());
    let unchanged = present.into_iter().filter(|item| delta.change(*item).is_none());
    let mut numbers: Vec<u32> = unchanged.chain(delta.added().map(|(item, _)| item)).collect();
    numbers.sort_unstable();
    let is_all = numbers.len() == items && numbers.last().is_none_or(|last| *last < items as u32);
    (!is_all).then_some(numbers)
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
            let number = self.items.number(row);
            let changed = self.items.delta.as_ref().and_then(|delta| delta.change(number as u32));
            let stored = || {
                let start = number * self.items.node_bytes + self.items.offset;
                &self.bytes[start..start + row_bytes]
            };
            vector.copy_from_slice(changed.flatten().unwrap_or_else(stored));
        }
        if ByteOrder::NATIVE == ByteOrder::Big {
            swap_bytes(out, self.schema.element.bytes());
        }
        block.advance(rows);
        self.next_row += rows as u64;
        Ok(rows)
    }
}
