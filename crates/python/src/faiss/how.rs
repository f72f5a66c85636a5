//! How to search, as Python says it.

use super::Selector;
use anear::faiss_index::{Budget, Rounding, Selector as Ids, Settings};
use pyo3::prelude::*;
use std::sync::Arc;

/// What Python says of a search.
#[derive(FromPyObject)]
pub(crate) struct How<'py> {
    #[pyo3(item)]
    probes: Option<usize>,
    #[pyo3(item)]
    effort: Option<usize>,
    #[pyo3(item)]
    factor: Option<f32>,
    #[pyo3(item)]
    selector: Option<PyRef<'py, Selector>>,
    /// Rows and lists at most, whether as many as wanted are looked at in any case, and lists without hits.
    #[pyo3(item)]
    budget: Option<(usize, usize, bool, usize)>,
    /// The same for the quantizer.
    #[pyo3(item)]
    coarse: Option<Bound<'py, PyAny>>,
    /// Bits of components of a query, and whether their steps lie about zero.
    #[pyo3(item)]
    rounding: Option<(u8, bool)>,
}

/// The same, to be taken to where there is no interpreter.
#[derive(Default)]
pub(super) struct Asked {
    ids: Option<Arc<Ids>>,
    probes: Option<usize>,
    effort: Option<usize>,
    factor: Option<f32>,
    budget: Budget,
    coarse: Option<Box<Asked>>,
    rounding: Option<Rounding>,
}

impl How<'_> {
    fn coarse(&self) -> PyResult<Option<How<'_>>> {
        self.coarse.as_ref().map(|coarse| coarse.extract()).transpose()
    }

    /// What is said of a search, if anything is.
    pub(super) fn asked_or_usual(how: Option<&How<'_>>) -> PyResult<Asked> {
        how.map_or_else(|| Ok(Asked::default()), How::asked)
    }

    fn asked(&self) -> PyResult<Asked> {
        let budget = self.budget.map(|(rows, lists, fill, barren)| Budget {
            rows: Some(rows),
            lists,
            fill,
            barren,
        });
        let coarse = self.coarse()?.map(|coarse| coarse.asked().map(Box::new)).transpose()?;
        Ok(Asked {
            ids: self.selector.as_ref().map(|selector| Arc::clone(&selector.ids)),
            probes: self.probes,
            effort: self.effort,
            factor: self.factor,
            budget: budget.unwrap_or_default(),
            coarse,
            rounding: self.rounding.map(|(bits, centered)| Rounding { bits, centered }),
        })
    }

    /// Whether all functions that were asked for ids have answered.
    pub(super) fn check(&self) -> PyResult<()> {
        if let Some(selector) = &self.selector {
            selector.check()?;
        }
        self.coarse()?.map_or(Ok(()), |coarse| coarse.check())
    }
}

impl Asked {
    pub(super) fn with<T>(&self, search: &dyn Fn(&Settings<'_>) -> T) -> T {
        let keep = self.ids.as_ref().map(|ids| |id| ids.has(id));
        let keep = keep.as_ref().map(|keep| keep as &(dyn Fn(i64) -> bool + Sync));
        let Asked { probes, effort, factor, budget, rounding, .. } = *self;
        let own = Settings { probes, effort, factor, keep, budget, coarse: None, rounding };
        match &self.coarse {
            None => search(&own),
            Some(coarse) => {
                coarse.with(&|coarse| search(&Settings { coarse: Some(coarse), ..own }))
            }
        }
    }
}
