//! The two files as one: vectors from the index, everything else from the pickle.

use super::budget::Budget;
use super::docstore::{Row, rows_of};
use super::table::Table;
use crate::columns::ids_column;
use crate::pickle::{Arena, Pickle, load};
use crate::{Container, Entry, IndexInfo, ReadOptions, VectorSource};
use anear_io::Input;
use anear_types::{Column, Result, Schema, Value};
use std::ops::Range;

pub(super) struct Folder {
    vectors: Box<dyn Container>,
    pickle: Input,
    arena: Arena,
    rows: Vec<Row>,
    table: Table,
    entries: [Entry; 1],
}

impl Folder {
    /// `vectors` has one entry.
    pub(super) fn open(
        vectors: Box<dyn Container>,
        pickle: Input,
        name: &str,
        options: &ReadOptions,
    ) -> Result<Folder> {
        let loaded = load(pickle.bytes(), pickle.len(), &options.limits)?;
        let tree = Pickle::new(&loaded.arena, pickle.bytes());
        let budget = || Budget::new(pickle.len(), &options.limits);
        let rows = rows_of(&tree, loaded.root, &numbers(&*vectors)?, &mut budget())?;
        let table = Table::survey(&tree, &rows, budget(), &options.limits)?;
        let columns = table.columns.clone();
        let ids = ids_column(&columns, options);
        let schema = Schema { columns, ids, ..vectors.entries()[0].schema.clone() };
        let entries = [Entry { name: name.to_owned(), schema }];
        Ok(Folder { vectors, arena: loaded.arena, pickle, rows, table, entries })
    }
}

/// What the index calls its rows.
fn numbers(vectors: &dyn Container) -> Result<Vec<i64>> {
    let schema = &vectors.entries()[0].schema;
    if schema.columns.is_empty() {
        return Ok((0..schema.rows as i64).collect());
    }
    let ids = vectors.metadata(0, &[0], 0..schema.rows)?.remove(0);
    let number = |id| match id {
        Value::Int(number) => number,
        other => unreachable!("{other:?} as an id of FAISS"),
    };
    Ok(ids.values.into_iter().map(number).collect())
}

impl Container for Folder {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        self.vectors.rows(entry)
    }

    fn metadata(&self, _: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let pickle = Pickle::new(&self.arena, self.pickle.bytes());
        let first_row = rows.start;
        let rows = &self.rows[rows.start as usize..rows.end as usize];
        let read = self.table.read(&pickle, rows, columns);
        read.map_err(|error| error.at_path(self.pickle.path()).at_row(first_row))
    }

    fn index(&self) -> Option<&IndexInfo> {
        self.vectors.index()
    }
}
