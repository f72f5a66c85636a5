//! An index and what searches it.

use super::Path;
use anear_index::ann::{AnnIndex, adopt};
use anear_types::parts::{CheckedParts, IndexParts, Storage, Structure};
use anear_types::{Error, Measure, Result};
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
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is none;
    /// [`Unsupported`](anear_types::ErrorKind::Unsupported) if it is to hold the rows of a graph without them.
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
        self.forget();
        path.put(&mut self.parts, index.parts)
    }

    /// The same index, or one inside it, as FAISS writes it without storage: a graph without its rows, which
    /// are put under it again before it is searched. What is no graph itself stays whole.
    ///
    /// # Errors
    /// As for [`parts`](Index::parts); [`Unsupported`](anear_types::ErrorKind::Unsupported) for a graph over bits.
    pub fn without_storage(&self, path: &Path) -> Result<Index> {
        let mut parts = self.parts(path)?.clone();
        if let Structure::Graph(graph) = &mut parts.structure {
            if parts.measure == Measure::Hamming {
                return Err(Error::unsupported("FAISS reads no graph over bits without its rows")
                    .help("write it with them"));
            }
            graph.storage = Storage::Left(graph.storage.kind());
        }
        Ok(parts.into())
    }

    /// The parts, to be changed. Whatever searches them is forgotten.
    pub(super) fn change(&mut self, path: &Path) -> Result<&mut IndexParts> {
        self.forget();
        path.of_mut(&mut self.parts)
    }

    fn forget(&mut self) {
        self.searchers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faiss_index::{Rows, Work};
    use anear_types::ErrorKind;

    #[test]
    fn rows_are_put_under_a_graph_without_them() {
        let rows: Vec<f32> = (0..80).map(|number| (number * 37 % 101) as f32).collect();
        let (graph, storage): (Path, Path) =
            ("inner".parse().unwrap(), "inner/storage".parse().unwrap());
        let ids: Vec<i64> = (0..40).collect();
        let mut index = Index::described("IDMap,HNSW4", 2, Measure::L2, 0.0).unwrap();
        index.add(&Path::default(), Rows::Floats(&rows), Some(&ids), &Work::default()).unwrap();
        let whole = index.clone();
        let bare = index.without_storage(&graph).unwrap();
        assert_eq!(index.without_storage(&Path::default()).unwrap().parts, whole.parts);
        index.put(&graph, bare).unwrap();
        assert_eq!(index.parts(&storage).unwrap_err().kind(), ErrorKind::Unsupported);
        assert!(index.searcher(&Path::default()).is_err());
        index.put(&storage, whole.part(&storage).unwrap()).unwrap();
        assert_eq!(index.parts, whole.parts);
        assert!(index.put(&"storage".parse().unwrap(), whole).is_err());
        let bits = Index::described("BHNSW4", 8, Measure::Hamming, 0.0).unwrap();
        assert_eq!(
            bits.without_storage(&Path::default()).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}
