//! An open file of records: the container and the source of its rows.

use super::survey::Survey;
use super::{Dialect, Field, numbers::parse_component};
use crate::columns::ids_column;
use crate::{Container, Entry, ReadOptions, VectorSource};
use anear_io::Input;
use anear_types::{Block, Column, ColumnInfo, ColumnKind, Element, Error, Result, Schema, Value};
use std::collections::HashMap;
use std::ops::Range;

/// The start of every record with a multiple of this number is kept.
const STRIDE: u64 = 64;
/// Records surveyed at a time.
const BATCH: usize = 4_096;
/// Fewer records than this are not worth a thread.
const MIN_RECORDS_PER_THREAD: usize = 16;

/// Surveys a file whose records begin at `start`; `complete` may add what else is known.
///
/// # Errors
/// If a record is damaged, or the vectors differ in dimension.
pub(crate) fn open<D: Dialect + 'static>(
    input: Input,
    dialect: D,
    start: usize,
    name: String,
    options: &ReadOptions,
    complete: impl FnOnce(&mut Schema),
) -> Result<Box<dyn Container>> {
    let mut survey = Survey::default();
    let mut starts = Vec::new();
    let mut rows = 0;
    let mut offset = start;
    loop {
        let batch = batch(&dialect, input.bytes(), &mut offset, BATCH)?;
        if batch.is_empty() {
            break;
        }
        let indexed = batch.iter().zip(rows..).filter(|(_, row)| row % STRIDE == 0);
        starts.extend(indexed.map(|(record, _)| record.start));
        survey_batch(&dialect, input.bytes(), &batch, rows, options.threads, &mut survey)?;
        rows += batch.len() as u64;
    }
    let dim = survey.dim.ok_or_else(|| Error::malformed("the file has no records"))?;
    let element = if survey.needs_f64 { Element::F64 } else { Element::F32 };
    let mut schema = Schema { columns: survey.columns(), ..Schema::matrix(element, rows, dim) };
    complete(&mut schema);
    schema.ids = ids_column(&schema.columns, options).or(schema.ids);
    let entries = [Entry { name, schema }];
    Ok(Box::new(TextFile { input, dialect, starts, entries, threads: options.threads }))
}

struct TextFile<D> {
    input: Input,
    dialect: D,
    /// Offsets of records 0, 64, 128, ..
    starts: Vec<usize>,
    entries: [Entry; 1],
    threads: usize,
}

impl<D: Dialect> TextFile<D> {
    /// Where to look for a record.
    fn offset(&self, row: u64) -> Result<usize> {
        let Some(start) = self.starts.get((row / STRIDE) as usize) else {
            return Ok(self.input.bytes().len());
        };
        let mut offset = *start;
        batch(&self.dialect, self.input.bytes(), &mut offset, (row % STRIDE) as usize)?;
        Ok(offset)
    }
}

impl<D: Dialect> Container for TextFile<D> {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        Ok(Box::new(Source { file: self, next_row: 0, offset: self.offset(0)? }))
    }

    fn metadata(&self, _: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let schema = &self.entries[0].schema;
        let count = (rows.end - rows.start) as usize;
        let mut found: Vec<Column> =
            columns.iter().map(|column| empty_column(&schema.columns[*column], count)).collect();
        let by_name: HashMap<String, usize> =
            found.iter().enumerate().map(|(position, c)| (c.name.clone(), position)).collect();
        let mut offset = self.offset(rows.start)?;
        let records = batch(&self.dialect, self.input.bytes(), &mut offset, count)?;
        for (row, record) in records.into_iter().enumerate() {
            let mut put = |name: &str, field: Field| {
                if let Some(position) = by_name.get(name) {
                    let column = &mut found[*position];
                    column.values[row] = as_kind(field, column.kind);
                }
            };
            self.dialect
                .fields(&self.input.bytes()[record], &mut put)
                .map_err(|error| error.at_row(rows.start + row as u64))?;
        }
        Ok(found)
    }
}

fn empty_column(info: &ColumnInfo, rows: usize) -> Column {
    Column { name: info.name.clone(), kind: info.kind, values: vec![Value::Null; rows] }
}

fn as_kind(field: Field, kind: ColumnKind) -> Value {
    match (kind, field.value, field.loose) {
        (_, Value::Null, _) => Value::Null,
        (ColumnKind::Text, _, Some(text)) => Value::Text(text),
        (ColumnKind::Real, Value::Int(number), _) => Value::Real(number as f64),
        (_, value, _) => value,
    }
}

struct Source<'a, D> {
    file: &'a TextFile<D>,
    next_row: u64,
    /// Where to look for the next row.
    offset: usize,
}

