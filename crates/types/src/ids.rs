//! What users call rows.

use crate::{Column, ColumnKind, Error, Result, Value};

/// Ids of rows, in the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Integers.
    Ints(Vec<i64>),
    /// Texts.
    Texts(Vec<Box<str>>),
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Ids::Ints(ids) => ids.len(),
            Ids::Texts(ids) => ids.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id at a position.
    ///
    /// # Panics
    /// If there is no such position.
    pub fn get(&self, position: usize) -> Value {
        match self {
            Ids::Ints(ids) => Value::Int(ids[position]),
            Ids::Texts(ids) => Value::Text(ids[position].clone()),
        }
    }

    /// What the ids are, as values of a column.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Ids::Ints(_) => ColumnKind::Int,
            Ids::Texts(_) => ColumnKind::Text,
        }
    }

    /// The values of a metadata column as ids.
    ///
    /// # Errors
    /// [`BadData`](crate::ErrorKind::BadData) that names the first row whose value is no id, or not
    /// of the kind of the first.
    pub fn from_column(column: &Column) -> Result<Ids> {
        let are_ints = match column.values.first() {
            Some(first) => matches!(first, Value::Int(_)),
            None => column.kind == ColumnKind::Int,
        };
        let unfit = |row: usize, value: &Value| {
            let found = value.kind().map_or("null", ColumnKind::name);
            let name = &column.name;
            Error::bad_data(format!("an id is {found}; ids are all integers or all text"))
                .at_row(row as u64)
                .help(format!("the ids are in the column {name:?}; --ids names another"))
        };
        let values = column.values.iter().enumerate();
        if are_ints {
            let int = |(row, value): (usize, &Value)| match value {
                Value::Int(id) => Ok(*id),
                other => Err(unfit(row, other)),
            };
            return values.map(int).collect::<Result<_>>().map(Ids::Ints);
        }
        let text = |(row, value): (usize, &Value)| match value {
            Value::Text(id) => Ok(id.clone()),
            other => Err(unfit(row, other)),
        };
        values.map(text).collect::<Result<_>>().map(Ids::Texts)
    }
}

impl From<Vec<i64>> for Ids {
    fn from(ids: Vec<i64>) -> Ids {
        Ids::Ints(ids)
    }
}

impl From<Vec<String>> for Ids {
    fn from(ids: Vec<String>) -> Ids {
        Ids::Texts(ids.into_iter().map(String::into_boxed_str).collect())
    }
}
