//! Files of vectors as readers see them.

use super::hdf5::Decoded;
use crate::folder;
use crate::spec::{Spec, Storage};
use anear_formats::npy::rows_at;
use anear_io::Input;
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that someone keeps alive and nobody changes.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The files that are in memory now, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Maps(Mutex<HashMap<i64, Map>>);

/// A file in memory.
#[derive(Debug)]
enum Map {
    /// As it is.
    Mapped(Input),
    /// The rows in it.
    Decoded(Arc<Decoded>),
}

impl Maps {
    /// Where the rows of a file lie. A file that has grown is mapped anew.
    pub(crate) fn rows(
        &self,
        folder: &Path,
        (number, name): (i64, &str),
        spec: &Spec,
        rows: Range<u64>,
    ) -> Result<(SharedBytes, Range<usize>)> {
        let mut maps = self.maps();
        if let Some(Ok(found)) = maps.get(&number).map(|map| map.rows(spec, &rows)) {
            return Ok(found);
        }
        let path = folder.join(name);
        let map = Map::open(&path, spec, &rows).map_err(|error| error.at_path(&path))?;
        let found = map.rows(spec, &rows).map_err(|error| error.at_path(&path))?;
        maps.insert(number, map);
        Ok(found)
    }

    /// Forgets the files before the last of these that are not among them: they were replaced.
    pub(crate) fn keep(&self, numbers: &[i64]) {
        let newest = numbers.iter().max();
        let is_newer = |number: &i64| newest.is_none_or(|newest| number > newest);
        self.maps().retain(|number, _| is_newer(number) || numbers.contains(number));
    }

    /// Forgets all files.
    pub(crate) fn clear(&self) {
        self.maps().clear();
    }

    fn maps(&self) -> MutexGuard<'_, HashMap<i64, Map>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Map {
    fn open(path: &Path, spec: &Spec, rows: &Range<u64>) -> Result<Map> {
        Ok(match spec.storage {
            Storage::Npy => Map::Mapped(folder::open(path)?),
            Storage::Hdf5 { .. } => {
                Map::Decoded(Arc::new(Decoded::read(path, spec, rows.clone())?))
            }
        })
    }

    /// Where the rows lie, if they are there.
    fn rows(&self, spec: &Spec, rows: &Range<u64>) -> Result<(SharedBytes, Range<usize>)> {
        match self {
            Map::Mapped(input) => {
                let range = rows_at(input, spec.element, spec.dim, rows.end - rows.start)?;
                Ok((Arc::new(input.clone()), range))
            }
            Map::Decoded(decoded) if decoded.rows == *rows => {
                let bytes = (**decoded).as_ref().len();
                Ok((Arc::clone(decoded) as SharedBytes, 0..bytes))
            }
            Map::Decoded(_) => Err(Error::malformed("the file has other rows")),
        }
    }
}
