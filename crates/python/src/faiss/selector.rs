//! Sets of ids.

use anear::faiss_index::{Asked, Selector as Ids};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// What a function raised when it was asked for an id.
type Failure = Arc<Mutex<Option<PyErr>>>;

/// A set of ids, for searches and removals.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Selector {
    pub(super) ids: Arc<Ids>,
    /// Of each function that is asked.
    failures: Vec<Failure>,
}

fn made(ids: Ids) -> Selector {
    Selector { ids: Arc::new(ids), failures: Vec::new() }
}

impl Selector {
    fn with(&self, ids: Ids) -> Selector {
        Selector { ids: Arc::new(ids), failures: self.failures.clone() }
    }

    fn combined(&self, other: &Selector, how: fn(Arc<Ids>, Arc<Ids>) -> Ids) -> Selector {
        let ids = Arc::new(how(Arc::clone(&self.ids), Arc::clone(&other.ids)));
        Selector { ids, failures: [&self.failures[..], &other.failures].concat() }
    }

    /// Raises what a function has raised since the last time.
    pub(super) fn check(&self) -> PyResult<()> {
        let raised = self
            .failures
            .iter()
            .find_map(|failure| failure.lock().unwrap_or_else(PoisonError::into_inner).take());
        raised.map_or(Ok(()), Err)
    }
}

/// Whether a Python function says that an id is wanted.
fn ask(function: &Py<PyAny>, id: i64) -> PyResult<bool> {
    Python::attach(|py| function.bind(py).call1((id,))?.is_truthy())
}

#[pymethods]
impl Selector {
    /// All ids.
    #[staticmethod]
    fn all() -> Selector {
        made(Ids::All)
    }

    /// From the first id to the one before the last.
    #[staticmethod]
    fn range(first: i64, end: i64) -> Selector {
        made(Ids::Range(first..end))
    }

    /// Exactly these.
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn these(ids: PyReadonlyArray1<'_, i64>) -> Selector {
        made(Ids::these(ids.as_array().to_vec()))
    }

    /// Those whose bit is set.
    #[staticmethod]
    fn bitmap(bits: Vec<u8>) -> Selector {
        made(Ids::Bitmap(bits))
    }

    /// Those for which a function says so; none for which it raises.
    #[staticmethod]
    fn asked(function: Py<PyAny>) -> Selector {
        let failure = Failure::default();
        let failed = Arc::clone(&failure);
        let is_wanted = move |id| {
            ask(&function, id).unwrap_or_else(|error| {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                false
            })
        };
        let ids = Arc::new(Ids::Asked(Asked::new(is_wanted)));
        Selector { ids, failures: vec![failure] }
    }

    /// Those that are not in this set.
    fn inverted(&self) -> Selector {
        self.with(Ids::Not(Arc::clone(&self.ids)))
    }

    /// Those in both sets.
    fn both(&self, other: &Selector) -> Selector {
        self.combined(other, Ids::And)
    }

    /// Those in one of the sets at least.
    fn either(&self, other: &Selector) -> Selector {
        self.combined(other, Ids::Or)
    }

    /// Those in exactly one of the sets.
    fn one_of(&self, other: &Selector) -> Selector {
        self.combined(other, Ids::Xor)
    }

    /// Numbers of rows whose ids, of which this is the list, are in the set.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn translated(&self, ids: PyReadonlyArray1<'_, i64>) -> Selector {
        self.with(Ids::Translated(ids.as_array().to_vec(), Arc::clone(&self.ids)))
    }

    /// Whether an id is in the set.
    fn has(&self, py: Python<'_>, id: i64) -> PyResult<bool> {
        let has = py.detach(|| self.ids.has(id));
        self.check().map(|()| has)
    }
}
