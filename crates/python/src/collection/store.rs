//! An open collection: what it can do.
#![expect(clippy::needless_pass_by_value, reason = "arguments are made for each call")]

use super::open::{self, Making};
use super::search::{self, Found};
use super::shown::Shown;
use super::walk::Walk;
use crate::columns::{Columns, params as values_of};
use crate::error::Result;
use crate::filter::ids_of;
use crate::given::Given;
use crate::memory::{Memory, widened};
use crate::options;
use crate::signals::{Unseen, watched};
use crate::values::{ids_to_python, value_to_python};
use crate::write::{Report, Target, report};
use anear::{
    Batch, Collection, CollectionSearch, ColumnKind, Condition, Error, ErrorKind, Existing,
    Expected, ExportRequest, Goal, OpenOptions, Value, Vectors,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// An open collection.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Store(
    /// Locked only while the interpreter lock is released. `None` once closed.
    RwLock<Option<Collection>>,
);

/// Added, updated, rows there are now.
type Counts = (u64, u64, u64);

impl Store {
    /// Works with the collection; not to be called with the interpreter lock held.
    pub(super) fn locked<T>(
        &self,
        work: impl FnOnce(&Collection) -> anear::Result<T>,
    ) -> anear::Result<T> {
        let collection = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work(collection.as_ref().ok_or_else(|| Error::usage("the collection was closed"))?)
    }

    /// Works with the collection without the interpreter lock.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Collection) -> anear::Result<T> + Send,
    ) -> Result<T> {
        Ok(py.detach(|| self.locked(work))?)
    }
}

/// An SQL condition with the values for its `?`.
pub(super) struct Where {
    sql: Option<String>,
    params: Vec<Value>,
}

impl Where {
    pub(super) fn of(sql: Option<String>, given: &Bound<'_, PyAny>) -> Result<Where> {
        Ok(Where { sql, params: values_of(given)? })
    }

    pub(super) fn condition(&self) -> Option<Condition<'_>> {
        self.sql.as_deref().map(|sql| Condition { sql, params: &self.params })
    }
}

