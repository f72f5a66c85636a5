//! The class itself: every method of `annoy.AnnoyIndex`, and what goes beyond it.

use super::arguments::{FileName, Named};
use super::batch::{Table, Vectors};
use super::passing::{Passing, Question};
use super::spare::{Desk, Spare};
use super::{errors, lists, vector};
use crate::error::{Failure, Result};
use crate::options;
use crate::signals::watched;
use anear::forest::{Ask, Forest, Growth, Hit};
use anear::{Interrupt, Metric};
use pyo3::exceptions::{PyFutureWarning, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, TryLockError};

/// An index of trees over vectors, as annoy 1.17.3 has it: the same files, trees and answers.
///
/// Begins empty: add items, build trees, and search; or load a file.
///
/// Parameters
/// ----------
/// f
///     How many components a vector has.
/// metric
///     ``"angular"``, ``"euclidean"``, ``"manhattan"``, ``"hamming"`` or ``"dot"``. For
///     ``"hamming"``, components above 0.5 count as 1, all others as 0.
///
/// Examples
/// --------
/// >>> from anear.annoy import AnnoyIndex
/// >>> index = AnnoyIndex(2, "euclidean")
/// >>> for item, vector in enumerate([[0, 0], [3, 4], [6, 8]]):
/// ...     index.add_item(item, vector)
/// >>> index.build(10)
/// True
/// >>> index.get_nns_by_vector([3, 3], 2, include_distances=True)
/// ([1, 0], [1.0, 4.242640495300293])
/// >>> index.get_nns_by_vector([3, 3], 2, filter=[0, 2])
/// [0, 2]
#[pyclass(module = "anear.annoy", frozen, subclass)]
pub(crate) struct AnnoyIndex {
    /// How many components a vector has.
    #[pyo3(get)]
    f: usize,
    /// Waited for only while the interpreter lock is released.
    forest: RwLock<Forest>,
    spare: Spare,
    is_verbose: AtomicBool,
}

