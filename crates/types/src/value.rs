//! Metadata: one value a row and column, with the types that SQLite, JSON and Parquet share.

/// One metadata value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Blob(Box<[u8]>),
}

/// What the values of a column are; any may also be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// True or false.
    Bool,
    /// Integers.
    Int,
    /// Numbers with a fraction.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// Values of several kinds, as SQLite allows.
    Mixed,
}

/// A metadata column with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// One value a row.
    pub values: Vec<Value>,
}

impl Value {
    /// Text.
    pub fn text(text: impl Into<Box<str>>) -> Value {
        Value::Text(text.into())
    }

    /// The kind of this value; `None` for null.
    pub fn kind(&self) -> Option<ColumnKind> {
        match self {
            Value::Null => None,
            Value::Bool(_) => Some(ColumnKind::Bool),
            Value::Int(_) => Some(ColumnKind::Int),
            Value::Real(_) => Some(ColumnKind::Real),
            Value::Text(_) => Some(ColumnKind::Text),
            Value::Blob(_) => Some(ColumnKind::Blob),
        }
    }
}

impl ColumnKind {
    /// The name shown to users.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnKind::Bool => "bool",
            ColumnKind::Int => "int",
            ColumnKind::Real => "real",
            ColumnKind::Text => "text",
            ColumnKind::Blob => "blob",
            ColumnKind::Mixed => "mixed",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<ColumnKind> {
        use ColumnKind::{Blob, Bool, Int, Mixed, Real, Text};
        [Bool, Int, Real, Text, Blob, Mixed].into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a column with values of both kinds: integers and reals are reals, else mixed.
    #[must_use]
    pub fn join(self, other: ColumnKind) -> ColumnKind {
        use ColumnKind::{Int, Mixed, Real};
        match (self, other) {
            (a, b) if a == b => a,
            (Int, Real) | (Real, Int) => Real,
            _ => Mixed,
        }
    }

    /// The kind of a column with these values; text when all are null.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a Value>) -> ColumnKind {
        values
            .into_iter()
            .filter_map(Value::kind)
            .reduce(ColumnKind::join)
            .unwrap_or(ColumnKind::Text)
    }
}

impl std::fmt::Display for Value {
    /// Plain text for people: no quotes, bytes by their number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Real(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
            Value::Blob(value) => write!(f, "<{} bytes>", value.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_column_covers_its_values() {
        let values = [Value::Int(1), Value::Null, Value::Real(0.5)];
        assert_eq!(ColumnKind::of(&values), ColumnKind::Real);
        assert_eq!(ColumnKind::of(&[Value::Int(1), Value::text("a")]), ColumnKind::Mixed);
        assert_eq!(ColumnKind::of(&[Value::Null]), ColumnKind::Text);
    }
}
