//! Files of vectors as readers see them.

use crate::spec::{Spec, Storage};
use anear_formats::npy::rows_at;
use anear_io::Input;
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that someone keeps alive and nobody changes.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The files that are mapped now, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Maps(Mutex<HashMap<i64, Input>>);

impl Maps {
    /// Where the first `rows` rows of a file lie. It is mapped anew when it has grown.
    pub(crate) fn rows(
        &self,
        folder: &Path,
        (number, name): (i64, &str),
        spec: &Spec,
        rows: u64,
    ) -> Result<(SharedBytes, Range<usize>)> {
        if spec.storage != Storage::Npy {
            return Err(Error::unsupported("this storage is not read yet"));
        }
        let mut maps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = |input: &Input| rows_at(input, spec.element, spec.dim, rows).ok();
        if let Some((input, range)) = maps.get(&number).and_then(|map| Some((map, is_there(map)?)))
        {
            return Ok((Arc::new(input.clone()), range));
        }
        let input = Input::open(folder.join(name))?;
        let range = rows_at(&input, spec.element, spec.dim, rows)
            .map_err(|error| error.at_path(input.path()))?;
        maps.insert(number, input.clone());
        Ok((Arc::new(input), range))
    }

    /// Forgets all files: they were replaced.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
