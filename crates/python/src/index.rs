//! An index. `python/anear/_index.py` has the class that users see.

use crate::error::Result;
use crate::file::File;
use crate::filter::{Filter, ids_of};
use crate::given::Given;
use crate::options;
use crate::results::{Found, Ids as Called};
use crate::signals::{Unseen, watched};
use crate::values::{ids_to_python, value_to_python};
use anear::{Error, Goal, Ids, IndexSearch, IndexSpec, OpenOptions};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// An index in memory or in a mapped file. Searches go on beside each other; a change waits for
/// them.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Structure(
    /// Locked only while the interpreter lock is released. `None` once closed.
    RwLock<Option<anear::Index>>,
);

impl Structure {
    fn new(index: anear::Index) -> Structure {
        Structure(RwLock::new(Some(index)))
    }

    /// Looks at the index; not to be called with the interpreter lock held.
    fn look<T>(&self, work: impl FnOnce(&anear::Index) -> anear::Result<T>) -> anear::Result<T> {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work(index.as_ref().ok_or_else(closed)?)
    }

    /// Looks at the index without the interpreter lock.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&anear::Index) -> anear::Result<T> + Send,
    ) -> Result<T> {
        Ok(py.detach(|| self.look(work))?)
    }

    /// Changes the index without the interpreter lock.
    fn change<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut anear::Index) -> anear::Result<T> + Send,
    ) -> Result<T> {
        let changed = py.detach(|| {
            let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
            work(index.as_mut().ok_or_else(closed)?)
        });
        Ok(changed?)
    }
}

#[pymethods]
impl Structure {
    #[staticmethod]
    #[pyo3(signature = (rows, ids, metric, kind, threads, prefilter))]
    fn build(
        rows: &Bound<'_, PyAny>,
        ids: Option<&Bound<'_, PyAny>>,
        metric: Option<&str>,
        kind: &str,
        threads: Option<isize>,
        prefilter: bool,
    ) -> Result<Structure> {
        let py = rows.py();
        let metric = metric.map(options::metric).transpose()?;
        let spec = IndexSpec { kind: kind.to_owned(), metric, prefilter };
        let threads = options::threads(threads)?;
        if let (Ok(file), None) = (rows.cast::<File>(), ids) {
            let file = file.get();
            let options = OpenOptions { threads, ..file.options().clone() };
            let index = watched(py, |interrupt| {
                file.locked(|vectors| {
                    let mut progress = Unseen(interrupt);
                    anear::Index::build_from(vectors, None, &spec, &options, &mut progress)
                })
            })?;
            return Ok(Structure::new(index));
        }
        let rows = Given::matrix_of(rows)?;
        let ids = ids.map(ids_of).transpose()?;
        let matrix = rows.matrix();
        let index = watched(py, |interrupt| {
            anear::Index::build(matrix, ids, &spec, threads, &mut Unseen(interrupt))
        })?;
        Ok(Structure::new(index))
    }

    #[staticmethod]
    #[pyo3(signature = (path, ids, limits))]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn load(py: Python<'_>, path: PathBuf, ids: Option<String>, limits: bool) -> Result<Structure> {
        let options = options::open_options(ids, None, None, limits)?;
        Ok(Structure::new(py.detach(|| anear::Index::load(&path, &options))?))
    }

    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: Vec<u8>) -> Result<Structure> {
        let options = options::open_options(None, None, None, false)?;
        Ok(Structure::new(py.detach(|| anear::Index::from_bytes(bytes, &options))?))
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn save(&self, py: Python<'_>, path: PathBuf, force: bool) -> Result<u64> {
        self.with(py, |index| index.save(&path, force))
    }

    /// `(distances, ids)` of the nearest rows, or `(limits, distances, ids)` of those in a radius.
    #[pyo3(signature = (queries, k, radius, filter, threads))]
    fn search<'py>(
        &self,
        queries: &Bound<'py, PyAny>,
        k: usize,
        radius: Option<f64>,
        filter: Option<&Bound<'py, PyAny>>,
        threads: Option<isize>,
    ) -> Result<Bound<'py, PyAny>> {
        let py = queries.py();
        let queries = Given::queries_of(queries)?;
        let filter = Filter::of(filter, None)?;
        let goal = radius.map_or(Goal::Nearest { k }, |radius| Goal::Within { radius });
        let threads = options::threads(threads)?;
        let matrix = queries.matrix();
        let found = watched(py, |interrupt| {
            let search =
                IndexSearch { goal, filter: filter.rows(), threads, interrupt: Some(interrupt) };
            self.look(|index| {
                let called = match index.ids()? {
                    Some(Ids::Ints(ids)) => Called::Given(ids),
                    Some(Ids::Texts(_)) | None => Called::Numbers,
                };
                Found::new(&index.neighbors(matrix, &search)?, goal, index.metric(), called)
            })
        })?;
        Ok(found.into_python(py)?)
    }

    /// Appends rows; returns the numbers of the first and behind the last.
    #[pyo3(signature = (rows, ids))]
    fn add(&self, rows: &Bound<'_, PyAny>, ids: Option<&Bound<'_, PyAny>>) -> Result<(u64, u64)> {
        let py = rows.py();
        let rows = Given::matrix_of(rows)?;
        let ids = ids.map(ids_of).transpose()?;
        let matrix = rows.matrix();
        let added = self.change(py, |index| index.add(matrix, ids))?;
        Ok((added.start, added.end))
    }

    fn remove(&self, ids: &Bound<'_, PyAny>) -> Result<u64> {
        let gone = ids_of(ids)?;
        self.change(ids.py(), |index| index.remove(&gone))
    }

    /// The ids of rows `start..stop`, removed ones too: an array or a list; `None` where they are
    /// their numbers.
    fn ids<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        let ids = self.with(py, |index| Ok(index.ids()?.cloned()))?;
        Ok(ids.map(|ids| ids_to_python(py, ids)).transpose()?)
    }

    /// One truth value a row: whether it can be found.
    fn present<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyArray1<bool>>> {
        let present = self.with(py, |index| {
            Ok((0..index.rows()).map(|row| !index.is_removed(row)).collect::<Vec<bool>>())
        })?;
        Ok(PyArray1::from_vec(py, present))
    }

    /// `(rows, numbers given, dim, element, metric, kind)`.
    fn facts(
        &self,
        py: Python<'_>,
    ) -> Result<(u64, u64, usize, &'static str, &'static str, &'static str)> {
        self.with(py, |index| {
            let (element, metric) = (index.element().name(), index.metric().name());
            Ok((index.len(), index.rows(), index.dim(), element, metric, index.kind()))
        })
    }

    /// The settings of this kind of index.
    fn params<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let info = self.with(py, |index| Ok(index.info()))?;
        let dict = PyDict::new(py);
        for (name, value) in &info.params {
            dict.set_item(name, value_to_python(py, value)?)?;
        }
        Ok(dict)
    }

    /// Lets go of the rows, and of the file they are in.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            self.0.write().unwrap_or_else(PoisonError::into_inner).take();
        });
    }
}

fn closed() -> Error {
    Error::usage("the index was closed")
}
