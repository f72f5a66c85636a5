//! The table of index kinds. Everything that walks over kinds walks over this.

use crate::{IndexKind, flat_index, forest_index};
use anear_types::{Error, Result};

/// All kinds, in the order documentation lists them.
pub static INDEX_KINDS: &[&dyn IndexKind] = &[&flat_index::Flat, &forest_index::ForestKind];

/// The kind with this name; `auto` chooses.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) with the kinds there are, if it is none of them.
pub fn kind_named(name: &str) -> Result<&'static dyn IndexKind> {
    if name == "auto" {
        return Ok(&flat_index::Flat);
    }
    INDEX_KINDS.iter().copied().find(|kind| kind.info().name == name).ok_or_else(|| {
        let known: Vec<&str> = INDEX_KINDS.iter().map(|kind| kind.info().name).collect();
        Error::usage(format!("there is no kind of index called {name:?}"))
            .help(format!("the kinds are: auto, {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_unique_names() {
        let mut seen = std::collections::HashSet::from(["auto"]);
        for kind in INDEX_KINDS {
            let name = kind.info().name;
            assert!(seen.insert(name), "{name}");
            assert_eq!(kind_named(name).unwrap().info().name, name);
        }
        let error = kind_named("HNSW32").err().unwrap();
        assert!(error.help_text().unwrap().contains("flat"));
    }
}
