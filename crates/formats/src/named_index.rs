//! A container for an index file that is named and described, but whose vectors are not read.

use crate::{Container, Entry, IndexInfo, VectorSource};
use anear_types::Result;

/// An index without entries.
pub(crate) struct NamedIndex(pub(crate) IndexInfo);

impl Container for NamedIndex {
    fn entries(&self) -> &[Entry] {
        &[]
    }

    fn rows(&self, entry: usize) -> Result<Box<dyn VectorSource + '_>> {
        panic!("an index has no entry {entry}")
    }

    fn index(&self) -> Option<&IndexInfo> {
        Some(&self.0)
    }
}
