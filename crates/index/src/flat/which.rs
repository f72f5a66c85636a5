//! Which rows of a block a search looks at.

use crate::RowSet;

/// All rows of a block, or some.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// All.
    All,
    /// Those with these numbers, ascending. Others cost nothing.
    Listed(&'a [u64]),
    /// Most: all are scored side by side, and what does not pass is dropped where it would be
    /// taken. That is faster than to pick rows one by one, and takes no list.
    Most(Mask<'a>),
}

/// Rows that pass: those that are kept, and not removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask<'a> {
    /// `None` for all.
    pub(crate) kept: Option<&'a RowSet>,
    pub(crate) removed: &'a RowSet,
}

impl Mask<'_> {
    pub(super) fn passes(&self, row: u64) -> bool {
        self.kept.is_none_or(|kept| kept.contains(row)) && !self.removed.contains(row)
    }
}
