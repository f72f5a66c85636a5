//! Id maps, which are described before or behind what they are over.

use super::{Empty, empty};
use anear_types::parts::{IdMap, IndexParts, Integers, Structure};

/// What an id map is over, and whether rows are found by their ids as well.
pub(super) fn inner(text: &str) -> Option<(&str, bool)> {
    let named = |name: &str| {
        let behind = text.strip_suffix(name).and_then(|text| text.strip_suffix(','));
        let before = || text.strip_prefix(name).and_then(|text| text.strip_prefix(','));
        behind.or_else(before).filter(|inner| !inner.is_empty())
    };
    named("IDMap2")
        .map(|inner| (inner, true))
        .or_else(|| named("IDMap").map(|inner| (inner, false)))
}

/// An id map over an empty index.
pub(super) fn around(inner: IndexParts, both_ways: bool) -> IndexParts {
    let of = Empty { dim: inner.dim, measure: inner.measure };
    let trained = inner.trained;
    let id_map = IdMap { inner, ids: Integers::default(), both_ways };
    empty(of, trained, Structure::IdMap(Box::new(id_map)))
}
