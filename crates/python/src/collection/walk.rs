//! Going through the rows of a collection, batch by batch.

use super::shown::Shown;
use crate::error::Result;
use crate::memory::{Memory, widened};
use crate::values::ids_to_python;
use anear::{Block, CollectionColumn, Column, Error, Ids, Vectors};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Mutex, PoisonError};

/// The rows there were when this was made, from the first to the last.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Walk {
    /// Locked only while the interpreter lock is released.
    state: Mutex<State>,
    shown: Vec<CollectionColumn>,
}

struct State {
    vectors: Vectors,
    /// The positions of the columns to show, and of the ids, behind them.
    columns: Vec<usize>,
    next: u64,
}

/// Rows that were read.
struct Part {
    ids: Ids,
    vectors: Option<Block>,
    columns: Vec<Column>,
}

impl Walk {
    /// Over all rows of a view of a collection with these columns; `names` are those to show.
    pub(super) fn over(
        vectors: Vectors,
        mut shown: Vec<CollectionColumn>,
        names: Option<&[String]>,
    ) -> anear::Result<Walk> {
        if let Some(names) = names {
            let find = |name: &String| {
                let found = shown.iter().find(|column| column.info.name == *name);
                found.cloned().ok_or_else(|| unknown(name, &shown).at_path(vectors.path()))
            };
            shown = names.iter().map(find).collect::<anear::Result<_>>()?;
        }
        let schema = vectors.schema();
        let position = |column: &CollectionColumn| {
            schema.column(&column.info.name).expect("columns stay, once there")
        };
        let ids = schema.ids.expect("a collection has ids");
        let columns = shown.iter().map(position).chain([ids]).collect();
        Ok(Walk { state: Mutex::new(State { vectors, columns, next: 0 }), shown })
    }
}

fn unknown(name: &str, columns: &[CollectionColumn]) -> Error {
    let known: Vec<&str> = columns.iter().map(|column| column.info.name.as_str()).collect();
    Error::usage(format!("there is no metadata column {name:?}"))
        .help(format!("the columns are: {}", known.join(", ")))
}

impl State {
    /// The next rows, at most so many; `None` at the end.
    fn read(&mut self, rows: u64, with_vectors: bool) -> anear::Result<Option<Part>> {
        let end = self.vectors.schema().rows.min(self.next.saturating_add(rows));
        let range = self.next..end;
        if range.is_empty() {
            return Ok(None);
        }
        let mut columns = self.vectors.metadata(&self.columns, range.clone())?;
        let ids = columns.pop().map(|ids| Ids::from_column(&ids)).expect("the last one")?;
        let vectors = match with_vectors {
            true => {
                let block = self.vectors.read(range)?;
                Some(widened(block.matrix())?.unwrap_or(block))
            }
            false => None,
        };
        self.next = end;
        Ok(Some(Part { ids, vectors, columns }))
    }
}

#[pymethods]
impl Walk {
    /// `(ids, vectors, metadata)` of the next rows, at most so many; `None` at the end.
    #[expect(clippy::type_complexity, reason = "the fields of `Rows` in Python")]
    fn next<'py>(
        &self,
        py: Python<'py>,
        rows: u64,
        with_vectors: bool,
    ) -> Result<Option<(Bound<'py, PyAny>, Option<Memory>, Bound<'py, PyDict>)>> {
        let part = py.detach(|| {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).read(rows, with_vectors)
        })?;
        let Some(Part { ids, vectors, columns }) = part else { return Ok(None) };
        let metadata = Shown(&self.shown).columns_to_python(py, &columns)?;
        Ok(Some((ids_to_python(py, ids)?, vectors.map(Memory::block), metadata)))
    }

    /// Name and kind of each metadata column.
    fn kinds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Shown(&self.shown).kinds(py)
    }
}
