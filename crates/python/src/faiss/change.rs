//! Making and changing indexes.

use super::errors::raised;
use super::rows::{floats, rows};
use super::selector::Selector;
use super::tree::{Tree, measure, path, table};
use crate::given::Given;
use anear::faiss_index::{
    Index, KmeansSettings, Map, Measure, Path, Subset, Training, WhichCodec, Work,
};
use numpy::{PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// How centroids are learned, as Python says it.
#[derive(FromPyObject)]
pub(crate) struct Learning {
    #[pyo3(item)]
    iterations: usize,
    #[pyo3(item)]
    redo: usize,
    #[pyo3(item)]
    spherical: bool,
    /// Whether the nearest centroid is that of the largest inner product.
    #[pyo3(item)]
    products: bool,
    #[pyo3(item)]
    integer: bool,
    #[pyo3(item)]
    frozen: bool,
    #[pyo3(item)]
    balanced: bool,
    #[pyo3(item)]
    most: usize,
    #[pyo3(item)]
    seed: u64,
    #[pyo3(item)]
    pub(super) threads: usize,
}

impl Learning {
    fn settings(&self) -> KmeansSettings<'static> {
        KmeansSettings {
            iterations: self.iterations,
            redo: self.redo,
            spherical: self.spherical,
            integer: self.integer,
            frozen: self.frozen,
            balance: self.balanced.then_some(1.0),
            max_points: self.most,
            seed: self.seed,
            ..KmeansSettings::default()
        }
    }
}

#[pymethods]
impl Tree {
    /// The index that a description says.
    #[staticmethod]
    fn made(description: &str, dim: usize, metric: i32, argument: f32) -> PyResult<Tree> {
        let made = Index::described(description, dim, measure(metric)?, argument);
        made.map(Tree::from).map_err(|error| raised(&error))
    }

    /// Learns from rows: the centroids of lists, those of the parts of product codes, and of codes for what
    /// these leave out.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn train(
        &self,
        py: Python<'_>,
        at: &str,
        x: &Bound<'_, PyAny>,
        how: Learning,
        product: Option<Learning>,
        refinement: Option<Learning>,
    ) -> PyResult<()> {
        let (at, given) = (path(at)?, Given::matrix_of(x)?);
        let (rows, coarse) = (rows(&given)?, how.settings());
        let usual = Training::default();
        let training = Training {
            coarse,
            product: product.map_or(usual.product, |product| product.settings()),
            refinement: refinement.map_or(usual.refinement, |refinement| refinement.settings()),
        };
        self.change_watched(py, how.threads, |index, work| index.train(&at, rows, &training, work))
    }

    /// Adds rows.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn add(
        &self,
        py: Python<'_>,
        at: &str,
        x: &Bound<'_, PyAny>,
        ids: Option<PyReadonlyArray1<'_, i64>>,
        threads: usize,
    ) -> PyResult<()> {
        let (at, given) = (path(at)?, Given::matrix_of(x)?);
        let (rows, ids) = (rows(&given)?, ids.as_ref().map(|ids| ids.as_slice()).transpose()?);
        self.change_watched(py, threads, |index, work| index.add(&at, rows, ids, work))
    }

    /// Adds rows as codes.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn add_codes(
        &self,
        py: Python<'_>,
        at: &str,
        codes: &Bound<'_, PyAny>,
        ids: Option<PyReadonlyArray1<'_, i64>>,
    ) -> PyResult<()> {
        let (at, given) = (path(at)?, Given::matrix_of(codes)?);
        let ids = ids.as_ref().map(|ids| ids.as_slice()).transpose()?;
        let codes = given.matrix().bytes();
        self.change(py, |index| index.add_codes(&at, codes, ids))
    }

    /// Removes rows, and tells how many there were.
    fn remove(&self, py: Python<'_>, at: &str, ids: &Selector) -> PyResult<u64> {
        let (at, set) = (path(at)?, Arc::clone(&ids.ids));
        let removed = self.change(py, |index| index.remove(&at, &set))?;
        ids.check().map(|()| removed)
    }

    /// Removes all rows.
    fn reset(&self, py: Python<'_>, at: &str) -> PyResult<()> {
        let at = path(at)?;
        self.change(py, |index| index.reset(&at))
    }

    /// Takes all rows of another index.
    fn merge(&self, py: Python<'_>, at: &str, other: &Tree, added: i64) -> PyResult<()> {
        let (at, other) = (path(at)?, other.whole(py)?);
        self.change(py, |index| index.merge(&at, other, added))
    }

    /// Copies some of the rows in lists to another index, by FAISS's number for the kind of choice; tells how
    /// many there were.
    fn copy_subset(
        &self,
        py: Python<'_>,
        at: &str,
        which: (u8, i64, i64),
        to: &Tree,
        to_path: &str,
    ) -> PyResult<u64> {
        let (at, to_path) = (path(at)?, path(to_path)?);
        let subset = subset(which)?;
        let from = self.look(py, |index| index.part(&at))?;
        to.change(py, |to| from.copy_subset(&Path::default(), &subset, to, &to_path))
    }

    /// How rows in lists are found by their ids: not, by an array, by a table.
    fn map_ids(&self, py: Python<'_>, at: &str, kind: u8) -> PyResult<()> {
        let at = path(at)?;
        let map = match kind {
            0 => Map::None,
            1 => Map::Array,
            2 => Map::Pairs,
            _ => return Err(PyRuntimeError::new_err(format!("no direct map of type {kind}"))),
        };
        self.change(py, |index| index.map_ids(&at, map))
    }

    /// The index with its product codes in blocks.
    fn in_blocks(&self, py: Python<'_>, rows: usize) -> PyResult<Tree> {
        let whole = self.whole(py)?;
        py.detach(|| whole.in_blocks(rows)).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The index with its codes, which are in blocks, one behind another.
    fn in_a_row(&self, py: Python<'_>) -> PyResult<Tree> {
        let whole = self.whole(py)?;
        py.detach(|| whole.in_a_row()).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The codes of rows that lists hold, those of their lists' numbers first if wanted.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn stored_codes<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        ids: PyReadonlyArray1<'py, i64>,
        numbered: bool,
    ) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let (at, ids) = (path(at)?, ids.as_slice()?);
        let codes = self.look(py, |index| index.stored_codes(&at, ids, numbered))?;
        Ok(PyArray1::from_vec(py, codes))
    }

    /// Changes what a codec has learned.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn set_array(
        &self,
        py: Python<'_>,
        at: &str,
        name: &str,
        values: PyReadonlyArray1<'_, f32>,
    ) -> PyResult<()> {
        let (at, values) = (path(at)?, values.as_slice()?);
        self.change(py, |index| index.set_array(&at, name, values))
    }

    /// An index without rows over the same codec, or over that of a refinement.
    fn codec(&self, py: Python<'_>, at: &str, refines: bool) -> PyResult<Tree> {
        let at = path(at)?;
        self.look(py, |index| index.codec(&at, which(refines))).map(Tree::from)
    }

    /// Takes the codec of another index.
    fn set_codec(&self, py: Python<'_>, at: &str, refines: bool, codec: &Tree) -> PyResult<()> {
        let (at, codec) = (path(at)?, codec.whole(py)?);
        self.change(py, |index| index.set_codec(&at, which(refines), &codec))
    }

    /// Bytes of a code by itself.
    fn code_bytes(&self, py: Python<'_>, at: &str) -> PyResult<usize> {
        let at = path(at)?;
        self.look(py, |index| index.code_bytes(&at))
    }

    /// Codes of rows, which are not added.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        x: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyArray2<u8>>> {
        let (at, given) = (path(at)?, Given::matrix_of(x)?);
        let rows = floats(&given)?;
        let (codes, bytes) = self.look(py, |index| {
            let work = Work { threads, ..Work::default() };
            Ok((index.encode(&at, rows, &work)?, index.code_bytes(&at)?))
        })?;
        Ok(table(py, codes, bytes))
    }

    /// Rows that codes stand for.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        codes: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (at, given) = (path(at)?, Given::matrix_of(codes)?);
        let codes = given.matrix().bytes();
        let (rows, dim) =
            self.look(py, |index| Ok((index.decode(&at, codes)?, index.parts(&at)?.dim)))?;
        Ok(table(py, rows, dim))
    }
}