impl AnnoyIndex {
    /// Looks at the forest.
    fn look<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&Forest) -> T + Send) -> T {
        match self.forest.try_read() {
            Ok(forest) => work(&forest),
            Err(TryLockError::Poisoned(forest)) => work(&forest.into_inner()),
            Err(TryLockError::WouldBlock) => py.detach(|| self.look_detached(work)),
        }
    }

    /// Looks at the forest; not to be called with the interpreter lock held.
    fn look_detached<T>(&self, work: impl FnOnce(&Forest) -> T) -> T {
        work(&self.forest.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the forest, in no time where nobody uses it.
    fn change<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut Forest) -> T + Send) -> T {
        match self.forest.try_write() {
            Ok(mut forest) => work(&mut forest),
            Err(TryLockError::Poisoned(forest)) => work(&mut forest.into_inner()),
            Err(TryLockError::WouldBlock) => py.detach(|| self.change_detached(work)),
        }
    }

    /// Changes the forest; not to be called with the interpreter lock held.
    fn change_detached<T>(&self, work: impl FnOnce(&mut Forest) -> T) -> T {
        work(&mut self.forest.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something with a file without the interpreter lock.
    fn with_file(
        &self,
        py: Python<'_>,
        file: &FileName,
        work: impl FnOnce(&mut Forest, &Path) -> anear::Result<()> + Send,
    ) -> PyResult<bool> {
        let done = py.detach(|| self.change_detached(|forest| work(forest, &file.0)));
        done.map(|()| true).map_err(|error| errors::of_file(&error))
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.is_verbose.load(Ordering::Relaxed) {
            eprintln!("{}", what());
        }
    }

    fn say_what_was_found(&self, py: Python<'_>) {
        let (trees, items) = self.look(py, |forest| (forest.trees(), forest.len()));
        self.say(|| format!("found {trees} roots with degree {items}"));
    }

    /// Checks the number of an item as Annoy does.
    fn item(&self, py: Python<'_>, item: i32) -> PyResult<u32> {
        let items = self.look(py, Forest::len);
        match u32::try_from(item) {
            Ok(item) if (item as usize) < items => Ok(item),
            Ok(_) => Err(PyIndexError::new_err("Item index larger than the largest item index")),
            Err(_) => Err(negative()),
        }
    }

    /// Finds the neighbours of an item, or of the vector on the desk.
    fn find(
        &self,
        py: Python<'_>,
        question: Question<'_>,
        item: Option<u32>,
        mut desk: Desk,
    ) -> Result<Vec<Hit>> {
        let found = py.detach(|| {
            self.look_detached(|forest| {
                let ask = question.ask(forest)?;
                match item {
                    Some(item) => forest.nearest_to_item(item, &ask, &mut desk.scratch),
                    None => forest.nearest(&desk.query, &ask, &mut desk.scratch),
                }
            })
        });
        self.spare.give_back(desk);
        Ok(found?)
    }

    /// Finds the neighbours of many.
    fn find_each(
        &self,
        py: Python<'_>,
        question: Question<'_>,
        search: impl FnOnce(&Forest, &Ask<'_>, Interrupt<'_>) -> anear::Result<Vec<Vec<Hit>>> + Send,
    ) -> Result<Table> {
        watched(py, |interrupt| {
            self.look_detached(|forest| {
                let found = search(forest, &question.ask(forest)?, interrupt)?;
                // A negative count is as many as there are.
                let columns = usize::try_from(question.n).unwrap_or(forest.len());
                Table::new(&found, columns, forest.metric())
            })
        })
    }
}

fn negative() -> PyErr {
    PyIndexError::new_err("Item index can not be negative")
}

#[pymethods]
impl AnnoyIndex {
    #[new]
    #[pyo3(signature = (f, metric = Named(None)), text_signature = "(f, metric=...)")]
    fn new(py: Python<'_>, f: i32, metric: Named) -> Result<AnnoyIndex> {
        if metric.0.is_none() {
            let message = c"The default argument for metric will be removed in future version of \
                            Annoy. Please pass metric='angular' explicitly.";
            PyErr::warn(py, &py.get_type::<PyFutureWarning>(), message, 1)?;
        }
        let f = usize::try_from(f).unwrap_or(0);
        let forest = Forest::new(metric.0.unwrap_or(Metric::Angular), f)?;
        let (spare, is_verbose) = (Spare::default(), AtomicBool::new(false));
        Ok(AnnoyIndex { f, forest: RwLock::new(forest), spare, is_verbose })
    }

    /// Takes what the class takes, for classes derived from it.
    #[pyo3(signature = (f, metric = Named(None)))]
    fn __init__(&self, f: i32, metric: Named) {
        let _ = (f, metric);
    }

    /// Opens a file of trees, which must stay as it is. It is mapped, and read where searches go;
    /// with ``prefault`` all of it is read at once.
    ///
    /// Raises
    /// ------
    /// OSError
    ///     If the file cannot be opened, or holds no trees over such vectors.
    #[pyo3(signature = (r#fn, prefault = 0), text_signature = "($self, fn, prefault=False)")]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn load(&self, py: Python<'_>, r#fn: FileName, prefault: u8) -> PyResult<bool> {
        self.with_file(py, &r#fn, |forest, path| forest.load_into(path, prefault != 0))?;
        self.say_what_was_found(py);
        Ok(true)
    }

    /// Writes the index to a file, in place of one that is there, and goes on with that file as if
    /// it had been loaded.
    ///
    /// Raises
    /// ------
    /// OSError
    ///     If no trees were built, or writing fails.
    #[pyo3(signature = (r#fn, prefault = 0), text_signature = "($self, fn, prefault=False)")]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn save(&self, py: Python<'_>, r#fn: FileName, prefault: u8) -> PyResult<bool> {
        self.with_file(py, &r#fn, |forest, path| forest.save(path, prefault != 0))?;
        self.say_what_was_found(py);
        Ok(true)
    }

    /// Goes on in this file, which is emptied: items are put there as they are added, and trees as
    /// they grow, so that an index may be larger than memory. Until `build` is done, the file is
    /// none that can be loaded.
    ///
    /// Raises
    /// ------
    /// OSError
    ///     If the file cannot be made.
    #[pyo3(signature = (r#fn))]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn on_disk_build(&self, py: Python<'_>, r#fn: FileName) -> PyResult<bool> {
        self.with_file(py, &r#fn, Forest::on_disk_build)
    }

    /// Lets go of all items and of the file.
    fn unload(&self, py: Python<'_>) -> bool {
        py.detach(|| self.change_detached(Forest::unload));
        self.say(|| "unloaded".to_owned());
        true
    }

    /// Adds an item under a number, or replaces it. Numbers that are left out take memory too.
    ///
    /// Raises
    /// ------
    /// IndexError
    ///     If ``i`` is negative, or the vector has another length.
    /// TypeError
    ///     If ``vector`` is no vector.
    /// Exception
    ///     If the index was loaded from a file, or the item is new and trees were built.
    #[pyo3(signature = (i, vector))]
    fn add_item(&self, py: Python<'_>, i: i32, vector: &Bound<'_, PyAny>) -> Result<()> {
        let item = u32::try_from(i).map_err(|_| negative())?;
        let mut desk = self.spare.take();
        vector::read(vector, self.f, &mut desk.query)?;
        let added = self.change(py, |forest| forest.add_item(item, &desk.query));
        self.spare.give_back(desk);
        added.map_err(errors::of_state)
    }

    /// Builds trees over the items, which can be searched then.
    ///
    /// Parameters
    /// ----------
    /// n_trees
    ///     How many; more make searches better and the index larger. -1 for as many as take no
    ///     more room than the items.
    /// n_jobs
    ///     Threads to use; -1 for all cores. The trees depend on their number.
    ///
    /// Raises
    /// ------
    /// Exception
    ///     If there are trees already, or the index was loaded from a file.
    #[pyo3(signature = (n_trees, n_jobs = -1), text_signature = "($self, n_trees, n_jobs=-1)")]
    fn build(&self, py: Python<'_>, n_trees: i32, n_jobs: i32) -> Result<bool> {
        let growth = Growth::trees(n_trees).on_threads(n_jobs);
        let built = watched(py, |interrupt| {
            self.change_detached(|forest| forest.build(&growth, Some(interrupt)))
        });
        built.map_err(|failure| match failure {
            Failure::Engine(error) => errors::of_state(error),
            Failure::Python(raised) => Failure::Python(raised),
        })?;
        self.say(|| format!("has {} trees", self.look(py, Forest::trees)));
        Ok(true)
    }

    /// Takes the trees away, so that items can be added.
    ///
    /// Raises
    /// ------
    /// Exception
    ///     If the index was loaded from a file.
    fn unbuild(&self, py: Python<'_>) -> Result<bool> {
        py.detach(|| self.change_detached(Forest::unbuild)).map_err(errors::of_state)?;
        Ok(true)
    }

    /// Finds the items nearest to an item, which is among them.
    ///
    /// See `get_nns_by_vector`.
    #[pyo3(
        signature = (i, n, search_k = -1, include_distances = 0, *, filter = None),
        text_signature = "($self, i, n, search_k=-1, include_distances=False, *, filter=None)"
    )]
    fn get_nns_by_item<'py>(
        &self,
        py: Python<'py>,
        i: i32,
        n: i32,
        search_k: i32,
        include_distances: i32,
        filter: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>> {
        let item = self.item(py, i)?;
        let question = Question { n, search_k, passing: &Passing::of(filter)? };
        let found = self.find(py, question, Some(item), self.spare.take())?;
        Ok(lists::answer(py, &found, include_distances != 0)?)
    }

    /// Finds the items nearest to a vector.
    ///
    /// Parameters
    /// ----------
    /// vector
    ///     A list, an array, or whatever else has a length and gives numbers by position.
    /// n
    ///     The most items to find; fewer are found where trees lead to the same ones.
    /// search_k
    ///     Items to look at, counted once for each tree; by default ``n`` for each tree.
    /// include_distances
    ///     Whether to return distances too.
    /// filter
    ///     Which items may be found: one bool for each item, or the numbers of some. Exactly ``n``
    ///     of them are found when there are that many. Annoy has no filters.
    ///
    /// Returns
    /// -------
    /// The items, nearest first, or ``(items, distances)``.
    ///
    /// Raises
    /// ------
    /// IndexError
    ///     If the vector has another length.
    /// TypeError
    ///     If ``vector`` is no vector.
    #[pyo3(
        signature = (vector, n, search_k = -1, include_distances = 0, *, filter = None),
        text_signature = "($self, vector, n, search_k=-1, include_distances=False, *, filter=None)"
    )]
    fn get_nns_by_vector<'py>(
        &self,
        py: Python<'py>,
        vector: &Bound<'py, PyAny>,
        n: i32,
        search_k: i32,
        include_distances: i32,
        filter: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>> {
        let mut desk = self.spare.take();
        vector::read(vector, self.f, &mut desk.query)?;
        let question = Question { n, search_k, passing: &Passing::of(filter)? };
        let found = self.find(py, question, None, desk)?;
        Ok(lists::answer(py, &found, include_distances != 0)?)
    }

    /// Finds the items nearest to each of some items, as `get_nns_by_vectors` does for vectors.
    ///
    /// Raises
    /// ------
    /// IndexError
    ///     If there is no item of such a number.
    #[pyo3(
        signature = (items, n, search_k = -1, include_distances = false, *, filter = None, threads = None),
        text_signature = "($self, items, n, search_k=-1, include_distances=False, *, filter=None, threads=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn get_nns_by_items<'py>(
        &self,
        py: Python<'py>,
        items: Vec<i32>,
        n: i32,
        search_k: i32,
        include_distances: bool,
        filter: Option<&Bound<'py, PyAny>>,
        threads: Option<isize>,
    ) -> Result<Bound<'py, PyAny>> {
        let checked = items.into_iter().map(|item| self.item(py, item));
        let items = checked.collect::<PyResult<Vec<u32>>>()?;
        let question = Question { n, search_k, passing: &Passing::of(filter)? };
        let threads = options::threads(threads)?;
        let found = self.find_each(py, question, |forest, ask, interrupt| {
            forest.nearest_to_each_item(&items, ask, threads, Some(interrupt))
        })?;
        Ok(found.into_python(py, include_distances)?)
    }

    /// Finds the items nearest to each of many vectors, on several threads. Annoy has no such
    /// call; the answers are those of `get_nns_by_vector`.
    ///
    /// Parameters
    /// ----------
    /// vectors
    ///     Shape (vectors, components): an array, a tensor, a list of lists.
    /// n, search_k, filter
    ///     As in `get_nns_by_vector`.
    /// include_distances
    ///     Whether to return distances too.
    /// threads
    ///     Threads to use at most; by default all cores.
    ///
    /// Returns
    /// -------
    /// items : int64, shape (vectors, n)
    ///     Nearest first; -1 where fewer were found. At most as many columns as there are items.
    /// distances : float32, shape (vectors, n)
    ///     If asked for; infinite where fewer were found, for ``"dot"`` minus infinity.
    ///
    /// Raises
    /// ------
    /// UsageError
    ///     If the vectors have another length.
    /// InputTypeError
    ///     If ``vectors`` holds no vectors.
    #[pyo3(
        signature = (vectors, n, search_k = -1, include_distances = false, *, filter = None, threads = None),
        text_signature = "($self, vectors, n, search_k=-1, include_distances=False, *, filter=None, threads=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are Python's")]
    fn get_nns_by_vectors<'py>(
        &self,
        py: Python<'py>,
        vectors: &Bound<'py, PyAny>,
        n: i32,
        search_k: i32,
        include_distances: bool,
        filter: Option<&Bound<'py, PyAny>>,
        threads: Option<isize>,
    ) -> Result<Bound<'py, PyAny>> {
        let vectors = Vectors::of(vectors, self.f)?;
        let question = Question { n, search_k, passing: &Passing::of(filter)? };
        let (threads, floats) = (options::threads(threads)?, vectors.floats());
        let found = self.find_each(py, question, |forest, ask, interrupt| {
            forest.nearest_each(floats, ask, threads, Some(interrupt))
        })?;
        Ok(found.into_python(py, include_distances)?)
    }

    /// The vector of an item; zeros where none was added.
    ///
    /// Raises
    /// ------
    /// IndexError
    ///     If there is no item of this number.
    #[pyo3(signature = (i, /))]
    fn get_item_vector<'py>(&self, py: Python<'py>, i: i32) -> Result<Bound<'py, PyList>> {
        let item = self.item(py, i)?;
        let vector = self.look(py, |forest| forest.item_vector(item))?;
        Ok(PyList::new(py, vector.into_iter().map(f64::from))?)
    }

    /// The distance of two items.
    ///
    /// Raises
    /// ------
    /// IndexError
    ///     If there is no item of such a number.
    #[pyo3(signature = (i, j, /))]
    fn get_distance(&self, py: Python<'_>, i: i32, j: i32) -> Result<f64> {
        let (i, j) = (self.item(py, i)?, self.item(py, j)?);
        Ok(self.look(py, |forest| forest.distance(i, j)).map(f64::from)?)
    }

    /// One more than the largest number of an item.
    fn get_n_items(&self, py: Python<'_>) -> usize {
        self.look(py, Forest::len)
    }

    /// The number of trees.
    fn get_n_trees(&self, py: Python<'_>) -> usize {
        self.look(py, Forest::trees)
    }

    /// Whether to tell on standard error what builds and loads do.
    #[pyo3(signature = (v, /))]
    fn verbose(&self, v: i32) -> bool {
        self.is_verbose.store(v != 0, Ordering::Relaxed);
        true
    }

    /// Sets the seed of the random numbers that `build` uses.
    #[pyo3(signature = (s, /))]
    fn set_seed(&self, py: Python<'_>, s: i32) {
        self.change(py, |forest| forest.set_seed(i64::from(s) as u64));
    }
}
