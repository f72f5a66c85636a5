//! A walk down all trees at once: the node whose split the query is farthest on the near side of
//! comes first.
//!
//! Which node comes next depends on nothing but priorities and, where those are the same, numbers
//! of nodes; what is collected is a set. So any heap gives the answers of Annoy.

use super::layout::{EXTRA, OFFSET, split_bit};
use super::nodes::{Kind, Nodes};
use super::order;
use crate::Keep;
use anear_kernels::annoy::Arithmetic;
use anear_kernels::{Level, prefetch};
use anear_types::{Error, Metric, Result};
use std::collections::BinaryHeap;

/// What a walk has found so far, and where it goes next.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Nodes by priority and number, but for the next one where that is known.
    heap: BinaryHeap<u64>,
    next: Option<u64>,
    /// Items found, counted once for each time.
    looked_at: usize,
    /// Items found, once each.
    pub(super) candidates: Vec<u32>,
    /// One bit an item: whether it is among them.
    seen: Vec<u64>,
    /// Splits passed: each once, unless a file makes them go in circles.
    splits: usize,
}

/// What a walk has come to.
pub(super) enum Step {
    /// A node with a plane or a bit: on which side is the query?
    Split(Split),
    /// Items, which it took.
    Items,
    /// Its end.
    End,
}

/// A node that was come to.
#[derive(Clone, Copy)]
pub(super) struct Split {
    pub(super) node: usize,
    priority: f32,
    children: [u32; 2],
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
        self.next = None;
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

    /// Goes to the next node.
    ///
    /// # Errors
    /// If a node names another that is not there, or there is no end.
    pub(super) fn step(&mut self, nodes: Nodes<'_>, keep: Keep<'_>, end: End) -> Result<Step> {
        if self.looked_at >= end.budget && self.candidates.len() >= end.at_least {
            return Ok(Step::End);
        }
        let Some(key) = self.next.take().or_else(|| self.heap.pop()) else {
            return Ok(Step::End);
        };
        let (priority, node) = order::split(key);
        let node = node as usize;
        match nodes.kind(node)? {
            Kind::Item => self.offer(node as u32, keep),
            Kind::List(items) => {
                for item in items {
                    if *item as usize >= nodes.items {
                        let (item, items) = (*item as i32, nodes.items);
                        let what = format!("node {node} lists item {item}, there are {items}");
                        return Err(Error::malformed(what));
                    }
                    self.offer(*item, keep);
                }
            }
            Kind::Split(children) => {
                self.splits += 1;
                if self.splits > nodes.count() {
                    return Err(Error::malformed("the trees have more nodes than the file"));
                }
                return Ok(Step::Split(Split { node, priority, children }));
            }
        }
        Ok(Step::Items)
    }

    /// Goes on below a split, when the sides of the query are known.
    pub(super) fn branch(&mut self, split: Split, sides: Sides) {
        let toward = |side: usize| {
            let margin = sides.0[side];
            let priority = if margin < split.priority { margin } else { split.priority };
            order::key(priority, split.children[side])
        };
        let (left, right) = (toward(0), toward(1));
        let (nearer, farther) = if left > right { (left, right) } else { (right, left) };
        self.heap.push(farther);
        // The nearer one is mostly the next of all; then it need not go through the heap.
        match self.heap.peek() {
            Some(top) if *top > nearer => self.heap.push(nearer),
            _ => self.next = Some(nearer),
        }
    }

    /// Asks for the memory of the node that comes next.
    pub(super) fn ask_ahead(&self, nodes: Nodes<'_>, level: Level) {
        if let Some(key) = self.next.as_ref().or_else(|| self.heap.peek()) {
            let (_, node) = order::split(*key);
            prefetch(level, bytemuck::cast_slice(nodes.node(node as usize)));
        }
    }

    #[inline]
    fn offer(&mut self, item: u32, keep: Keep<'_>) {
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
        }
    }
}

/// How far a query is on each side of a split.
#[derive(Clone, Copy)]
pub(super) struct Sides([f32; 2]);

impl Sides {
    /// From the inner product of the query and the normal of a plane.
    pub(super) fn of_plane(
        nodes: Nodes<'_>,
        arithmetic: Arithmetic,
        split: Split,
        product: f32,
    ) -> Sides {
        let words = nodes.node(split.node);
        let margin = match nodes.layout.metric {
            Metric::Angular => product,
            Metric::InnerProduct => {
                let extra = f32::from_bits(words[EXTRA]);
                arithmetic.mul_add(extra, extra, product)
            }
            _ => f32::from_bits(words[OFFSET]) + product,
        };
        Sides([-margin, margin])
    }

    /// From a bit of the query.
    ///
    /// # Errors
    /// If the query does not have it.
    pub(super) fn of_bit(nodes: Nodes<'_>, query: &[u32], split: Split) -> Result<Sides> {
        let vector = nodes.vector(split.node);
        let bit = u64::from(vector[0]) | u64::from(vector[1]) << 32;
        let is_set = split_bit(query, bit).ok_or_else(|| {
            let (node, bits) = (split.node, nodes.layout.dim);
            Error::malformed(format!("node {node} splits at bit {bit} of {bits}"))
        })?;
        let away = |child: bool| split.priority - f32::from(u8::from(is_set != child));
        Ok(Sides([away(false), away(true)]))
    }
}
