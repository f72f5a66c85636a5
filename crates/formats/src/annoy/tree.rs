//! Which items a forest has.
//!
//! Numbers that were never given to an item have a node as well, of zeros. Every tree has all
//! items in its leaves, so walking one tree tells them without a look at the items themselves,
//! which are most of the file.

use super::layout::{Layout, Nodes};
use anear_types::{Error, Result};

/// The items there are, in order; `None` if that is all up to the last.
///
/// # Errors
/// If the tree names nodes that are not there, or one of them twice.
pub(super) fn present_items(nodes: &Nodes<'_>, layout: Layout) -> Result<Option<Vec<u32>>> {
    let has_trees = nodes.items < nodes.count();
    let is_present = match !has_trees || nodes.items <= nodes.listed(layout) {
        // A root that lists its items counts the missing ones too.
        true => (0..nodes.items).map(|item| nodes.descendants(item) != 0).collect(),
        false => Walk::new(nodes, layout).run()?,
    };
    let present = is_present.iter().enumerate().filter(|(_, is_present)| **is_present);
    let present: Vec<u32> = present.map(|(item, _)| item as u32).collect();
    Ok((present.len() < nodes.items).then_some(present))
}

struct Walk<'n, 'a> {
    nodes: &'n Nodes<'a>,
    layout: Layout,
    seen: Vec<bool>,
    /// Inner nodes to look at.
    pending: Vec<usize>,
    /// Inner nodes that a tree may still have.
    inner_left: usize,
}

impl<'n, 'a> Walk<'n, 'a> {
    fn new(nodes: &'n Nodes<'a>, layout: Layout) -> Walk<'n, 'a> {
        let seen = vec![false; nodes.items];
        let inner = nodes.count() - nodes.items;
        Walk { nodes, layout, seen, pending: vec![nodes.count() - 1], inner_left: inner }
    }

    /// Says of each item whether it is in the tree whose root stands last.
    fn run(mut self) -> Result<Vec<bool>> {
        while let Some(node) = self.pending.pop() {
            let Some(left) = self.inner_left.checked_sub(1) else {
                return Err(Error::malformed("the tree has more nodes than the file"));
            };
            self.inner_left = left;
            let count = usize::try_from(self.nodes.descendants(node)).map_err(|_| {
                Error::malformed(format!("node {node} has fewer than no items below it"))
            })?;
            let children = if count <= self.nodes.listed(self.layout) { count } else { 2 };
            for position in 0..children {
                self.visit(node, self.nodes.child(node, position, self.layout))?;
            }
        }
        Ok(self.seen)
    }

    fn visit(&mut self, parent: usize, child: i32) -> Result<()> {
        match usize::try_from(child) {
            Ok(item) if item < self.nodes.items => {
                if std::mem::replace(&mut self.seen[item], true) {
                    return Err(Error::malformed(format!("item {item} is in a tree twice")));
                }
            }
            Ok(node) if node < self.nodes.count() => self.pending.push(node),
            _ => {
                let count = self.nodes.count();
                let what = format!("node {parent} names node {child}, there are {count}");
                return Err(Error::malformed(what));
            }
        }
        Ok(())
    }
}
