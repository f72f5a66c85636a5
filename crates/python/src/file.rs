//! An open vector file. `python/anear/_vectors.py` makes `anear.Vectors` of it.

use crate::error::Result;
use crate::given::Given;
use crate::memory::{Memory, widened};
use crate::options;
use crate::values::{column_to_python, value_to_python};
use anear::{Block, Error, Metadata, Metric, OpenOptions, Schema, Silent, Vectors};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// An open vector file.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct File {
    /// Taken only while the interpreter lock is released, so that the two never wait for each
    /// other. `None` once closed.
    vectors: Mutex<Option<Vectors>>,
    options: OpenOptions,
    path: PathBuf,
    format: &'static str,
    entry: String,
    entries: Vec<String>,
    schema: Schema,
}

impl File {
    /// Does something with the open file; not to be called with the interpreter lock held.
    pub(crate) fn locked<T>(
        &self,
        work: impl FnOnce(&Vectors) -> anear::Result<T>,
    ) -> anear::Result<T> {
        let vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        work(vectors.as_ref().ok_or_else(|| closed(&self.path))?)
    }

    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Vectors) -> anear::Result<T> + Send,
    ) -> Result<T> {
        Ok(py.detach(|| self.locked(work))?)
    }

    /// How the file was opened.
    pub(crate) fn options(&self) -> &OpenOptions {
        &self.options
    }

    /// What is in it.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// All rows in the pages of the file, where they can be used there.
    pub(crate) fn rows_in_place<'py>(&self, py: Python<'py>) -> Result<Option<Given<'py>>> {
        Ok(self.with(py, Vectors::mapped)?.map(Given::Mapped))
    }

    /// All rows, in place where the file allows it.
    pub(crate) fn all_rows<'py>(&self, py: Python<'py>) -> Result<Given<'py>> {
        match self.rows_in_place(py)? {
            Some(rows) => Ok(rows),
            None => Ok(Given::Read(self.with(py, |vectors| vectors.read(0..self.schema.rows))?)),
        }
    }

    /// The rows that meet an SQL condition on their metadata.
    pub(crate) fn rows_where(&self, py: Python<'_>, condition: &str) -> Result<Vec<u64>> {
        self.with(py, |vectors| {
            let metadata = Metadata::of(vectors, None, &self.options)?;
            let limits = &self.options.limits;
            anear::rows_where(&metadata, self.schema.rows, condition, &[], limits, &mut Silent)
        })
    }
}

#[pymethods]
impl File {
    #[new]
    #[pyo3(signature = (path, entry, ids, threads, raw, limits))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        entry: Option<String>,
        ids: Option<String>,
        threads: Option<isize>,
        raw: Option<&str>,
        limits: bool,
    ) -> Result<File> {
        let location = options::location(path, entry);
        let options = options::open_options(ids, threads, raw, limits)?;
        let vectors = py.detach(|| Vectors::open_at(&location, &options))?;
        Ok(File {
            path: vectors.path().to_owned(),
            format: vectors.format(),
            entry: vectors.entry().to_owned(),
            entries: vectors.entries().iter().map(|entry| entry.name.clone()).collect(),
            schema: vectors.schema().clone(),
            vectors: Mutex::new(Some(vectors)),
            options,
        })
    }

    #[getter]
    fn path(&self) -> &Path {
        &self.path
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.format
    }

    #[getter]
    fn entry(&self) -> &str {
        &self.entry
    }

    #[getter]
    fn entries(&self) -> Vec<String> {
        self.entries.clone()
    }

    #[getter]
    fn rows(&self) -> u64 {
        self.schema.rows
    }

    #[getter]
    fn dim(&self) -> usize {
        self.schema.dim
    }

    #[getter]
    fn element(&self) -> &'static str {
        self.schema.element.name()
    }

    #[getter]
    fn metric(&self) -> Option<&'static str> {
        self.schema.metric.map(Metric::name)
    }

    /// Rows `start..stop`.
    fn read(&self, py: Python<'_>, start: u64, stop: u64) -> Result<Memory> {
        self.with(py, |vectors| readable(vectors.read(start..stop)?))
    }

    /// The rows with these numbers.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn gather(&self, py: Python<'_>, rows: Vec<u64>) -> Result<Memory> {
        self.with(py, |vectors| readable(vectors.gather(&rows)?))
    }

    /// All rows: in place and read-only where the file allows it.
    fn numpy(&self, py: Python<'_>) -> Result<Memory> {
        match self.with(py, Vectors::mapped)? {
            Some(mapped) => match py.detach(|| widened(mapped.matrix()))? {
                None => Ok(Memory::mapped(mapped)),
                Some(block) => Ok(Memory::block(block)),
            },
            None => self.read(py, 0, self.schema.rows),
        }
    }

    /// All rows as stored, in memory that may be written to and that is the file's own pages
    /// until it is.
    fn private(&self, py: Python<'_>) -> Result<Memory> {
        self.with(py, |vectors| {
            if let Some(mapped) = vectors.mapped()?
                && let Some(rows) = mapped.private()?
            {
                return Ok(Memory::private(rows, mapped.matrix()));
            }
            vectors.read(0..vectors.schema().rows).map(Memory::block)
        })
    }

    /// Names of the metadata columns, and that of the column of ids.
    fn columns(&self, py: Python<'_>) -> Result<(Vec<String>, Option<String>)> {
        self.with(py, |vectors| {
            let metadata = Metadata::of(vectors, None, &self.options)?;
            let names = metadata.columns().into_iter().map(|column| column.name).collect();
            Ok((names, metadata.ids().map(str::to_owned)))
        })
    }

    /// The values of a metadata column: an array of numbers, or a list.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> Result<Bound<'py, PyAny>> {
        let columns = self.with(py, |vectors| {
            let metadata = Metadata::of(vectors, None, &self.options)?;
            metadata.check_names(&[name.to_owned()])?;
            metadata.read(&[name], 0..vectors.schema().rows)
        })?;
        Ok(column_to_python(py, &columns[0])?)
    }

    /// Facts about the whole matrix.
    fn attributes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let attributes =
            self.with(py, |vectors| Ok(Metadata::of(vectors, None, &self.options)?.attributes()))?;
        let dict = PyDict::new(py);
        for (name, value) in &attributes {
            dict.set_item(name, value_to_python(py, value)?)?;
        }
        Ok(dict)
    }

    /// Lets go of the file. Arrays made from it stay.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            self.vectors.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
    }
}

/// Rows that were read, with elements that NumPy has.
fn readable(block: Block) -> anear::Result<Memory> {
    Ok(Memory::block(widened(block.matrix())?.unwrap_or(block)))
}

fn closed(path: &Path) -> Error {
    Error::usage("the file was closed").at_path(path)
}
