//! Opening and creating collections.

use crate::error::Result;
use crate::options;
use anear::{Access, Collection, CollectionSpec, Compression, Error, Expected, Storage};
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// Path, dimension, element, metric, model, storage.
pub(super) type Facts = (PathBuf, usize, &'static str, &'static str, Option<String>, &'static str);

pub(super) fn facts(collection: &Collection) -> Facts {
    (
        collection.path().to_owned(),
        collection.dim(),
        collection.element().name(),
        collection.metric().name(),
        collection.model().map(str::to_owned),
        match collection.storage() {
            Storage::Npy => "npy",
            Storage::Hdf5 { .. } => "hdf5",
        },
    )
}

/// How a new collection is made, as `python/anear/_collection.py` says it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(super) struct Making {
    dtype: Option<String>,
    storage: String,
    compress: Option<String>,
    shuffle: bool,
    group_by: Option<String>,
    text: Vec<String>,
}

impl Making {
    fn spec(self, dim: usize, expected: &Expected<'_>) -> Result<CollectionSpec> {
        let usual = CollectionSpec::new(dim, expected.metric.unwrap_or_default());
        Ok(CollectionSpec {
            element: self.dtype.as_deref().map_or(Ok(usual.element), options::element)?,
            model: expected.model.map(str::to_owned),
            storage: self.storage()?,
            text: self.text,
            ..usual
        })
    }

    fn storage(&self) -> Result<Storage> {
        let compression = options::compression(self.compress.as_deref())?;
        match self.storage.as_str() {
            "npy" if compression != Compression::None || self.group_by.is_some() => {
                let error = Error::usage("compress and group_by are for HDF5 files");
                Err(error.help("storage='hdf5'").into())
            }
            "npy" => Ok(Storage::Npy),
            "hdf5" => {
                let gzip = match compression {
                    Compression::None => 0,
                    Compression::Gzip(level) => level,
                    Compression::Zstd(_) => {
                        let error = Error::usage("HDF5 files are compressed with gzip, not zstd");
                        return Err(error.help("compress='gzip'").into());
                    }
                };
                let group_by = self.group_by.clone();
                Ok(Storage::Hdf5 { gzip, shuffle: self.shuffle, group_by })
            }
            other => {
                let error = Error::usage(format!("there is no storage {other:?}"));
                Err(error.help("storage is 'npy' or 'hdf5'").into())
            }
        }
    }
}

/// Opens the collection at a path; makes one if there is none and `making` says how.
pub(super) fn open(
    py: Python<'_>,
    path: &Path,
    expected: &Expected<'_>,
    read_only: bool,
    making: Option<Making>,
) -> Result<Collection> {
    let access = if read_only { Access::Read } else { Access::Write };
    let spec = match (making, expected.dim) {
        (Some(making), Some(dim)) if !Collection::is_at(path) => Some(making.spec(dim, expected)?),
        _ => None,
    };
    let opened = py.detach(|| {
        if let Some(spec) = spec {
            match Collection::create(path, &spec) {
                // Another process was faster.
                Err(_) if Collection::is_at(path) => {}
                created => return created,
            }
        }
        let collection = Collection::open(path, access)?;
        collection.check(expected)?;
        Ok(collection)
    });
    Ok(opened?)
}
