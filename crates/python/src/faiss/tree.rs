//! An index with the indexes inside it.

use super::errors::{of_failure, raised};
use super::how::How;
use super::rows::{floats, rows};
use crate::given::Given;
use crate::signals::watched;
use anear::faiss_index::{
    Array, Field, Index, ListFiles, Looked, Measure, Path, Rows, Work, class_name,
};
use anear::faiss_index::{measure_number, measure_numbered};
use numpy::ndarray::Array2;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::exceptions::{PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

/// The number that stands for Hamming distances, which FAISS has classes of their own for.
const HAMMING: i32 = -1;

/// An index with the indexes inside it, each at a path: "" is the index itself, "inner/quantizer"
/// the quantizer of what an id map is around.
#[pyclass(module = "anear._anear", frozen)]
pub(crate) struct Tree {
    /// Waited for only while the interpreter lock is released.
    index: RwLock<Index>,
}

impl From<Index> for Tree {
    fn from(index: Index) -> Tree {
        Tree { index: RwLock::new(index) }
    }
}

/// So many answers are copied into memory of NumPy's: it takes longer to hand over memory of ours.
const FEW: usize = 1024;

/// Two-dimensional answers.
pub(super) fn table<T: numpy::Element>(
    py: Python<'_>,
    values: Vec<T>,
    columns: usize,
) -> Bound<'_, PyArray2<T>> {
    let rows = values.len().checked_div(columns).unwrap_or(0);
    let is_small = values.len() <= FEW;
    let table = Array2::from_shape_vec((rows, columns), values).expect("as many in each row");
    if is_small { table.to_pyarray(py) } else { PyArray2::from_owned_array(py, table) }
}

pub(super) fn measure(number: i32) -> PyResult<Measure> {
    match number {
        HAMMING => Ok(Measure::Hamming),
        _ => measure_numbered(number).ok_or_else(|| {
            PyRuntimeError::new_err(format!("there is no metric of number {number}"))
        }),
    }
}

impl Tree {
    /// Looks at the index without the interpreter lock.
    pub(super) fn look<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Index) -> anear::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&self.index.read().unwrap_or_else(PoisonError::into_inner)))
            .map_err(|error| raised(&error))
    }

    /// Changes the index without the interpreter lock.
    pub(super) fn change<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Index) -> anear::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&mut self.index.write().unwrap_or_else(PoisonError::into_inner)))
            .map_err(|error| raised(&error))
    }

    /// Changes the index with so many threads, until a signal comes.
    pub(super) fn change_watched<T: Send>(
        &self,
        py: Python<'_>,
        threads: usize,
        work: impl FnOnce(&mut Index, &Work<'_>) -> anear::Result<T> + Send,
    ) -> PyResult<T> {
        let done = watched(py, |interrupt| {
            let index = &mut self.index.write().unwrap_or_else(PoisonError::into_inner);
            work(index, &Work { threads, interrupt: Some(interrupt), report: None })
        });
        done.map_err(of_failure)
    }

    pub(super) fn whole(&self, py: Python<'_>) -> PyResult<Index> {
        self.look(py, |index| Ok(index.clone()))
    }
}

/// Fields by their names.
pub(super) fn named<'py>(
    py: Python<'py>,
    fields: Vec<(&'static str, Field)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, field) in fields {
        match field {
            Field::Integer(value) => dict.set_item(name, value)?,
            Field::Real(value) => dict.set_item(name, value)?,
        }
    }
    Ok(dict)
}

/// The numbers of lists for each query.
fn lists_of(lists: &PyReadonlyArray2<'_, i64>) -> Vec<Vec<i64>> {
    lists.as_array().rows().into_iter().map(|row| row.to_vec()).collect()
}

fn looked(lists: Option<&Vec<Vec<i64>>>) -> Looked<'_> {
    lists.map_or(Looked::Found, |lists| Looked::These(lists))
}

pub(super) fn path(text: &str) -> PyResult<Path> {
    text.parse().map_err(|error| raised(&error))
}

