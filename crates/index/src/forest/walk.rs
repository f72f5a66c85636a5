//! A walk down all trees at once: the node whose split the query is farthest on the near side of
//! comes first.
//!
//! Which node comes next depends on nothing but priorities and, where those are the same, numbers
//! of nodes; what is collected is a set. So any heap gives the answers of Annoy.

use super::layout::{EXTRA, OFFSET, split_bit};
use super::nodes::Nodes;
use super::order;
use crate::Keep;
use anear_kernels::annoy::{Arithmetic, Sum};
use anear_kernels::prefetch;
use anear_types::{Error, Metric, Result};
use std::collections::BinaryHeap;

/// What a walk has found so far, and where it goes next.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Nodes by priority and number.
    heap: BinaryHeap<u64>,
    /// Items found, counted once for each time.
    looked_at: usize,
    /// Items found, once each.
    pub(super) candidates: Vec<u32>,
    /// One bit an item: whether it is among them.
    seen: Vec<u64>,
    /// Splits passed: each once, unless a file makes them go in circles.
    splits: usize,
}

/// When a walk ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// Items looked at.
    pub(super) budget: usize,
    /// Different items found.
    pub(super) at_least: usize,
}

impl Walk {
    /// Begins at the roots.
    pub(super) fn begin(&mut self, nodes: Nodes<'_>, roots: &[u32]) {
        for item in self.candidates.drain(..) {
            self.seen[item as usize / 64] = 0;
        }
        self.seen.resize(nodes.items.div_ceil(64), 0);
        self.heap.clear();
        // For bits, each split on the far side takes 1 away.
        let most = if nodes.layout.metric == Metric::Hamming { 0.0 } else { f32::INFINITY };
        self.heap.extend(roots.iter().map(|root| order::key(most, *root)));
        (self.looked_at, self.splits) = (0, 0);
    }

    /// Takes all items that may be found instead of walking.
    pub(super) fn take(&mut self, items: usize, keep: Keep<'_>) {
        let items = items as u64;
        match keep {
            Keep::All => self.candidates.extend(0..items as u32),
            Keep::Set(set) => self.candidates.extend(set.members(0..items).map(|row| row as u32)),
            Keep::Listed(listed) => {
                let within = listed.iter().take_while(|row| **row < items);
                self.candidates.extend(within.map(|row| *row as u32));
            }
        }
    }

    /// Goes one node further; `false` if that was the last.
    ///
    /// # Errors
    /// If a node names another that is not there, or there is no end.
    pub(super) fn step(
        &mut self,
        nodes: Nodes<'_>,
        arithmetic: Arithmetic,
        query: &[u32],
        keep: Keep<'_>,
        end: End,
    ) -> Result<bool> {
        if self.looked_at >= end.budget && self.candidates.len() >= end.at_least {
            return Ok(false);
        }
        let Some(key) = self.heap.pop() else { return Ok(false) };
        let (priority, node) = order::split(key);
        let node = node as usize;
        let (layout, words) = (nodes.layout, nodes.node(node));
        let below = words[0] as i32;
        if below == 1 && node < nodes.items {
            self.offer(node as u32, nodes, arithmetic, keep);
        } else if below as i64 <= layout.listed() as i64 {
            let count = usize::try_from(below)
                .map_err(|_| Error::malformed(format!("node {node} has {below} items below it")))?;
            for item in &words[layout.children..][..count] {
                if *item as usize >= nodes.items {
                    let (item, items) = (*item as i32, nodes.items);
                    let what = format!("node {node} lists item {item}, there are {items}");
                    return Err(Error::malformed(what));
                }
                self.offer(*item, nodes, arithmetic, keep);
            }
        } else {
            self.splits += 1;
            if self.splits > nodes.count() {
                return Err(Error::malformed("the trees have more nodes than the file"));
            }
            let children = [words[layout.children], words[layout.children + 1]];
            for child in children {
                nodes.named(child, node)?;
            }
            let sides = sides(nodes, node, arithmetic, query, priority)?;
            for (child, priority) in children.into_iter().zip(sides) {
                self.heap.push(order::key(priority, child));
            }
        }
        if let Some(next) = self.heap.peek() {
            let (_, node) = order::split(*next);
            prefetch(arithmetic.level(), bytemuck::cast_slice(nodes.node(node as usize)));
        }
        Ok(true)
    }

    #[inline]
    fn offer(&mut self, item: u32, nodes: Nodes<'_>, arithmetic: Arithmetic, keep: Keep<'_>) {
        let passes = match keep {
            Keep::All => true,
            Keep::Set(set) => set.contains(u64::from(item)),
            Keep::Listed(listed) => listed.binary_search(&u64::from(item)).is_ok(),
        };
        if !passes {
            return;
        }
        self.looked_at += 1;
        let (word, bit) = (&mut self.seen[item as usize / 64], 1 << (item % 64));
        if *word & bit == 0 {
            *word |= bit;
            self.candidates.push(item);
            let head = &nodes.node(item as usize)[..nodes.layout.vector];
            prefetch(arithmetic.level(), bytemuck::cast_slice(head));
        }
    }
}

/// The priorities of a node's two children.
fn sides(
    nodes: Nodes<'_>,
    node: usize,
    arithmetic: Arithmetic,
    query: &[u32],
    priority: f32,
) -> Result<[f32; 2]> {
    let (layout, words) = (nodes.layout, nodes.node(node));
    let vector = &words[layout.vector..];
    if layout.metric == Metric::Hamming {
        let bit = u64::from(vector[0]) | u64::from(vector[1]) << 32;
        let is_set = split_bit(query, bit).ok_or_else(|| {
            Error::malformed(format!("node {node} splits at bit {bit} of {}", layout.dim))
        })?;
        let away = |child: bool| f32::from(u8::from(is_set != child));
        return Ok([priority - away(false), priority - away(true)]);
    }
    let (vector, query) = (bytemuck::cast_slice(vector), bytemuck::cast_slice(query));
    let product = arithmetic.sum(Sum::Products, vector, query);
    let margin = match layout.metric {
        Metric::Angular => product,
        Metric::InnerProduct => {
            let extra = f32::from_bits(words[EXTRA]);
            arithmetic.mul_add(extra, extra, product)
        }
        _ => f32::from_bits(words[OFFSET]) + product,
    };
    let smaller = |margin: f32| if margin < priority { margin } else { priority };
    Ok([smaller(-margin), smaller(margin)])
}
