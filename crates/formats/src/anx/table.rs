//! The metadata inside an `.anx` file: which columns there are, and their values.
//!
//! The section `columns`; all numbers are little-endian, a text is its length in bytes (u32) and
//! UTF-8, a value is described in [`value`](super::value):
//!
//! | bytes | field |
//! | --- | --- |
//! | 4 | number of columns, u32 |
//! | for each | its name, text, and its kind, text |
//! | 4 | which column holds the ids, counted from 1; 0 for none, u32 |
//! | 4 | number of attributes, u32 |
//! | for each | its name, text, and its value |
//!
//! The values of the column at position `N` are in up to three sections:
//!
//! | section | holds |
//! | --- | --- |
//! | `column.N` | bool: a byte a row; int: i64 a row; real: f64 a row; text, blob: bytes of all rows, joined; mixed: values of all rows, joined |
//! | `column.N.ends` | text, blob, mixed: for each row where its bytes end, u64 |
//! | `column.N.nulls` | a bit a row, lowest first, 1 for null; missing when no row is null |

use super::value;
use anear_io::{Cursor, Segment};
use anear_types::{Column, ColumnInfo, ColumnKind, Error, Limits, Result, Value};
use std::ops::Range;

/// The section that describes the columns.
pub(super) const COLUMNS: &str = "columns";

/// The names of the sections of a column: values, ends, nulls.
pub(super) fn section_names(position: usize) -> [String; 3] {
    ["", ".ends", ".nulls"].map(|part| format!("column.{position}{part}"))
}

/// How the values of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// So many bytes a row.
    Fixed(u64),
    /// Joined, with a list of ends.
    Joined,
}

pub(super) fn layout(kind: ColumnKind) -> Layout {
    match kind {
        ColumnKind::Bool => Layout::Fixed(1),
        ColumnKind::Int | ColumnKind::Real => Layout::Fixed(8),
        ColumnKind::Text | ColumnKind::Blob | ColumnKind::Mixed => Layout::Joined,
    }
}

/// The metadata columns of an `.anx` file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names and kinds.
    pub columns: Vec<ColumnInfo>,
    /// Which column holds the ids.
    pub ids: Option<usize>,
    /// Facts about the whole index.
    pub attributes: Vec<(String, Value)>,
}

impl Table {
    /// Reads which columns a file has, and checks that the values of `rows` rows are there.
    ///
    /// # Errors
    /// If the description is damaged or the sections are not as long as they should be.
    pub fn read(segment: &Segment, rows: u64, limits: &Limits) -> Result<Table> {
        let Some(bytes) = segment.get(COLUMNS) else { return Ok(Table::default()) };
        if bytes.len() as u64 > limits.header_bytes {
            return Err(Error::limit(format!("section {COLUMNS} has {} bytes", bytes.len())));
        }
        let table = parse(&mut Cursor::new(bytes)).map_err(|error| error.at_entry(COLUMNS))?;
        for position in 0..table.columns.len() {
            table.check_sections(segment, position, rows)?;
        }
        Ok(table)
    }

    fn check_sections(&self, segment: &Segment, position: usize, rows: u64) -> Result<()> {
        let [values, ends, nulls] = section_names(position);
        let check = |name: &str, length: usize, bytes_per_row: u64| {
            let expected = rows.checked_mul(bytes_per_row);
            if expected == Some(length as u64) {
                return Ok(());
            }
            let what = format!("section {name} has {length} bytes for {rows} rows");
            Err(Error::malformed(what).at_entry(&self.columns[position].name))
        };
        match layout(self.columns[position].kind) {
            Layout::Fixed(bytes) => check(&values, segment.require(&values)?.len(), bytes)?,
            Layout::Joined => {
                segment.require(&values)?;
                check(&ends, segment.require(&ends)?.len(), 8)?;
            }
        }
        match segment.get(&nulls) {
            Some(bits) if bits.len() as u64 != rows.div_ceil(8) => check(&nulls, bits.len(), 0),
            _ => Ok(()),
        }
    }

