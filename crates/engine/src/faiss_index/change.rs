//! Making an index, and changing what it holds.

use super::{Index, Path, Rows, Selector};
use anear_index::making::{self, Map, Subset, Training, Work};
use anear_types::{Measure, Result};

impl Index {
    /// The index that a description of FAISS's `index_factory` says (`index_binary_factory` for
    /// [`Hamming`](Measure::Hamming)), without rows. `argument` is that of the measure.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the description is not understood, or does not fit;
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if it is of a kind that is not made here.
    pub fn described(
        description: &str,
        dim: usize,
        measure: Measure,
        argument: f32,
    ) -> Result<Index> {
        let mut parts = making::from_factory(description, dim, measure)?;
        parts.argument = argument;
        Ok(parts.into())
    }

    /// Learns from rows what the index, or one inside it, needs to take rows.
    ///
    /// # Errors
    /// If the rows do not fit, are too few, or the work was interrupted.
    pub fn train(
        &mut self,
        path: &Path,
        rows: Rows<'_>,
        training: &Training<'_>,
        work: &Work<'_>,
    ) -> Result<()> {
        let parts = self.change(path)?;
        making::train(parts, rows.vectors(parts.dim)?, training, work)
    }

    /// Adds rows, with ids of their own if there are any.
    ///
    /// # Errors
    /// If the rows do not fit, the index is not trained, it takes rows with ids only, or only without,
    /// or the work was interrupted.
    pub fn add(
        &mut self,
        path: &Path,
        rows: Rows<'_>,
        ids: Option<&[i64]>,
        work: &Work<'_>,
    ) -> Result<()> {
        let parts = self.change(path)?;
        making::add(parts, rows.vectors(parts.dim)?, ids, work)
    }

    /// Removes the rows whose ids are selected, and returns how many.
    ///
    /// # Errors
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if FAISS does not remove rows of such an
    /// index either.
    pub fn remove(&mut self, path: &Path, ids: &Selector) -> Result<u64> {
        making::remove(self.change(path)?, &|id| ids.has(id))
    }

    /// Removes all rows; what was learned stays.
    ///
    /// # Errors
    /// If there is no such index.
    pub fn reset(&mut self, path: &Path) -> Result<()> {
        making::reset(self.change(path)?);
        Ok(())
    }

    /// Takes all rows of another index of the same kind that has learned the same, with something added
    /// to the ids they have in lists.
    ///
    /// # Errors
    /// If the indexes differ, or FAISS does not merge such indexes.
    pub fn merge(&mut self, path: &Path, other: Index, added: i64) -> Result<()> {
        making::merge(self.change(path)?, other.into_parts(), added)
    }

    /// Copies some of the rows in lists behind those of another index with the same lists, and returns how
    /// many.
    ///
    /// # Errors
    /// If one of them has no lists, or they differ.
    pub fn copy_subset(
        &self,
        path: &Path,
        subset: &Subset,
        to: &mut Index,
        to_path: &Path,
    ) -> Result<u64> {
        making::copy_subset(self.parts(path)?, subset, to.change(to_path)?)
    }

    /// Makes a map of where the rows in lists are, or lets go of it.
    ///
    /// # Errors
    /// If the index has no lists, or ids are not those an array can have.
    pub fn map_ids(&mut self, path: &Path, map: Map) -> Result<()> {
        making::set_direct_map(self.change(path)?, map)
    }

    /// The index with its product codes of 4 bits in blocks of so many rows, for FAISS's fast scan.
    ///
    /// # Errors
    /// If it has no such codes, or blocks cannot be of so many rows.
    pub fn in_blocks(self, rows: usize) -> Result<Index> {
        let mut parts = self.into_parts();
        making::lay_in_blocks(&mut parts, rows)?;
        Ok(parts.into())
    }

    /// The index with its codes, which are in blocks, one behind another.
    ///
    /// # Errors
    /// If they are not in blocks.
    pub fn in_a_row(self) -> Result<Index> {
        let mut parts = self.into_parts();
        making::lay_in_a_row(&mut parts)?;
        Ok(parts.into())
    }
}
