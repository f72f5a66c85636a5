//! The compiled half of the Python package `anear`: parse, call the library, show.
//!
//! What users see is in `python/anear`: functions and classes with their types and docstrings,
//! which call into here.
#![deny(unsafe_code)]

mod annoy;
mod collection;
mod columns;
mod error;
mod faiss;
mod file;
mod filter;
mod given;
mod index;
mod memory;
mod options;
mod results;
mod search;
mod signals;
mod values;
mod write;

/// The module `anear._anear`.
#[pyo3::pymodule]
mod _anear {
    #[pymodule_export]
    use crate::annoy::{AmendedIndex, AnnoyIndex};
    #[pymodule_export]
    use crate::collection::{Store, Walk};
    #[pymodule_export]
    use crate::faiss::{Selector, Tree, distances, kmeans};
    #[pymodule_export]
    use crate::file::File;
    #[pymodule_export]
    use crate::index::Structure;
    #[pymodule_export]
    use crate::memory::Memory;
    #[pymodule_export]
    use crate::search::search;
    #[pymodule_export]
    use crate::write::{convert, save};

    /// The version of anear.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name Python gives it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
