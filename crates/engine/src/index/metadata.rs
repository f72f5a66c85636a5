//! Metadata columns that go with the rows of an index: from where it was built, or in its file.

use super::Ids;
use crate::Result;
use anear_formats::anx::Table;
use anear_io::Segment;
use anear_types::{Column, ColumnInfo, ColumnKind, Value};
use std::ops::Range;

/// The columns, and their values for the rows the index began with.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) table: Table,
    pub(super) rows: u64,
    values: Values,
}

#[derive(Debug)]
enum Values {
    InMemory(Vec<Column>),
    InFile(Segment),
}

impl Default for Values {
    fn default() -> Values {
        Values::InMemory(Vec::new())
    }
}

impl Kept {
    pub(super) fn in_memory(table: Table, columns: Vec<Column>, rows: u64) -> Kept {
        Kept { table, rows, values: Values::InMemory(columns) }
    }

    pub(super) fn in_file(table: Table, segment: Segment, rows: u64) -> Kept {
        Kept { table, rows, values: Values::InFile(segment) }
    }

    /// No columns but one for ids that are held elsewhere.
    pub(super) fn ids_only(kind: ColumnKind) -> Kept {
        let mut kept = Kept::default();
        kept.name_ids(kind);
        kept
    }

    /// Adds a column for ids that are held elsewhere.
    pub(super) fn name_ids(&mut self, kind: ColumnKind) {
        add_ids(&mut self.table, kind);
    }

    pub(super) fn columns(&self) -> &[ColumnInfo] {
        &self.table.columns
    }

    pub(super) fn attributes(&self) -> &[(String, Value)] {
        &self.table.attributes
    }

    /// The ids, as the column of them has them.
    pub(super) fn read_ids(&self) -> Result<Ids> {
        let ids = self.table.ids.expect("only called where there are some");
        Ids::from_column(&self.read(ids, 0..self.rows)?)
    }

    /// Values of a column for some of the rows the index began with.
    pub(super) fn read(&self, position: usize, rows: Range<u64>) -> Result<Column> {
        match &self.values {
            Values::InFile(segment) => self
                .table
                .column(segment, position, rows)
                .map_err(|error| error.at_path(segment.input().path())),
            Values::InMemory(columns) => {
                let Column { name, kind, values } = &columns[position];
                let values = values[rows.start as usize..rows.end as usize].to_vec();
                Ok(Column { name: name.clone(), kind: *kind, values })
            }
        }
    }
}

/// Adds a column for ids to a table that has none, under a name that is free.
pub(super) fn add_ids(table: &mut Table, kind: ColumnKind) {
    let is_free = |name: &String| table.columns.iter().all(|column| column.name != *name);
    let names = std::iter::once("id".to_owned()).chain((2..).map(|n| format!("id {n}")));
    let name = names.into_iter().find(is_free).expect("names do not end");
    table.ids = Some(table.columns.len());
    table.columns.push(ColumnInfo { name, kind });
}
