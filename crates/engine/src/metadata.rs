//! The metadata of a matrix: its own columns, and those of a second file laid beside it.

use crate::vectors::GAP_ROWS;
use crate::{Error, OpenOptions, Result, Vectors};
use anear_types::{Column, ColumnInfo, Value};
use std::collections::HashMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The metadata columns that go with a matrix.
pub struct Metadata<'a> {
    vectors: &'a Vectors,
    beside: Option<Beside>,
}

/// Columns from another file.
struct Beside {
    table: Vectors,
    /// The row of the table for each row of the matrix, where they do not simply correspond.
    rows: Option<Vec<Option<u64>>>,
}

/// The file that keeps the metadata of `path` when the format of `path` cannot.
pub fn sidecar_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".meta.jsonl");
    name.into()
}

impl<'a> Metadata<'a> {
    /// The metadata of `vectors`: its own columns, and those of the file `beside` (or of the
    /// sidecar that [`convert`](crate::convert) writes, when there is one and `beside` is `None`).
    /// Rows of the two correspond by position, or by id when both have ids and differ in number.
    ///
    /// # Errors
    /// If the second file cannot be opened or its rows do not correspond.
    pub fn of(
        vectors: &'a Vectors,
        beside: Option<&Path>,
        options: &OpenOptions,
    ) -> Result<Metadata<'a>> {
        let sidecar = sidecar_path(vectors.path());
        let path = match beside {
            Some(path) => Some(path),
            None => sidecar.is_file().then_some(sidecar.as_path()),
        };
        let Some(path) = path else { return Ok(Metadata { vectors, beside: None }) };
        let options = OpenOptions { tables: true, ..options.clone() };
        let table = Vectors::open(path, &options)?;
        let rows = correspond(vectors, &table)?;
        Ok(Metadata { vectors, beside: Some(Beside { table, rows }) })
    }

    /// All columns; of two with one name, that of the second file.
    pub fn columns(&self) -> Vec<ColumnInfo> {
        let mut columns = Vec::new();
        if let Some(beside) = &self.beside {
            columns.extend(beside.table.schema().columns.iter().cloned());
        }
        for own in &self.vectors.schema().columns {
            if !columns.iter().any(|column: &ColumnInfo| column.name == own.name) {
                columns.push(own.clone());
            }
        }
        columns
    }

    /// The column that holds the ids, if any.
    pub fn ids(&self) -> Option<&str> {
        let of = |vectors: &'_ Vectors| vectors.schema().ids;
        if let Some(ids) = of(self.vectors) {
            return Some(&self.vectors.schema().columns[ids].name);
        }
        let table = &self.beside.as_ref()?.table;
        of(table).map(|ids| table.schema().columns[ids].name.as_str())
    }

    /// Facts about the whole matrix.
    pub fn attributes(&self) -> Vec<(String, Value)> {
        let mut attributes = self.vectors.schema().attributes.clone();
        if let Some(beside) = &self.beside {
            attributes.extend(beside.table.schema().attributes.iter().cloned());
        }
        attributes
    }

    /// Checks that there are columns of these names.
    ///
    /// # Errors
    /// A usage error that lists the columns there are.
    pub fn check_names(&self, names: &[String]) -> Result<()> {
        let columns = self.columns();
        match names.iter().find(|name| !columns.iter().any(|column| column.name == **name)) {
            None => Ok(()),
            Some(missing) => {
                let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                let error = Error::usage(format!("there is no metadata column {missing:?}"));
                let error = error.at_path(self.vectors.path());
                Err(if known.is_empty() {
                    error.help("the file has no metadata; --meta FILE lays some beside it")
                } else {
                    error.help(format!("the columns are: {}", known.join(", ")))
                })
            }
        }
    }

    /// Values of the named columns for a range of rows.
    ///
    /// # Errors
    /// If the metadata is damaged.
    ///
    /// # Panics
    /// If there is no such column or row.
    pub fn read(&self, names: &[&str], rows: Range<u64>) -> Result<Vec<Column>> {
        let mut from_own = Vec::new();
        let mut from_beside = Vec::new();
        for name in names {
            let beside = self.beside.as_ref().and_then(|beside| beside.table.schema().column(name));
            match beside {
                Some(column) => from_beside.push(column),
                None => {
                    let own = self.vectors.schema().column(name);
                    from_own.push(own.expect("names were checked"));
                }
            }
        }
        let mut found = self.vectors.metadata(&from_own, rows.clone())?;
        if let Some(beside) = &self.beside {
            found.extend(beside.read(&from_beside, rows)?);
        }
        let position = |column: &Column| names.iter().position(|name| *name == column.name);
        found.sort_by_key(position);
        Ok(found)
    }

    /// Values of the named columns for some rows, in ascending order and without repeats.
    ///
    /// # Errors
    /// If the metadata is damaged.
    pub fn gather(&self, names: &[&str], rows: &[u64]) -> Result<HashMap<u64, Vec<Value>>> {
        let mut found = HashMap::new();
        for cluster in rows.chunk_by(|a, b| b - a <= GAP_ROWS) {
            let (first, last) = (cluster[0], cluster[cluster.len() - 1]);
            let columns = self.read(names, first..last + 1)?;
            for row in cluster {
                let at = (row - first) as usize;
                found
                    .insert(*row, columns.iter().map(|column| column.values[at].clone()).collect());
            }
        }
        Ok(found)
    }
}

impl Beside {
    fn read(&self, columns: &[usize], rows: Range<u64>) -> Result<Vec<Column>> {
        let Some(map) = &self.rows else { return self.table.metadata(columns, rows) };
        let all = self.table.metadata(columns, 0..self.table.schema().rows)?;
        let wanted = &map[rows.start as usize..rows.end as usize];
        let pick = |column: Column| {
            let value = |row: &Option<u64>| row.map(|row| column.values[row as usize].clone());
            let values = wanted.iter().map(|row| value(row).unwrap_or(Value::Null)).collect();
            Column { name: column.name.clone(), kind: column.kind, values }
        };
        Ok(all.into_iter().map(pick).collect())
    }
}

/// The row of `table` for each row of `vectors`; `None` when they correspond by position.
fn correspond(vectors: &Vectors, table: &Vectors) -> Result<Option<Vec<Option<u64>>>> {
    let (rows, table_rows) = (vectors.schema().rows, table.schema().rows);
    if rows == table_rows {
        return Ok(None);
    }
    let (Some(ids), Some(table_ids)) = (vectors.schema().ids, table.schema().ids) else {
        let what = format!("{table_rows} rows of metadata for {rows} vectors");
        return Err(Error::bad_data(what)
            .at_path(table.path())
            .help("give as many rows, in the same order, or a column 'id' on both sides"));
    };
    let table_ids = table.metadata(&[table_ids], 0..table_rows)?;
    let by_id: HashMap<String, u64> =
        table_ids[0].values.iter().map(Value::to_string).zip(0..).collect();
    let ids = vectors.metadata(&[ids], 0..rows)?;
    Ok(Some(ids[0].values.iter().map(|id| by_id.get(&id.to_string()).copied()).collect()))
}
