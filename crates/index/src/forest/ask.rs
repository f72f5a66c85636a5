//! What is asked of a forest, and what it answers.

use crate::Keep;

/// How to search a forest.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The most items to find.
    pub count: usize,
    /// Items to look at before the search ends, counted once for each tree they are found in;
    /// `-1` is `count` for each tree, and other negative numbers are all. As in Annoy.
    pub search_k: i32,
    /// Whether to look further until `count` items are found, if there are so many. Annoy gives
    /// fewer when trees find the same ones.
    pub fill: bool,
    /// Which items may be found. Those that may not do not count as looked at, so that as many
    /// are found as without a filter; where few may, each of them is looked at, in no tree.
    pub keep: Keep<'a>,
}

impl Ask<'_> {
    /// The nearest `count`, as Annoy finds them by default.
    pub fn nearest(count: usize) -> Ask<'static> {
        Ask { count, search_k: -1, fill: false, keep: Keep::All }
    }

    /// Items to look at, computed with Annoy's types: a count that is too large turns negative.
    pub(super) fn budget(&self, trees: usize) -> usize {
        let items = match self.search_k {
            -1 => self.count.wrapping_mul(trees) as i32,
            search_k => search_k,
        };
        usize::try_from(items).unwrap_or(usize::MAX)
    }
}

/// An item that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its number.
    pub item: u32,
    /// How far it is, or for inner products how much.
    pub distance: f32,
}

/// Memory that searches use one after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) query: Vec<u32>,
    pub(super) walk: super::walk::Walk,
    pub(super) items: Vec<u32>,
    pub(super) starts: Vec<usize>,
    pub(super) sums: Vec<f32>,
    pub(super) norms: Vec<f32>,
    pub(super) found: Vec<u64>,
}