#[pymethods]
impl Tree {
    /// Opens a file, and that of its lists: the one it tells ("anywhere"), only one "beside" it, or none ("left").
    #[staticmethod]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn open(py: Python<'_>, file: PathBuf, lists: &str) -> PyResult<Tree> {
        let list_files = match lists {
            "beside" => ListFiles::Beside,
            "left" => ListFiles::Left,
            _ => ListFiles::Anywhere,
        };
        py.detach(|| Index::open(&file, list_files)).map(Tree::from).map_err(|error| raised(&error))
    }

    /// Reads the bytes of a file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: Vec<u8>) -> PyResult<Tree> {
        py.detach(|| Index::from_bytes(bytes)).map(Tree::from).map_err(|error| raised(&error))
    }

    /// Writes the index at a path to a file.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn save(&self, py: Python<'_>, at: &str, file: PathBuf) -> PyResult<()> {
        let at = path(at)?;
        self.look(py, |index| index.save(&at, &file))
    }

    /// The same with its lists in a file of their own.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn save_apart(&self, py: Python<'_>, at: &str, file: PathBuf, lists: PathBuf) -> PyResult<()> {
        let at = path(at)?;
        self.look(py, |index| index.save_apart(&at, &file, &lists))
    }

    /// The bytes of such a file.
    fn to_bytes<'py>(&self, py: Python<'py>, at: &str) -> PyResult<Bound<'py, PyBytes>> {
        let at = path(at)?;
        let bytes = self.look(py, |index| index.to_bytes(&at))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The name of the class of the index at a path.
    fn class_name(&self, py: Python<'_>, at: &str) -> PyResult<&'static str> {
        let at = path(at)?;
        self.look(py, |index| Ok(class_name(index.parts(&at)?)))
    }

    /// FAISS's number for the metric; -1 for Hamming distances.
    fn metric(&self, py: Python<'_>, at: &str) -> PyResult<i32> {
        let at = path(at)?;
        let measure = self.look(py, |index| Ok(index.parts(&at)?.measure))?;
        Ok(if measure == Measure::Hamming { HAMMING } else { measure_number(measure) })
    }

    /// Components in a row of the index at a path; bits for rows of bits.
    fn dim(&self, py: Python<'_>, at: &str) -> PyResult<usize> {
        let at = path(at)?;
        self.look(py, |index| Ok(index.parts(&at)?.dim))
    }

    /// The fields of the index at a path.
    fn fields<'py>(&self, py: Python<'py>, at: &str) -> PyResult<Bound<'py, PyDict>> {
        let at = path(at)?;
        named(py, self.look(py, |index| index.fields(&at))?)
    }

    /// Changes a field.
    fn set_field(&self, py: Python<'_>, at: &str, name: &str, value: f64) -> PyResult<()> {
        let at = path(at)?;
        self.change(py, |index| index.set_field(&at, name, value))
    }

    /// An array of the index at a path, copied.
    fn array<'py>(&self, py: Python<'py>, at: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let at = path(at)?;
        let array = self.look(py, |index| index.array(&at, name));
        Ok(match array.map_err(|error| PyKeyError::new_err(error.to_string()))? {
            Array::Floats(values) => PyArray1::from_vec(py, values).into_any(),
            Array::Bytes(bytes) => PyArray1::from_slice(py, &bytes).into_any(),
            Array::Small(values) => PyArray1::from_vec(py, values).into_any(),
            Array::Integers(values) => PyArray1::from_vec(py, values).into_any(),
            Array::Doubles(values) => PyArray1::from_vec(py, values).into_any(),
        })
    }

    /// The ids and codes of an inverted list.
    fn list<'py>(&self, py: Python<'py>, at: &str, number: usize) -> PyResult<Bound<'py, PyAny>> {
        let at = path(at)?;
        let (ids, codes) = self.look(py, |index| index.list(&at, number))?;
        let both = (PyArray1::from_vec(py, ids), PyArray1::from_slice(py, &codes));
        Ok(both.into_pyobject(py)?.into_any())
    }

    /// The index at a path by itself.
    fn part(&self, py: Python<'_>, at: &str) -> PyResult<Tree> {
        let at = path(at)?;
        self.look(py, |index| index.part(&at)).map(Tree::from)
    }

    /// The index at a path by itself, a graph without its rows.
    fn without_storage(&self, py: Python<'_>, at: &str) -> PyResult<Tree> {
        let at = path(at)?;
        self.look(py, |index| index.without_storage(&at)).map(Tree::from)
    }

    /// Puts an index in the place of the one at a path.
    fn put(&self, py: Python<'_>, at: &str, other: &Tree) -> PyResult<()> {
        let (at, other) = (path(at)?, other.whole(py)?);
        self.change(py, |index| index.put(&at, other))
    }

    /// An id map around the index.
    fn with_ids(&self, py: Python<'_>, both_ways: bool) -> PyResult<Tree> {
        let whole = self.whole(py)?;
        whole.with_ids(both_ways).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The index behind the transforms of another.
    fn behind(&self, py: Python<'_>, transforms: &Tree) -> PyResult<Tree> {
        let (whole, transforms) = (self.whole(py)?, transforms.whole(py)?);
        whole.behind(&transforms).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The index, what it finds being ordered by another.
    fn refined_by(&self, py: Python<'_>, refinement: &Tree) -> PyResult<Tree> {
        let (whole, refinement) = (self.whole(py)?, refinement.whole(py)?);
        whole.refined_by(refinement).map(Tree::from).map_err(|error| raised(&error))
    }

    /// An index without rows of codes of two levels: the number of a row of this index, and a product code.
    fn first_level(&self, py: Python<'_>, parts: usize, bits: usize) -> PyResult<Tree> {
        let whole = self.whole(py)?;
        whole.first_level(parts, bits).map(Tree::from).map_err(|error| raised(&error))
    }

    /// The index with another quantizer.
    fn with_quantizer(&self, py: Python<'_>, quantizer: &Tree) -> PyResult<Tree> {
        let (whole, quantizer) = (self.whole(py)?, quantizer.whole(py)?);
        whole.with_quantizer(quantizer).map(Tree::from).map_err(|error| raised(&error))
    }

    /// Distances and labels of the nearest rows, whole distances for rows of bits; of those in some lists,
    /// if numbers of lists are given.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn search<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        queries: &Bound<'py, PyAny>,
        k: usize,
        how: (Option<How<'py>>, usize),
        lists: Option<PyReadonlyArray2<'py, i64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (at, given) = (path(at)?, Given::matrix_of(queries)?);
        let (how, threads) = (how.0.as_ref(), how.1);
        let (queries, asked) = (rows(&given)?, How::asked_or_usual(how)?);
        let lists = lists.as_ref().map(lists_of);
        let found = self.look(py, |index| {
            let looked = looked(lists.as_ref());
            asked.with(&|settings| index.search(&at, queries, k, looked, settings, threads))
        })?;
        how.map_or(Ok(()), How::check)?;
        let distances = match queries {
            Rows::Bits(_) => {
                let whole = found.distances.iter().zip(&found.labels);
                let whole = whole.map(|(distance, label)| match label {
                    -1 => i32::MAX,
                    _ => *distance as i32,
                });
                table(py, whole.collect(), k).into_any()
            }
            Rows::Floats(_) => table(py, found.distances, k).into_any(),
        };
        let answers = (distances, table(py, found.labels, k));
        Ok(answers.into_pyobject(py)?.into_any())
    }

    /// Limits, distances and labels of all rows that are near enough.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn within<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        queries: &Bound<'py, PyAny>,
        radius: f32,
        how: (Option<How<'py>>, usize),
        lists: Option<PyReadonlyArray2<'py, i64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (at, given) = (path(at)?, Given::matrix_of(queries)?);
        let (how, threads) = (how.0.as_ref(), how.1);
        let (queries, asked) = (rows(&given)?, How::asked_or_usual(how)?);
        let lists = lists.as_ref().map(lists_of);
        let found = self.look(py, |index| {
            let looked = looked(lists.as_ref());
            asked.with(&|settings| index.within(&at, queries, radius, looked, settings, threads))
        })?;
        how.map_or(Ok(()), How::check)?;
        let limits = PyArray1::from_iter(py, found.limits.into_iter().map(|limit| limit as u64));
        let distances = PyArray1::from_vec(py, found.distances);
        let labels = PyArray1::from_vec(py, found.labels);
        Ok((limits, distances, labels).into_pyobject(py)?.into_any())
    }

    /// The rows with these ids; `found` if a search has found them.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn reconstruct<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        ids: PyReadonlyArray1<'py, i64>,
        found: bool,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (at, ids) = (path(at)?, ids.as_slice()?);
        let (rows, dim) = self.look(py, |index| {
            let rows = match found {
                true => index.reconstruct_found(&at, ids)?,
                false => index.reconstruct(&at, ids)?,
            };
            Ok((rows, index.parts(&at)?.dim))
        })?;
        Ok(table(py, rows, dim))
    }

    /// The rows with ids from `first` to the one before `end`; zeros where there are none.
    fn reconstruct_range<'py>(
        &self,
        py: Python<'py>,
        at: &str,
        first: i64,
        end: i64,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let at = path(at)?;
        let (rows, dim) = self.look(py, |index| {
            Ok((index.reconstruct_range(&at, first..end)?, index.parts(&at)?.dim))
        })?;
        Ok(table(py, rows, dim))
    }
}

/// All distances between two matrices.
#[pyfunction]
pub(crate) fn distances<'py>(
    py: Python<'py>,
    queries: &Bound<'py, PyAny>,
    rows: &Bound<'py, PyAny>,
    metric: i32,
    argument: f32,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let (queries, rows) = (Given::matrix_of(queries)?, Given::matrix_of(rows)?);
    let (dim, columns) = (rows.matrix().dim(), rows.matrix().rows());
    let (queries, rows, measure) = (floats(&queries)?, floats(&rows)?, measure(metric)?);
    let found = py
        .detach(|| anear::faiss_index::distances(queries, rows, dim, measure, argument))
        .map_err(|error| raised(&error))?;
    Ok(table(py, found, columns))
}
