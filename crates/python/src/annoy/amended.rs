//! A file of trees with changes beside it, which Annoy has nothing like.

use super::arguments::{FileName, Named};
use super::batch::{Table, Vectors};
use super::passing::Passing;
use crate::error::Result;
use crate::filter::ids_of;
use crate::options;
use crate::signals::watched;
use anear::forest::Amended;
use anear::{Error, Ids, Keep, Metric};
use pyo3::prelude::*;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A file of trees that stays as it is, with items added, replaced and deleted beside it.
///
/// Changes are found at once. `save` keeps them in a file beside that of the trees, its name with
/// ``.delta`` behind, which anear reads wherever it reads the file of trees; Annoy does not. To fold
/// them in, build trees anew over what there is: ``anear.convert("x.ann", "y.ann")``.
///
/// Parameters
/// ----------
/// fn
///     The file, which has to stay as it is.
/// f, metric
///     As for `AnnoyIndex`.
///
/// Examples
/// --------
/// >>> from anear.annoy import AmendedIndex, AnnoyIndex
/// >>> index = AnnoyIndex(2, "euclidean")
/// >>> for item, vector in enumerate([[0, 0], [3, 4], [6, 8]]):
/// ...     index.add_item(item, vector)
/// >>> index.build(10) and index.save("points.ann")
/// True
/// >>> amended = AmendedIndex("points.ann", 2, "euclidean")
/// >>> amended.put([7], [[3, 3]])
/// >>> amended.delete([1])
/// 1
/// >>> amended.save()
/// >>> AmendedIndex("points.ann", 2, "euclidean").get_nns_by_vectors([[3, 3]], 2)
/// array([[7, 0]])
#[pyclass(module = "anear.annoy", frozen)]
pub(crate) struct AmendedIndex {
    /// Locked only while the interpreter lock is released.
    amended: RwLock<Amended>,
}

impl AmendedIndex {
    fn read(&self) -> RwLockReadGuard<'_, Amended> {
        self.amended.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Amended> {
        self.amended.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl AmendedIndex {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn new(py: Python<'_>, r#fn: FileName, f: usize, metric: Named) -> Result<AmendedIndex> {
        let metric = metric.0.unwrap_or(Metric::Angular);
        let amended = py.detach(|| Amended::open(&r#fn.0, metric, f))?;
        Ok(AmendedIndex { amended: RwLock::new(amended) })
    }

    /// Adds items or gives them other vectors.
    ///
    /// Parameters
    /// ----------
    /// items
    ///     Their numbers.
    /// vectors
    ///     Shape (items, components).
    ///
    /// Raises
    /// ------
    /// UsageError
    ///     If there are not as many vectors as items, they have another length, or a number is that
    ///     of no item.
    /// DataError
    ///     If a component is NaN or infinite. The items before stay changed.
    #[pyo3(signature = (items, vectors))]
    fn put(&self, items: &Bound<'_, PyAny>, vectors: &Bound<'_, PyAny>) -> Result<()> {
        let py = items.py();
        let items = numbers(items)?;
        let dim = py.detach(|| self.read().dim());
        let vectors = Vectors::of(vectors, dim)?;
        let floats = vectors.floats();
        if floats.len() != items.len() * dim {
            let what = format!("{} vectors for {} items", floats.len() / dim, items.len());
            return Err(Error::usage(what).into());
        }
        py.detach(|| {
            let mut amended = self.write();
            items.iter().zip(floats.chunks(dim)).try_for_each(|(item, vector)| {
                let item = u32::try_from(*item)
                    .map_err(|_| Error::usage(format!("{item} is the number of no item")))?;
                amended.put(item, vector)
            })
        })?;
        Ok(())
    }

    /// Deletes the items of these numbers and returns how many there were.
    #[pyo3(signature = (items))]
    fn delete(&self, items: &Bound<'_, PyAny>) -> Result<usize> {
        let py = items.py();
        let items = numbers(items)?;
        Ok(py.detach(|| {
            let mut amended = self.write();
            let numbers = items.iter().filter_map(|item| u32::try_from(*item).ok());
            numbers.filter(|item| amended.delete(*item)).count()
        }))
    }

    /// Keeps all changes beside the file: whole or, after an error or a crash, as they were before.
    fn save(&self, py: Python<'_>) -> Result<()> {
        Ok(py.detach(|| self.read().save())?)
    }

    /// How many items were added or replaced, and how many of the file were deleted.
    fn changes(&self, py: Python<'_>) -> (usize, usize) {
        py.detach(|| self.read().changes())
    }

    /// The vector of an item; ``None`` if there is none of this number.
    #[pyo3(signature = (i, /))]
    fn get_item_vector(&self, py: Python<'_>, i: u32) -> Option<Vec<f32>> {
        py.detach(|| self.read().item_vector(i))
    }

    /// Finds the items nearest to each of some vectors: exactly ``n`` of them if there are so many.
    ///
    /// Parameters and answers are those of `AnnoyIndex.get_nns_by_vectors`; a mask has one bool for
    /// each number up to the largest of an item.
    #[pyo3(
        signature = (vectors, n, include_distances = false, *, filter = None, threads = None),
        text_signature = "($self, vectors, n, include_distances=False, *, filter=None, threads=None)"
    )]
    fn get_nns_by_vectors<'py>(
        &self,
        py: Python<'py>,
        vectors: &Bound<'py, PyAny>,
        n: usize,
        include_distances: bool,
        filter: Option<&Bound<'py, PyAny>>,
        threads: Option<isize>,
    ) -> Result<Bound<'py, PyAny>> {
        let (passing, threads) = (Passing::of(filter)?, options::threads(threads)?);
        let vectors = Vectors::of(vectors, py.detach(|| self.read().dim()))?;
        let floats = vectors.floats();
        let found = watched(py, |interrupt| {
            let amended = self.read();
            let keep = match &passing {
                Passing::All => Keep::All,
                Passing::Mask(mask) => Keep::Set(mask),
                Passing::Listed(items) => Keep::Listed(items),
            };
            let found = amended.nearest_each(floats, n, keep, threads, Some(interrupt))?;
            Table::new(&found, n, amended.metric())
        })?;
        Ok(found.into_python(py, include_distances)?)
    }
}

/// Numbers of items.
fn numbers(items: &Bound<'_, PyAny>) -> Result<Vec<i64>> {
    match ids_of(items)? {
        Ids::Ints(items) => Ok(items),
        Ids::Texts(_) => Err(Error::usage("items have numbers, these are strings").into()),
    }
}