    /// Values of one column for some rows.
    ///
    /// # Errors
    /// If they are damaged.
    ///
    /// # Panics
    /// If there is no such column or row, or the table is that of another file.
    pub fn column(&self, segment: &Segment, position: usize, rows: Range<u64>) -> Result<Column> {
        let info = &self.columns[position];
        let stored = Stored::new(segment, position);
        let value = |row: u64| {
            let value = stored.value(info.kind, row as usize);
            value.map_err(|error| error.at_row(row).at_entry(&info.name))
        };
        let values = rows.map(value).collect::<Result<Vec<Value>>>()?;
        Ok(Column { name: info.name.clone(), kind: info.kind, values })
    }
}

/// The sections of a column, whose lengths were checked.
struct Stored<'a> {
    values: &'a [u8],
    ends: &'a [u8],
    nulls: Option<&'a [u8]>,
}

impl<'a> Stored<'a> {
    fn new(segment: &'a Segment, position: usize) -> Stored<'a> {
        let [values, ends, nulls] = section_names(position).map(|name| segment.get(&name));
        let values = values.expect("the sections were checked");
        Stored { values, ends: ends.unwrap_or_default(), nulls }
    }

    fn value(&self, kind: ColumnKind, row: usize) -> Result<Value> {
        if self.nulls.is_some_and(|nulls| nulls[row / 8] >> (row % 8) & 1 == 1) {
            return Ok(Value::Null);
        }
        Ok(match kind {
            ColumnKind::Bool => Value::Bool(self.values[row] != 0),
            ColumnKind::Int => Value::Int(i64::from_le_bytes(eight(self.values, row))),
            ColumnKind::Real => Value::Real(f64::from_le_bytes(eight(self.values, row))),
            ColumnKind::Text => match std::str::from_utf8(self.joined(row)?) {
                Ok(text) => Value::text(text),
                Err(_) => return Err(Error::malformed("a text is not UTF-8")),
            },
            ColumnKind::Blob => Value::Blob(self.joined(row)?.into()),
            ColumnKind::Mixed => value::decode(&mut Cursor::new(self.joined(row)?))?,
        })
    }

    /// The bytes of a row among joined ones.
    fn joined(&self, row: usize) -> Result<&'a [u8]> {
        let end = |row: usize| u64::from_le_bytes(eight(self.ends, row));
        let (start, end) = (if row == 0 { 0 } else { end(row - 1) }, end(row));
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        range.and_then(|(start, end)| self.values.get(start..end)).ok_or_else(|| {
            let length = self.values.len();
            Error::malformed(format!("a value lies at bytes {start} to {end} of {length}"))
        })
    }
}

fn eight(bytes: &[u8], position: usize) -> [u8; 8] {
    bytes[8 * position..8 * position + 8].try_into().expect("eight bytes")
}

fn parse(cursor: &mut Cursor<'_>) -> Result<Table> {
    let mut table = Table::default();
    for _ in 0..cursor.u32("the number of columns")? {
        let name = text(cursor, "a column's name")?;
        let kind = text(cursor, "a column's kind")?;
        let kind = ColumnKind::from_name(&kind)
            .ok_or_else(|| Error::unsupported(format!("a column of the unknown kind {kind:?}")))?;
        table.columns.push(ColumnInfo { name, kind });
    }
    let ids = cursor.u32("the position of the ids")? as usize;
    if ids > table.columns.len() {
        let columns = table.columns.len();
        return Err(Error::malformed(format!("the ids are column {ids} of {columns}")));
    }
    table.ids = ids.checked_sub(1);
    for _ in 0..cursor.u32("the number of attributes")? {
        let name = text(cursor, "an attribute's name")?;
        table.attributes.push((name, value::decode(cursor)?));
    }
    Ok(table)
}

fn text(cursor: &mut Cursor<'_>, what: &str) -> Result<String> {
    let length = cursor.u32(what)?;
    let bytes = cursor.take(u64::from(length), what)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::malformed(format!("{what} is not UTF-8")))
}
