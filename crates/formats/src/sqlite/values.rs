//! Metadata values to and from SQLite's.

use anear_types::{ColumnKind, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value of a cell, as its column's kind wants it: SQLite has no booleans, they are 0 and 1.
/// Text that is not valid gets replacement characters.
pub fn from_sqlite(value: ValueRef<'_>, kind: Option<ColumnKind>) -> Value {
    match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Integer(flag @ (0 | 1)), Some(ColumnKind::Bool)) => Value::Bool(flag == 1),
        (ValueRef::Integer(number), _) => Value::Int(number),
        (ValueRef::Real(number), _) => Value::Real(number),
        (ValueRef::Text(text), _) => Value::text(String::from_utf8_lossy(text)),
        (ValueRef::Blob(bytes), _) => Value::Blob(bytes.into()),
    }
}

/// A value to be bound to a parameter.
pub fn to_sqlite(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
        Value::Int(number) => ValueRef::Integer(*number),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

/// The type to declare for a column.
pub fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "BOOLEAN",
        ColumnKind::Int => "INTEGER",
        ColumnKind::Real => "REAL",
        ColumnKind::Text => "TEXT",
        ColumnKind::Blob => "BLOB",
        ColumnKind::Mixed => "",
    }
}

/// The kind of a column by its declared type and its values, as far as seen.
pub fn kind_of(declared: Option<ColumnKind>, values: &[Value]) -> ColumnKind {
    let found = values.iter().filter_map(Value::kind).reduce(ColumnKind::join);
    match (declared, found) {
        (Some(declared), None) => declared,
        // A column without a type holds anything; what was seen so far is the best guess.
        (None, None) => ColumnKind::Mixed,
        (None, Some(found)) => found,
        (Some(ColumnKind::Bool), Some(ColumnKind::Int)) => {
            let flags = values.iter().all(|v| matches!(v, Value::Null | Value::Int(0 | 1)));
            if flags { ColumnKind::Bool } else { ColumnKind::Int }
        }
        (Some(declared), Some(found)) => declared.join(found),
    }
}

/// The kind of a column that was said to be of `kind`, now that these values are known: rows
/// behind those that were sampled may hold anything.
pub fn kind_with(kind: ColumnKind, values: &[Value]) -> ColumnKind {
    match values.iter().filter_map(Value::kind).reduce(ColumnKind::join) {
        None => kind,
        Some(found) if kind.join(found) == kind => kind,
        Some(_) => ColumnKind::Mixed,
    }
}
