//! The table of formats. Everything that walks over formats walks over this.

#[cfg(feature = "hdf5")]
use crate::hdf5;
#[cfg(feature = "parquet")]
use crate::parquet;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::{Format, annoy, anx, csv, faiss, fbin, jsonl, npy, npz, pt, safetensors, vecs};

/// All formats, in the order documentation lists them.
pub static FORMATS: &[&dyn Format] = &[
    &npy::Npy,
    &npz::Npz,
    &pt::Pt,
    &safetensors::Safetensors,
    #[cfg(feature = "hdf5")]
    &hdf5::Hdf5,
    #[cfg(feature = "sqlite")]
    &sqlite::Sqlite,
    #[cfg(feature = "parquet")]
    &parquet::Parquet,
    &jsonl::Jsonl,
    &csv::Csv,
    &vecs::FVECS,
    &vecs::BVECS,
    &vecs::IVECS,
    &fbin::FBIN,
    &fbin::U8BIN,
    &fbin::I8BIN,
    &anx::Anx,
    &faiss::Faiss,
    &annoy::Annoy,
];

/// The format with this name.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.info().name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_extensions_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for format in FORMATS {
            let info = format.info();
            assert!(seen.insert(format!("name {}", info.name)), "{}", info.name);
            for extension in info.extensions {
                assert!(seen.insert(format!("extension {extension}")), "{extension}");
            }
        }
    }

    #[test]
    fn every_format_has_a_row_in_the_documentation() {
        let text = include_str!("../../../docs/formats.md");
        for format in FORMATS {
            let info = format.info();
            let row = format!("| `{}` | {} |", info.name, info.extensions.join(" "));
            assert!(text.contains(&row), "docs/formats.md has no row that begins {row}");
        }
    }
}