fn which(refines: bool) -> WhichCodec {
    if refines { WhichCodec::Refinement } else { WhichCodec::First }
}

/// WhichCodec rows are copied, by FAISS's numbers.
fn subset((kind, first, second): (u8, i64, i64)) -> PyResult<Subset> {
    let unsigned = |number: i64| {
        let negative = || PyRuntimeError::new_err(format!("a subset from {first} to {second}"));
        u64::try_from(number).map_err(|_| negative())
    };
    Ok(match kind {
        0 => Subset::Ids(first..second),
        1 => Subset::Remainder(first, second),
        2 => Subset::Rows(unsigned(first)?..unsigned(second)?),
        3 => Subset::Share(unsigned(first)?, unsigned(second)?),
        4 => Subset::Lists(unsigned(first)? as usize..unsigned(second)? as usize),
        _ => return Err(PyRuntimeError::new_err(format!("there is no subset of type {kind}"))),
    })
}

/// What k-means found: centroids, and for each round what it came to.
type Found<'py> = (Bound<'py, PyArray2<f32>>, Vec<f32>, Vec<f64>, Vec<usize>);

/// Learns the centroids of clusters.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "made for this call")]
pub(crate) fn kmeans<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    k: usize,
    how: Learning,
    weights: Option<PyReadonlyArray1<'py, f32>>,
    initial: Option<&Bound<'py, PyAny>>,
) -> PyResult<Found<'py>> {
    let (given, initial) = (Given::matrix_of(x)?, initial.map(Given::matrix_of).transpose()?);
    let (dim, rows) = (given.matrix().dim(), floats(&given)?);
    let initial = initial.as_ref().map(floats).transpose()?.unwrap_or_default();
    let weights = weights.as_ref().map(|weights| weights.as_slice()).transpose()?;
    let mut settings = KmeansSettings { initial, weights, ..how.settings() };
    if settings.spherical || how.products {
        settings.how.measure = Measure::InnerProduct;
    }
    let found = crate::signals::watched(py, |interrupt| {
        let work = Work { threads: how.threads, interrupt: Some(interrupt), report: None };
        anear::faiss_index::kmeans(rows, dim, k, &settings, &work)
    });
    let found = found.map_err(super::errors::of_failure)?;
    let rounds = &found.iterations;
    Ok((
        table(py, found.centroids, dim),
        rounds.iter().map(|round| round.objective).collect(),
        rounds.iter().map(|round| round.imbalance).collect(),
        rounds.iter().map(|round| round.splits).collect(),
    ))
}
