//! A moment of a store as a matrix like that of a file, to walk over, convert and export.

use crate::read::{Moment, StoredVectors};
use crate::spec::StoredColumn;
use crate::sql::numbers::Rising;
use crate::sql::schema::ID;
use crate::{Store, error::sql};
use anear_formats::{Container, Entry, VectorSource};
use anear_types::{Block, Column, ColumnInfo, ColumnKind, Error, MatrixRef, Result, Schema, Value};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Some rows of a store at one moment.
pub struct View {
    entries: [Entry; 1],
    columns: Vec<StoredColumn>,
    vectors: StoredVectors,
    rows: Vec<u64>,
    moment: Mutex<Moment>,
}

impl View {
    /// All rows there are, or those of a list, rising.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn new(moment: Moment, rows: Option<Vec<u64>>) -> Result<View> {
        let columns = moment.columns()?;
        let vectors = moment.vectors()?;
        let rows = match rows {
            Some(rows) => rows,
            None => moment.live_rows()?,
        };
        if let Some(row) = rows.last().filter(|row| vectors.row(**row).is_none()) {
            return Err(moment.locate(Error::malformed(format!("row {row} has no vector"))));
        }
        let spec = &moment.inner().spec;
        let ids = moment.ids_kind()?.unwrap_or(ColumnKind::Int);
        let ids = ColumnInfo { name: ID.to_owned(), kind: ids };
        let schema = Schema {
            columns: std::iter::once(ids)
                .chain(columns.iter().map(|column| column.info.clone()))
                .collect(),
            ids: Some(0),
            metric: Some(spec.metric),
            attributes: attributes(&moment)?,
            ..Schema::matrix(spec.element, rows.len() as u64, spec.dim)
        };
        let entries = [Entry { name: String::new(), schema }];
        Ok(View { entries, columns, vectors, rows, moment: Mutex::new(moment) })
    }

    /// The numbers that the rows have in the store.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// Metadata columns; the id is none of them.
    pub fn columns(&self) -> &[StoredColumn] {
        &self.columns
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Rows there are now, or those of a list, as a matrix.
    ///
    /// # Errors
    /// If a file is missing or damaged.
    pub fn view(&self, rows: Option<Vec<u64>>) -> Result<View> {
        View::new(self.read()?, rows)
    }
}

impl Container for View {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        Ok(Box::new(Source { view: self, next: 0 }))
    }

    fn metadata(&self, _: usize, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let rows = &self.rows[rows.start as usize..rows.end as usize];
        let wanted: Vec<StoredColumn> = columns
            .iter()
            .filter_map(|column| column.checked_sub(1))
            .map(|column| self.columns[column].clone())
            .collect();
        let mut table = self.moment().table(rows, &wanted)?.into_iter();
        let ids = table.next();
        let pick = |column: &usize| match column {
            0 => ids.clone(),
            _ => table.next(),
        };
        Ok(columns.iter().filter_map(pick).collect())
    }
}

/// Walks over the rows of a view.
struct Source<'a> {
    view: &'a View,
    next: usize,
}

impl VectorSource for Source<'_> {
    fn schema(&self) -> &Schema {
        &self.view.entries[0].schema
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        let mut filled = 0;
        while block.spare_rows() > 0 && self.next < self.view.rows.len() {
            let row = self.view.rows[self.next];
            let vector = self.view.vectors.row(row).expect("every row of a view has a vector");
            block.push_row(vector);
            self.next += 1;
            filled += 1;
        }
        Ok(filled)
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next = row as usize;
        Ok(())
    }

    fn mapped(&self) -> Option<MatrixRef<'_>> {
        let mut parts = self.view.vectors.parts().filter(|(_, part)| part.rows() > 0);
        let (_, only) = parts.next()?;
        (parts.next().is_none() && only.rows() == self.view.rows.len()).then_some(only)
    }
}

/// Facts about the whole collection.
fn attributes(moment: &Moment) -> Result<Vec<(String, Value)>> {
    let query = "SELECT name, value FROM attributes ORDER BY name";
    let read = moment.connection().prepare_cached(query).and_then(|mut statement| {
        let mut names = Rising::new();
        let rows = statement.query_map([], |row| {
            let value = anear_formats::sqlite::values::from_sqlite(row.get_ref(1)?, None);
            Ok((names.next(row, 0)?, value))
        })?;
        rows.collect::<rusqlite::Result<_>>()
    });
    read.map_err(|error| moment.locate(sql(error)))
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({} rows)", self.rows.len())
    }
}