#[pymethods]
impl Store {
    /// Opens the collection at a path; makes one if there is none and `making` says how.
    #[new]
    #[pyo3(signature = (path, dim, metric, model, read_only, making))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        dim: Option<usize>,
        metric: Option<&str>,
        model: Option<&str>,
        read_only: bool,
        making: Option<Making>,
    ) -> Result<Store> {
        let metric = metric.map(options::metric).transpose()?;
        let expected = Expected { dim, metric, model };
        let collection = open::open(py, &path, &expected, read_only, making)?;
        Ok(Store(RwLock::new(Some(collection))))
    }

    /// `(path, dim, element, metric, model, storage)`.
    fn facts<'py>(&self, py: Python<'py>) -> Result<open::Facts> {
        self.with(py, |collection| Ok(open::facts(collection)))
    }

    /// Rows there are now.
    fn rows(&self, py: Python<'_>) -> Result<u64> {
        self.with(py, Collection::len)
    }

    /// Name and kind of each metadata column.
    fn columns<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let columns = self.with(py, Collection::columns)?;
        Ok(Shown(&columns).kinds(py)?)
    }

    /// What there is to say about the state of the collection.
    fn info<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let (info, columns) =
            self.with(py, |collection| Ok((collection.info()?, collection.columns()?)))?;
        let text = columns.iter().filter(|column| column.text);
        let text: Vec<&str> = text.map(|column| column.info.name.as_str()).collect();
        let files = PyDict::new(py);
        for (name, bytes) in &info.files {
            files.set_item(name, bytes)?;
        }
        let dict = PyDict::new(py);
        dict.set_item("rows", info.rows)?;
        dict.set_item("deleted", info.deleted)?;
        dict.set_item("ids", info.ids.map(ColumnKind::name))?;
        dict.set_item("text", text)?;
        dict.set_item("bytes", info.files.iter().map(|(_, bytes)| bytes).sum::<u64>())?;
        dict.set_item("files", files)?;
        dict.set_item("index", info.index_kind)?;
        Ok(dict)
    }

    /// Adds rows and returns their ids.
    #[pyo3(signature = (vectors, ids, metadata, upsert, model))]
    fn add<'py>(
        &self,
        vectors: &Bound<'py, PyAny>,
        ids: Option<&Bound<'py, PyAny>>,
        metadata: Option<&Bound<'py, PyAny>>,
        upsert: bool,
        model: Option<&str>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        let py = vectors.py();
        let vectors = Given::matrix_of(vectors)?;
        let ids = ids.map(ids_of).transpose()?;
        let Columns { columns, json } = Columns::of(metadata)?;
        let batch =
            Batch { vectors: vectors.matrix(), ids: ids.as_ref(), metadata: &columns, json: &json };
        let existing = if upsert { Existing::Replace } else { Existing::Refuse };
        let added = self.with(py, |collection| {
            collection.check(&Expected { model, ..Expected::default() })?;
            collection.add(&batch, existing)
        })?;
        Ok(added.ids.map(|ids| ids_to_python(py, ids)).transpose()?)
    }

    /// Sets metadata columns of rows.
    fn update(&self, ids: &Bound<'_, PyAny>, metadata: &Bound<'_, PyAny>) -> Result<u64> {
        let py = ids.py();
        let ids = ids_of(ids)?;
        let Columns { columns, json } = Columns::of(Some(metadata))?;
        self.with(py, |collection| collection.update(&ids, &columns, &json))
    }

    fn delete(&self, ids: &Bound<'_, PyAny>) -> Result<u64> {
        let gone = ids_of(ids)?;
        self.with(ids.py(), |collection| collection.delete(&gone))
    }

    fn delete_where(
        &self,
        py: Python<'_>,
        condition: &str,
        params: &Bound<'_, PyAny>,
    ) -> Result<u64> {
        let params = values_of(params)?;
        let condition = Condition { sql: condition, params: &params };
        self.with(py, |collection| collection.delete_where(&condition))
    }

    #[pyo3(signature = (condition, params))]
    fn count(
        &self,
        py: Python<'_>,
        condition: Option<String>,
        params: &Bound<'_, PyAny>,
    ) -> Result<u64> {
        let condition = Where::of(condition, params)?;
        self.with(py, |collection| collection.count(condition.condition().as_ref()))
    }

    /// `(ids, vectors, metadata, kinds, missing)` of the rows with these ids.
    #[pyo3(signature = (ids, columns))]
    #[expect(clippy::type_complexity, reason = "the fields of `Rows` in Python")]
    fn get<'py>(
        &self,
        ids: &Bound<'py, PyAny>,
        columns: Option<Vec<String>>,
    ) -> Result<(
        Bound<'py, PyAny>,
        Memory,
        Bound<'py, PyDict>,
        Bound<'py, PyDict>,
        Bound<'py, PyList>,
    )> {
        let py = ids.py();
        let wanted = ids_of(ids)?;
        let (found, vectors) = self.with(py, |collection| {
            let found = collection.get(&wanted, columns.as_deref())?;
            let vectors = widened(found.vectors.matrix())?;
            Ok((found, vectors))
        })?;
        let shown = Shown(&found.columns);
        let metadata = shown.columns_to_python(py, &found.metadata)?;
        let missing = found.missing.iter().map(|id| value_to_python(py, id));
        let missing = PyList::new(py, missing.collect::<PyResult<Vec<_>>>()?)?;
        let vectors = Memory::block(vectors.unwrap_or(found.vectors));
        Ok((ids_to_python(py, found.ids)?, vectors, metadata, shown.kinds(py)?, missing))
    }

    /// Whether there is a row with this id.
    fn contains(&self, id: &Bound<'_, PyAny>) -> Result<bool> {
        let wanted = ids_of(PyList::new(id.py(), [id])?.as_any())?;
        self.with(id.py(), |collection| match collection.get(&wanted, Some(&[])) {
            Ok(found) => Ok(!found.ids.is_empty()),
            // An id of the other kind.
            Err(error) if error.kind() == ErrorKind::Usage => Ok(false),
            Err(error) => Err(error),
        })
    }

    /// Goes through the rows that meet a condition.
    #[pyo3(signature = (condition, params, columns))]
    fn walk(
        &self,
        py: Python<'_>,
        condition: Option<String>,
        params: &Bound<'_, PyAny>,
        columns: Option<Vec<String>>,
    ) -> Result<Walk> {
        let condition = Where::of(condition, params)?;
        self.with(py, |collection| {
            let all = collection.columns()?;
            Walk::over(collection.view(condition.condition().as_ref())?, all, columns.as_deref())
        })
    }

    /// The hits for each query, the kinds of their metadata columns, and whether the query was a
    /// single vector.
    #[pyo3(signature = (query, ids, text, k, radius, condition, params, columns, exact, threads, model))]
    #[expect(clippy::too_many_arguments, reason = "they are those of the Python function")]
    fn search<'py>(
        &self,
        py: Python<'py>,
        query: Option<&Bound<'py, PyAny>>,
        ids: Option<&Bound<'py, PyAny>>,
        text: Option<&str>,
        k: usize,
        radius: Option<f64>,
        condition: Option<String>,
        params: &Bound<'py, PyAny>,
        columns: Option<Vec<String>>,
        exact: bool,
        threads: Option<isize>,
        model: Option<&str>,
    ) -> Result<(Vec<Found<'py>>, Bound<'py, PyDict>, bool)> {
        let query = query.map(Given::queries_of).transpose()?;
        let ids = ids.map(ids_of).transpose()?;
        let sought = search::sought(query.as_ref(), ids.as_ref(), text)?;
        let goal = radius.map_or(Goal::Nearest { k }, |radius| Goal::Within { radius });
        let condition = Where::of(condition, params)?;
        let threads = options::threads(threads)?;
        let reply = watched(py, |interrupt| {
            self.locked(|collection| {
                collection.check(&Expected { model, ..Expected::default() })?;
                let request = CollectionSearch {
                    goal,
                    condition: condition.condition(),
                    show: columns.as_deref(),
                    exact,
                    threads,
                    interrupt: Some(interrupt),
                };
                collection.search(&sought, &request)
            })
        })?;
        let shown = Shown(&reply.columns);
        let found = reply.results.iter().map(|hits| search::to_python(py, hits, &shown));
        let single = query.as_ref().is_some_and(Given::is_vector);
        Ok((found.collect::<PyResult<_>>()?, shown.kinds(py)?, single))
    }

    fn index_text(&self, py: Python<'_>, columns: Vec<String>) -> Result<()> {
        self.with(py, |collection| collection.index_text(&columns))
    }

    #[pyo3(signature = (kind, threads))]
    fn index(&self, py: Python<'_>, kind: Option<&str>, threads: Option<isize>) -> Result<()> {
        let threads = options::threads(threads)?;
        watched(py, |interrupt| {
            self.locked(|collection| collection.index(kind, threads, &mut Unseen(interrupt)))
        })
    }

    /// `(rows, removed, bytes before, bytes after)`.
    fn compact(&self, py: Python<'_>) -> Result<(u64, u64, u64, u64)> {
        let done = watched(py, |interrupt| {
            self.locked(|collection| collection.compact(&mut Unseen(interrupt)))
        })?;
        Ok((done.rows, done.removed, done.bytes.0, done.bytes.1))
    }

    /// What is wrong, each with whether it was set right.
    fn verify(&self, py: Python<'_>, repair: bool) -> Result<Vec<(String, bool)>> {
        let verified = watched(py, |interrupt| {
            self.locked(|collection| collection.verify(repair, &mut Unseen(interrupt)))
        })?;
        Ok(verified.problems.into_iter().map(|problem| (problem.what, problem.repaired)).collect())
    }

    /// Adds the rows of a file: `(added, updated, rows)`.
    #[pyo3(signature = (path, entry, ids, meta, raw, limits, threads, upsert))]
    #[expect(clippy::too_many_arguments, reason = "they are those of the Python function")]
    fn import_file(
        &self,
        py: Python<'_>,
        path: PathBuf,
        entry: Option<String>,
        ids: Option<String>,
        meta: Option<PathBuf>,
        raw: Option<&str>,
        limits: bool,
        threads: Option<isize>,
        upsert: bool,
    ) -> Result<Counts> {
        let options = options::open_options(ids, threads, raw, limits)?;
        let location = options::location(path, entry);
        let existing = if upsert { Existing::Replace } else { Existing::Refuse };
        let added = watched(py, |interrupt| {
            let vectors = Vectors::open_at(&location, &options)?;
            self.locked(|collection| {
                let mut progress = Unseen(interrupt);
                collection.import(&vectors, meta.as_deref(), existing, &options, &mut progress)
            })
        })?;
        Ok((added.added, added.updated, added.rows))
    }

    /// Writes rows to a file.
    #[pyo3(signature = (condition, params, kind, metadata, target))]
    fn export(
        &self,
        py: Python<'_>,
        condition: Option<String>,
        params: &Bound<'_, PyAny>,
        kind: Option<String>,
        metadata: bool,
        target: Target,
    ) -> Result<Report> {
        let condition = Where::of(condition, params)?;
        let output = target.request()?;
        let saved = watched(py, |interrupt| {
            let request = ExportRequest {
                output: &output,
                condition: condition.condition(),
                kind: kind.as_deref(),
                keep_metadata: metadata,
            };
            let options = OpenOptions { threads: output.threads, ..OpenOptions::default() };
            let mut progress = Unseen(interrupt);
            self.locked(|collection| collection.export(&request, &options, &mut progress))
        })?;
        Ok(report(saved))
    }

    /// Moves what is pending to its files, and lets go of them.
    fn close(&self, py: Python<'_>) -> Result<()> {
        let closed = py.detach(|| {
            let collection = self.0.write().unwrap_or_else(PoisonError::into_inner).take();
            collection.map_or(Ok(()), |collection| collection.close())
        });
        Ok(closed?)
    }
}

impl Drop for Store {
    /// Closing writes what is pending, for which it may wait for another writer: not while it
    /// keeps that one from the interpreter.
    fn drop(&mut self) {
        if let Some(collection) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            Python::attach(|py| py.detach(|| drop(collection)));
        }
    }
}
