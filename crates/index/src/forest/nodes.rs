//! Nodes in memory or in a mapped file. Nothing a node says is trusted.

use super::layout::Layout;
use anear_io::{GrowingFile, Input};
use anear_types::{Error, Result};
use std::ops::Range;

/// Where the words of nodes are.
pub(super) enum Store {
    /// In memory of our own.
    Own(Vec<u32>),
    /// In a part of a file, which is mapped.
    File(Input, Range<usize>),
    /// In a file that a forest is built in, which has so many words so far.
    Growing(GrowingFile, usize),
}

impl Store {
    /// The words of a part of a file: where they are, if its bytes lie as words must.
    pub(super) fn new(input: &Input, part: Range<usize>) -> Store {
        let bytes = &input.bytes()[part.clone()];
        match bytemuck::try_cast_slice::<u8, u32>(bytes) {
            Ok(_) => Store::File(input.clone(), part),
            Err(_) => {
                let word = |bytes: &[u8; 4]| u32::from_ne_bytes(*bytes);
                Store::Own(bytes.as_chunks().0.iter().map(word).collect())
            }
        }
    }

    pub(super) fn words(&self) -> &[u32] {
        match self {
            Store::Own(words) => words,
            Store::File(input, part) => bytemuck::cast_slice(&input.bytes()[part.clone()]),
            Store::Growing(file, words) => bytemuck::cast_slice(file.bytes(4 * words)),
        }
    }
}

/// What a node is.
pub(super) enum Kind<'a> {
    /// An item.
    Item,
    /// A list of items; they may be none.
    List(&'a [u32]),
    /// A plane or a bit, and the nodes on both sides of it, which there are.
    Split([u32; 2]),
}

/// Nodes one after the other.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a> {
    pub(super) layout: Layout,
    pub(super) words: &'a [u32],
    /// The first so many are items.
    pub(super) items: usize,
}

impl<'a> Nodes<'a> {
    pub(super) fn count(&self) -> usize {
        self.words.len() / self.layout.words
    }

    /// The words of a node.
    ///
    /// # Panics
    /// If there is no such node.
    pub(super) fn node(&self, node: usize) -> &'a [u32] {
        &self.words[node * self.layout.words..][..self.layout.words]
    }

    /// Items below a node; 1 for an item, 0 for the place of one that was never added.
    pub(super) fn below(&self, node: usize) -> i32 {
        self.words[node * self.layout.words] as i32
    }

    /// What a node is.
    ///
    /// # Errors
    /// If it says something that cannot be.
    #[inline]
    pub(super) fn kind(&self, node: usize) -> Result<Kind<'a>> {
        let (layout, words) = (self.layout, self.node(node));
        let below = words[0] as i32;
        if below == 1 && node < self.items {
            return Ok(Kind::Item);
        }
        if below as i64 <= layout.listed() as i64 {
            let count = usize::try_from(below)
                .map_err(|_| Error::malformed(format!("node {node} has {below} items below it")))?;
            return Ok(Kind::List(&words[layout.children..][..count]));
        }
        let children = [words[layout.children], words[layout.children + 1]];
        for child in children {
            self.named(child, node)?;
        }
        Ok(Kind::Split(children))
    }

    /// The vector of a node.
    pub(super) fn vector(&self, node: usize) -> &'a [u32] {
        &self.node(node)[self.layout.vector..]
    }

    /// All words as floats.
    pub(super) fn floats(&self) -> &'a [f32] {
        bytemuck::cast_slice(self.words)
    }

    /// Whether all nodes but the first are roots over the item 0: they list it, and have nothing
    /// else, where an item has its vector.
    fn are_trees_of_one_item(&self) -> bool {
        let is_root = |node: usize| {
            let (below, rest) = self.node(node).split_first().expect("a node has words");
            *below == 1 && rest.iter().all(|word| *word == 0)
        };
        self.count() > 1 && (1..self.count()).all(is_root)
    }

    /// Checks a number of a node that is written in another.
    pub(super) fn named(&self, number: u32, by: usize) -> Result<usize> {
        match number as usize {
            node if node < self.count() => Ok(node),
            _ => {
                let (number, count) = (number as i32, self.count());
                let what = format!("node {by} names node {number}, there are {count}");
                Err(Error::malformed(what))
            }
        }
    }
}

/// The roots in a file, as Annoy finds them: the last node and those before it that have as many
/// items below them, which is the number of items. A file without trees has no roots: Annoy writes
/// such files, and takes the items in them for roots.
pub(super) fn find_roots(layout: Layout, words: &[u32]) -> Result<(usize, Vec<u32>)> {
    let nodes = Nodes { layout, words, items: 0 };
    let Some(last) = nodes.count().checked_sub(1) else {
        return Err(Error::malformed("the file has no nodes"));
    };
    if nodes.below(last) == 1 && !nodes.are_trees_of_one_item() {
        if let Some(node) = (0..last).find(|node| !matches!(nodes.below(*node), 0 | 1)) {
            let below = nodes.below(node);
            let what = format!("node {node} of a file without trees has {below} items below it");
            return Err(Error::malformed(what));
        }
        return Ok((last + 1, Vec::new()));
    }
    let items = usize::try_from(nodes.below(last)).ok().filter(|items| *items <= last);
    let Some(items) = items else {
        let (below, count) = (nodes.below(last), last + 1);
        let what = format!("the last of {count} nodes says that there are {below} items");
        return Err(Error::malformed(what));
    };
    let is_root = |node: &usize| nodes.below(*node) as usize == items;
    let mut roots: Vec<u32> =
        (0..=last).rev().take_while(is_root).map(|node| node as u32).collect();
    if let [first, .., last] = roots[..] {
        // The one before the copies of all roots is the last root itself.
        let child = |root: u32| nodes.node(root as usize)[layout.children];
        if child(first) == child(last) {
            roots.pop();
        }
    }
    Ok((items, roots))
}
