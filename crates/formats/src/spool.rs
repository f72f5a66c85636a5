//! Metadata set aside while the vectors are written.
//!
//! Formats that store columns behind the vectors need somewhere to keep them meanwhile: a spool
//! holds a little in memory and the rest in a temporary file that the operating system removes.

use crate::columns::check_kind;
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Result, Value};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Bytes a spool keeps in memory.
const MEMORY_BYTES: usize = 1 << 20;

/// One column, set aside value by value.
pub(crate) struct ColumnSpool {
    /// Name and kind.
    pub(crate) info: ColumnInfo,
    /// Values, each in the form of [`encode`].
    values: SpooledTempFile,
    /// Number of values.
    pub(crate) rows: u64,
    /// Whether any is null.
    pub(crate) has_nulls: bool,
    /// The longest text, in characters.
    pub(crate) longest_chars: usize,
    /// Bytes of all texts and blobs.
    pub(crate) text_bytes: u64,
    /// Whether a text ends with a zero character, which fixed-width text cannot express.
    pub(crate) ends_with_zero: bool,
}

impl ColumnSpool {
    /// An empty spool for a column.
    pub(crate) fn new(info: &ColumnInfo) -> ColumnSpool {
        ColumnSpool {
            info: info.clone(),
            values: SpooledTempFile::new(MEMORY_BYTES),
            rows: 0,
            has_nulls: false,
            longest_chars: 0,
            text_bytes: 0,
            ends_with_zero: false,
        }
    }

    /// Sets the values of a column aside.
    ///
    /// # Errors
    /// If one is not of the column's kind, or the temporary file cannot be written.
    pub(crate) fn append(&mut self, column: &Column) -> Result<()> {
        let mut encoded = Vec::new();
        for value in &column.values {
            check_kind(&self.info.name, self.info.kind, value)
                .map_err(|error| error.at_row(self.rows))?;
            self.rows += 1;
            match value {
                Value::Null => self.has_nulls = true,
                Value::Text(text) => {
                    self.longest_chars = self.longest_chars.max(text.chars().count());
                    self.text_bytes += text.len() as u64;
                    self.ends_with_zero |= text.ends_with('\0');
                }
                Value::Blob(bytes) => self.text_bytes += bytes.len() as u64,
                _ => {}
            }
            match value {
                Value::Int(number) if self.info.kind == ColumnKind::Real => {
                    encode(&Value::Real(*number as f64), &mut encoded);
                }
                value => encode(value, &mut encoded),
            }
        }
        self.values.write_all(&encoded).map_err(failed)
    }

    /// Gives all values back in order.
    ///
    /// # Errors
    /// If the temporary file cannot be read, or `each` fails.
    pub(crate) fn for_each(&mut self, mut each: impl FnMut(Value) -> Result<()>) -> Result<()> {
        self.values.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut reader = BufReader::new(&mut self.values);
        for _ in 0..self.rows {
            each(decode(&mut reader).map_err(failed)?)?;
        }
        Ok(())
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::io("cannot keep metadata in a temporary file", source)
}

/// A tag, then eight bytes: the number, or the length of the bytes that follow.
fn encode(value: &Value, out: &mut Vec<u8>) {
    let (tag, number, bytes): (u8, [u8; 8], &[u8]) = match value {
        Value::Null => (0, [0; 8], &[]),
        Value::Bool(value) => (1, u64::from(*value).to_ne_bytes(), &[]),
        Value::Int(value) => (2, value.to_ne_bytes(), &[]),
        Value::Real(value) => (3, value.to_ne_bytes(), &[]),
        Value::Text(text) => (4, (text.len() as u64).to_ne_bytes(), text.as_bytes()),
        Value::Blob(bytes) => (5, (bytes.len() as u64).to_ne_bytes(), bytes),
    };
    out.push(tag);
    out.extend_from_slice(&number);
    out.extend_from_slice(bytes);
}

fn decode(reader: &mut impl Read) -> std::io::Result<Value> {
    let mut head = [0; 9];
    reader.read_exact(&mut head)?;
    let number: [u8; 8] = head[1..].try_into().expect("eight of nine");
    let mut bytes = || {
        let mut bytes = vec![0; u64::from_ne_bytes(number) as usize];
        reader.read_exact(&mut bytes).map(|()| bytes)
    };
    Ok(match head[0] {
        0 => Value::Null,
        1 => Value::Bool(number != [0; 8]),
        2 => Value::Int(i64::from_ne_bytes(number)),
        3 => Value::Real(f64::from_ne_bytes(number)),
        4 => Value::text(String::from_utf8_lossy(&bytes()?)),
        _ => Value::Blob(bytes()?.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_order_from_memory_and_from_disk() {
        let info = ColumnInfo { name: "x".to_owned(), kind: ColumnKind::Mixed };
        let mut spool = ColumnSpool::new(&info);
        let long = "long text ".repeat(3_000);
        let values = [Value::Null, Value::Int(-3), Value::text(&*long), Value::Real(f64::MIN)];
        let column = Column { name: info.name, kind: info.kind, values: values.to_vec() };
        for _ in 0..50 {
            spool.append(&column).unwrap();
        }
        let mut read = Vec::new();
        spool
            .for_each(|value| {
                read.push(value);
                Ok(())
            })
            .unwrap();
        assert_eq!(read, vec![values; 50].concat());
        assert_eq!((spool.rows, spool.longest_chars, spool.has_nulls), (200, 30_000, true));
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        let info = ColumnInfo { name: "x".to_owned(), kind: ColumnKind::Int };
        let column = Column { name: "x".into(), kind: info.kind, values: vec![Value::text("a")] };
        let error = ColumnSpool::new(&info).append(&column).unwrap_err();
        assert!(error.to_string().contains("row 0"), "{error}");
    }
}
