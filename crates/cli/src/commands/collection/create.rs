//! `anear create`.

use crate::args::{Common, Create, StorageKind};
use crate::output;
use anear::{Collection, CollectionSpec, Compression, Error, Result, Storage};
use serde_json::json;

pub(crate) fn run(arguments: &Create, common: &Common) -> Result<()> {
    let usual = CollectionSpec::new(arguments.dim, arguments.metric);
    let spec = CollectionSpec {
        element: arguments.dtype.unwrap_or(usual.element),
        storage: storage(arguments)?,
        model: arguments.model.clone(),
        text: arguments.text.clone(),
        ..usual
    };
    let collection = Collection::create(&arguments.path, &spec)?;
    let path = collection.path().to_string_lossy();
    if common.json {
        return output::json(&json!({
            "path": path,
            "dim": spec.dim,
            "metric": spec.metric.name(),
            "dtype": spec.element.name(),
            "storage": super::storage_name(&spec.storage),
            "model": spec.model,
            "text": spec.text,
        }));
    }
    if common.quiet {
        return Ok(());
    }
    let CollectionSpec { dim, metric, element, .. } = spec;
    output::text(&format!("{path}: a collection of {dim} {element} a row, metric {metric}"))
}

fn storage(arguments: &Create) -> Result<Storage> {
    if arguments.storage == StorageKind::Npy {
        let flags = [
            ("--compress", arguments.compress.is_some()),
            ("--no-shuffle", arguments.no_shuffle),
            ("--group-by", arguments.group_by.is_some()),
        ];
        return match flags.into_iter().find(|(_, given)| *given) {
            None => Ok(Storage::Npy),
            Some((flag, _)) => {
                let error = Error::usage(format!("{flag} is for HDF5 files, and these are .npy"));
                Err(error.help("--storage hdf5"))
            }
        };
    }
    let gzip = match arguments.compress.unwrap_or(Compression::None) {
        Compression::None => 0,
        Compression::Gzip(level) => level,
        Compression::Zstd(_) => {
            let error = Error::usage("HDF5 files are compressed with gzip, not zstd");
            return Err(error.help("--compress gzip"));
        }
    };
    let group_by = arguments.group_by.clone();
    Ok(Storage::Hdf5 { gzip, shuffle: !arguments.no_shuffle, group_by })
}
