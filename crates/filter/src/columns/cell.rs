//! One value on its way into a column.

use anear_types::Value;

/// A value as SQLite gives it, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// The bytes of a text, whether they are valid UTF-8 or not.
    Text(&'a [u8]),
    /// Bytes, which no column in memory holds.
    Blob,
}

impl<'a> From<&'a Value> for Cell<'a> {
    /// The value as SQLite stores it: it has no booleans, they are 0 and 1.
    fn from(value: &'a Value) -> Cell<'a> {
        match value {
            Value::Null => Cell::Null,
            Value::Bool(flag) => Cell::Int(i64::from(*flag)),
            Value::Int(number) => Cell::Int(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text.as_bytes()),
            Value::Blob(_) => Cell::Blob,
        }
    }
}
