//! The first pass over a file of records.

use super::{Dialect, Field, numbers::needs_f64};
use anear_types::{ColumnInfo, ColumnKind, Error, Result, Value};
use std::collections::HashMap;

/// The most metadata columns a file may have: one a record would take time without end.
const MAX_COLUMNS: usize = 4_096;

/// What all records seen so far have in common.
#[derive(Default)]
pub(super) struct Survey {
    /// Components in a row.
    pub(super) dim: Option<usize>,
    /// Whether any number needs more than an f32.
    pub(super) needs_f64: bool,
    columns: Vec<Column>,
    by_name: HashMap<String, usize>,
}

#[derive(Clone)]
struct Column {
    name: String,
    kind: Option<ColumnKind>,
    /// Whether any value is text without a mark that it is: then all are text.
    loose_text: bool,
}

impl Survey {
    /// Takes note of a record.
    ///
    /// # Errors
    /// If it is damaged or its vector differs in dimension from those before.
    pub(super) fn note(&mut self, dialect: &impl Dialect, record: &[u8]) -> Result<()> {
        if dialect.has_vectors() {
            self.note_vector(dialect, record)?;
        } else {
            self.dim = Some(0);
        }
        dialect.fields(record, &mut |name, field| self.note_field(name, &field))?;
        if self.columns.len() > MAX_COLUMNS {
            return Err(Error::limit(format!("more than {MAX_COLUMNS} different fields")));
        }
        Ok(())
    }

    fn note_vector(&mut self, dialect: &impl Dialect, record: &[u8]) -> Result<()> {
        let mut count = 0;
        let mut f64_needed = self.needs_f64;
        dialect.components(record, &mut |text| {
            count += 1;
            f64_needed = needs_f64(text)? || f64_needed;
            Ok(())
        })?;
        self.needs_f64 = f64_needed;
        self.note_dim(count)
    }

    fn note_dim(&mut self, count: usize) -> Result<()> {
        match self.dim {
            _ if count == 0 => Err(Error::bad_data("the vector has no components")),
            Some(dim) if dim != count => Err(Error::bad_data(format!(
                "a vector of {count} components among vectors of {dim}"
            ))),
            _ => {
                self.dim = Some(count);
                Ok(())
            }
        }
    }

    fn note_field(&mut self, name: &str, field: &Field) {
        let is_text = matches!(field.value, Value::Text(_));
        let column = Column {
            name: name.to_owned(),
            kind: field.value.kind(),
            loose_text: is_text && field.loose.is_some(),
        };
        self.join(column);
    }

    fn join(&mut self, new: Column) {
        let Some(position) = self.by_name.get(&new.name) else {
            if self.columns.len() <= MAX_COLUMNS {
                self.by_name.insert(new.name.clone(), self.columns.len());
                self.columns.push(new);
            }
            return;
        };
        let column = &mut self.columns[*position];
        column.kind = match (column.kind, new.kind) {
            (Some(old), Some(new)) => Some(old.join(new)),
            (old, new) => old.or(new),
        };
        column.loose_text |= new.loose_text;
    }

    /// Adds what was noted of later records.
    ///
    /// # Errors
    /// If they have another dimension.
    pub(super) fn merge(&mut self, later: Survey) -> Result<()> {
        match later.dim {
            None | Some(0) => self.dim = self.dim.or(later.dim),
            Some(dim) => self.note_dim(dim)?,
        }
        self.needs_f64 |= later.needs_f64;
        later.columns.into_iter().for_each(|column| self.join(column));
        Ok(())
    }

    /// The metadata columns, in order of appearance.
    pub(super) fn columns(&self) -> Vec<ColumnInfo> {
        let info = |column: &Column| ColumnInfo {
            name: column.name.clone(),
            kind: match column.kind {
                _ if column.loose_text => ColumnKind::Text,
                kind => kind.unwrap_or(ColumnKind::Text),
            },
        };
        self.columns.iter().map(info).collect()
    }
}
