//! An index and what searches it.

use super::Path;
use anear_index::ann::{AnnIndex, adopt};
use anear_types::Result;
use anear_types::parts::{CheckedParts, IndexParts};
use std::sync::{Arc, Mutex, PoisonError};

/// An index of FAISS, with the indexes inside it.
pub struct Index {
    parts: IndexParts,
    /// What searches the index, or one inside it; made when first asked for.
    searchers: Mutex<Vec<(Path, Arc<dyn AnnIndex>)>>,
}

impl From<IndexParts> for Index {
    fn from(parts: IndexParts) -> Index {
        Index { parts, searchers: Mutex::default() }
    }
}

impl Clone for Index {
    fn clone(&self) -> Index {
        self.parts.clone().into()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.fmt(f)
    }
}

impl Index {
    /// The parts of the index, or of one inside it.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is none.
    pub fn parts(&self, path: &Path) -> Result<&IndexParts> {
        path.of(&self.parts)
    }

    /// The same index, or one inside it, by itself. Codes are shared until one of them is changed.
    ///
    /// # Errors
    /// As for [`parts`](Index::parts).
    pub fn part(&self, path: &Path) -> Result<Index> {
        Ok(self.parts(path)?.clone().into())
    }

    /// Puts an index in the place of one inside this one, or of all of it.
    ///
    /// # Errors
    /// As for [`parts`](Index::parts).
    pub fn put(&mut self, path: &Path, index: Index) -> Result<()> {
        *self.change(path)? = index.parts;
        Ok(())
    }

    /// The parts, to be changed. Whatever searches them is forgotten.
    pub(super) fn change(&mut self, path: &Path) -> Result<&mut IndexParts> {
        self.searchers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        path.of_mut(&mut self.parts)
    }

    /// The parts, without what searches them.
    pub(super) fn into_parts(self) -> IndexParts {
        self.parts
    }

    pub(super) fn checked(&self, path: &Path) -> Result<CheckedParts> {
        self.parts(path)?.clone().check()
    }

    /// What searches the index, or one inside it.
    ///
    /// # Errors
    /// If it contradicts itself, or is not trained.
    pub(super) fn searcher(&self, path: &Path) -> Result<Arc<dyn AnnIndex>> {
        let mut searchers = self.searchers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, searcher)) = searchers.iter().find(|(made, _)| made == path) {
            return Ok(Arc::clone(searcher));
        }
        let searcher: Arc<dyn AnnIndex> = adopt(&self.checked(path)?)?.into();
        searchers.push((path.clone(), Arc::clone(&searcher)));
        Ok(searcher)
    }
}
