//! Writing the metadata sections; their bytes are described in [`table`](super::table).

use super::table::{COLUMNS, Layout, Table, layout, section_names};
use super::value;
use crate::columns::check_kind;
use anear_io::SegmentWriter;
use anear_types::{ColumnInfo, ColumnKind, Result, Value};

/// Bytes of values gathered before they are written.
const BUFFER_BYTES: usize = 64 << 10;

impl Table {
    /// Writes which columns there are. Nothing is written for a table without anything in it.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, writer: &mut SegmentWriter) -> Result<()> {
        if *self == Table::default() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        put_number(&mut bytes, self.columns.len());
        for ColumnInfo { name, kind } in &self.columns {
            put_text(&mut bytes, name);
            put_text(&mut bytes, kind.name());
        }
        put_number(&mut bytes, self.ids.map_or(0, |ids| ids + 1));
        put_number(&mut bytes, self.attributes.len());
        for (name, attribute) in &self.attributes {
            put_text(&mut bytes, name);
            value::encode(attribute, &mut bytes);
        }
        writer.begin(COLUMNS)?;
        writer.write(&bytes)
    }
}

fn put_number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend((number as u32).to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, text.len());
    bytes.extend(text.as_bytes());
}

/// The values of one column being written: [`push`](ColumnWriter::push) each, then
/// [`finish`](ColumnWriter::finish).
pub struct ColumnWriter<'a> {
    writer: &'a mut SegmentWriter,
    info: &'a ColumnInfo,
    position: usize,
    buffer: Vec<u8>,
    /// Bytes of values so far.
    length: u64,
    ends: Vec<u8>,
    nulls: Vec<u8>,
    rows: usize,
    has_nulls: bool,
}

impl<'a> ColumnWriter<'a> {
    /// Begins the column at this position of the table.
    ///
    /// # Errors
    /// If writing fails.
    pub fn begin(
        writer: &'a mut SegmentWriter,
        position: usize,
        info: &'a ColumnInfo,
    ) -> Result<ColumnWriter<'a>> {
        let [values, ..] = section_names(position);
        writer.begin(&values)?;
        Ok(ColumnWriter {
            writer,
            info,
            position,
            buffer: Vec::new(),
            length: 0,
            ends: Vec::new(),
            nulls: Vec::new(),
            rows: 0,
            has_nulls: false,
        })
    }

    /// Appends the value of the next row.
    ///
    /// # Errors
    /// If it is not of the column's kind, or writing fails.
    pub fn push(&mut self, value: &Value) -> Result<()> {
        let ColumnInfo { name, kind } = self.info;
        check_kind(name, *kind, value).map_err(|error| error.at_row(self.rows as u64))?;
        if self.rows.is_multiple_of(8) {
            self.nulls.push(0);
        }
        if *value == Value::Null {
            self.nulls[self.rows / 8] |= 1 << (self.rows % 8);
            self.has_nulls = true;
        }
        self.rows += 1;
        let before = self.buffer.len();
        match (kind, value) {
            (ColumnKind::Mixed, value) => value::encode(value, &mut self.buffer),
            (_, Value::Null) => {
                if let Layout::Fixed(bytes) = layout(*kind) {
                    self.buffer.resize(before + bytes as usize, 0);
                }
            }
            (ColumnKind::Real, Value::Int(value)) => {
                self.buffer.extend((*value as f64).to_le_bytes());
            }
            (_, Value::Bool(value)) => self.buffer.push(u8::from(*value)),
            (_, Value::Int(value)) => self.buffer.extend(value.to_le_bytes()),
            (_, Value::Real(value)) => self.buffer.extend(value.to_le_bytes()),
            (_, Value::Text(text)) => self.buffer.extend(text.as_bytes()),
            (_, Value::Blob(bytes)) => self.buffer.extend(&**bytes),
        }
        self.length += (self.buffer.len() - before) as u64;
        if layout(*kind) == Layout::Joined {
            self.ends.extend(self.length.to_le_bytes());
        }
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Completes the column.
    ///
    /// # Errors
    /// If writing fails.
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        let [_, ends, nulls] = section_names(self.position);
        if layout(self.info.kind) == Layout::Joined {
            self.writer.begin(&ends)?;
            self.writer.write(&self.ends)?;
        }
        if self.has_nulls {
            self.writer.begin(&nulls)?;
            self.writer.write(&self.nulls)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