impl<D: Dialect> VectorSource for Source<'_, D> {
    fn schema(&self) -> &Schema {
        &self.file.entries[0].schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row.min(self.schema().rows);
        self.offset = self.file.offset(self.next_row)?;
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        let schema = &self.file.entries[0].schema;
        assert_eq!((block.element(), block.dim()), (schema.element, schema.dim));
        let (dialect, bytes) = (&self.file.dialect, self.file.input.bytes());
        let records = batch(dialect, bytes, &mut self.offset, block.spare_rows())?;
        let row_bytes = schema.row_bytes();
        if row_bytes == 0 {
            return Ok(self.pass(records.len(), block));
        }
        let out = &mut block.spare_mut()[..records.len() * row_bytes];
        let per_thread = records_per_thread(records.len(), self.file.threads);
        let first_row = self.next_row;
        std::thread::scope(|scope| {
            let parts = records.chunks(per_thread).zip(out.chunks_mut(per_thread * row_bytes));
            let jobs: Vec<_> = parts
                .enumerate()
                .map(|(part, (records, out))| {
                    let row = first_row + (part * per_thread) as u64;
                    let mut job = move || parse_rows(dialect, bytes, records, row, schema, out);
                    if self.file.threads > 1 {
                        Job::Running(scope.spawn(job))
                    } else {
                        Job::Done(job())
                    }
                })
                .collect();
            jobs.into_iter().try_for_each(Job::result)
        })?;
        Ok(self.pass(records.len(), block))
    }
}

impl<D> Source<'_, D> {
    /// Counts rows as read.
    fn pass(&mut self, rows: usize, block: &mut Block) -> usize {
        block.advance(rows);
        self.next_row += rows as u64;
        rows
    }
}

/// Work that may be done on another thread.
enum Job<'scope, T> {
    Running(std::thread::ScopedJoinHandle<'scope, T>),
    Done(T),
}

impl<T> Job<'_, T> {
    fn result(self) -> T {
        match self {
            Job::Done(result) => result,
            Job::Running(handle) => {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

/// Where up to `count` records are, from `offset` on, which moves behind them.
fn batch(
    dialect: &impl Dialect,
    bytes: &[u8],
    offset: &mut usize,
    count: usize,
) -> Result<Vec<Range<usize>>> {
    let mut records = Vec::new();
    while records.len() < count
        && let Some((record, next)) = dialect.record(bytes, *offset)?
    {
        records.push(record);
        *offset = next;
    }
    Ok(records)
}

fn records_per_thread(records: usize, threads: usize) -> usize {
    records.div_ceil(threads.max(1)).max(MIN_RECORDS_PER_THREAD)
}

fn survey_batch(
    dialect: &impl Dialect,
    bytes: &[u8],
    records: &[Range<usize>],
    first_row: u64,
    threads: usize,
    survey: &mut Survey,
) -> Result<()> {
    let per_thread = records_per_thread(records.len(), threads);
    std::thread::scope(|scope| {
        let jobs: Vec<_> = records
            .chunks(per_thread)
            .enumerate()
            .map(|(part, records)| {
                let dim = survey.dim;
                let row = first_row + (part * per_thread) as u64;
                let job = move || survey_records(dialect, bytes, records, row, dim);
                if threads > 1 { Job::Running(scope.spawn(job)) } else { Job::Done(job()) }
            })
            .collect();
        for (part, job) in jobs.into_iter().enumerate() {
            let row = first_row + (part * per_thread) as u64;
            survey.merge(job.result()?).map_err(|error| error.at_row(row))?;
        }
        Ok(())
    })
}

fn survey_records(
    dialect: &impl Dialect,
    bytes: &[u8],
    records: &[Range<usize>],
    first_row: u64,
    dim: Option<usize>,
) -> Result<Survey> {
    let mut survey = Survey::default();
    survey.dim = dim;
    for (record, row) in records.iter().zip(first_row..) {
        survey
            .note(dialect, &bytes[record.clone()])
            .map_err(|error| error.at_row(row).at_offset(record.start as u64))?;
    }
    Ok(survey)
}

fn parse_rows(
    dialect: &impl Dialect,
    bytes: &[u8],
    records: &[Range<usize>],
    first_row: u64,
    schema: &Schema,
    out: &mut [u8],
) -> Result<()> {
    let size = schema.element.bytes();
    let rows = out.chunks_exact_mut(schema.row_bytes());
    for ((record, row), target) in records.iter().zip(first_row..).zip(rows) {
        let mut components = target.chunks_exact_mut(size);
        let mut parse = |text: &str| match components.next() {
            Some(component) => parse_component(text, schema.element, component),
            None => Err(Error::bad_data("the vector is longer than when the file was opened")),
        };
        dialect
            .components(&bytes[record.clone()], &mut parse)
            .map_err(|error| error.at_row(row))?;
    }
    Ok(())
}
