//! Sets of ids.

use anear::faiss_index::Selector as Ids;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use std::sync::Arc;

/// A set of ids, for searches and removals.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Selector(pub(super) Arc<Ids>);

fn made(ids: Ids) -> Selector {
    Selector(Arc::new(ids))
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

    /// Those that are not in this set.
    fn inverted(&self) -> Selector {
        made(Ids::Not(Arc::clone(&self.0)))
    }

    /// Those in both sets.
    fn both(&self, other: &Selector) -> Selector {
        made(Ids::And(Arc::clone(&self.0), Arc::clone(&other.0)))
    }

    /// Those in one of the sets at least.
    fn either(&self, other: &Selector) -> Selector {
        made(Ids::Or(Arc::clone(&self.0), Arc::clone(&other.0)))
    }

    /// Those in exactly one of the sets.
    fn one_of(&self, other: &Selector) -> Selector {
        made(Ids::Xor(Arc::clone(&self.0), Arc::clone(&other.0)))
    }

    /// Numbers of rows whose ids, of which this is the list, are in the set.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn translated(&self, ids: PyReadonlyArray1<'_, i64>) -> Selector {
        made(Ids::Translated(ids.as_array().to_vec(), Arc::clone(&self.0)))
    }

    /// Whether an id is in the set.
    fn has(&self, id: i64) -> bool {
        self.0.has(id)
    }
}
