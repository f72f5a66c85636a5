//! One tree after the other, on one thread.

use super::grown::Grown;
use super::plane::Tools;
use super::screen::Screen;
use super::weights::Weights;
use crate::Interrupt;
use crate::forest::layout::{EXTRA, OFFSET, split_bit};
use crate::forest::nodes::Nodes;
use crate::forest::random::Random;
use anear_kernels::annoy::{Arithmetic, Sum};
use anear_types::{Error, Metric, Result};

/// Planes tried before one is taken that parts items badly ..
const ATTEMPTS: usize = 3;
/// .. which is when the larger part has this share, ..
const BAD_SHARE: f64 = 0.95;
/// .. or one that does not part them at all, and chance does instead.
const NO_SHARE: f64 = 0.99;
/// Items whose sides are computed at a time ..
const BATCH: usize = 256;
/// .. and how many of them are asked for ahead.
const AHEAD: usize = 12;

/// The items that trees grow over, and what is known of them.
pub(super) struct Ground<'a> {
    pub(super) nodes: Nodes<'a>,
    pub(super) arithmetic: Arithmetic,
    pub(super) weights: &'a Weights,
    pub(super) screen: Option<&'a Screen>,
}

impl Ground<'_> {
    /// Whether items are near by their directions, so that their lengths are taken away.
    pub(super) fn has_directions(&self) -> bool {
        matches!(self.nodes.layout.metric, Metric::Angular | Metric::InnerProduct)
    }
}

/// Grows trees.
pub(super) struct Grower<'g> {
    ground: &'g Ground<'g>,
    random: Random,
    grown: Grown,
    tools: Tools,
    /// Nodes whose children are being grown.
    pending: Vec<u32>,
    /// The first of them are the items on the right side, while items are parted.
    right: Vec<u32>,
    /// The positions of items whose sides are computed from all their components.
    open: Vec<usize>,
    starts: Vec<usize>,
    margins: Vec<f32>,
    sides: Vec<bool>,
    items: Vec<u32>,
}

impl<'g> Grower<'g> {
    pub(super) fn new(ground: &'g Ground<'g>, seed: u64, grown: Grown) -> Grower<'g> {
        Grower {
            ground,
            random: Random::new(seed),
            grown,
            tools: Tools::default(),
            pending: Vec::new(),
            right: Vec::new(),
            open: Vec::new(),
            starts: Vec::new(),
            margins: Vec::new(),
            sides: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Nodes grown so far.
    pub(super) fn nodes(&self) -> usize {
        self.grown.length() / self.ground.nodes.layout.words
    }

    pub(super) fn finish(self) -> Grown {
        self.grown
    }

    /// Grows one tree over all items there are.
    pub(super) fn grow(&mut self, interrupt: Option<Interrupt<'_>>) -> Result<()> {
        let nodes = self.ground.nodes;
        let mut items = std::mem::take(&mut self.items);
        items.clear();
        items.extend((0..nodes.items as u32).filter(|item| nodes.below(*item as usize) >= 1));
        let root = self.branch(&mut items, true, interrupt)?;
        self.grown.roots.push(root);
        self.items = items;
        Ok(())
    }

    /// Grows the tree over some items and returns the number of its root.
    fn branch(
        &mut self,
        items: &mut [u32],
        is_root: bool,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<u32> {
        let layout = self.ground.nodes.layout;
        if let ([item], false) = (&*items, is_root) {
            return Ok(*item);
        }
        let all = self.ground.nodes.items;
        let below = if is_root { all } else { items.len() } as u32;
        let listed = layout.listed();
        if items.len() <= listed && (!is_root || all <= listed || items.len() == 1) {
            let node = self.push_node()?;
            node[0] = below;
            node[layout.children..][..items.len()].copy_from_slice(items);
            return Ok(self.last_number());
        }
        if interrupt.is_some_and(|asked| asked()) {
            return Err(Error::interrupted());
        }
        let start = self.pending.len();
        self.pending.resize(start + layout.words, 0);
        let left = self.part(items, start);
        let (left, right) = items.split_at_mut(left);
        let right_first = left.len() > right.len();
        let mut children = [0, 0];
        let order = if right_first { [1, 0] } else { [0, 1] };
        let sides = [left, right];
        for side in order {
            children[side] = self.branch(sides[side], false, interrupt)?;
        }
        self.pending[start] = below;
        self.pending[start + layout.children..][..2].copy_from_slice(&children);
        let mut node = std::mem::take(&mut self.pending);
        self.push_node()?.copy_from_slice(&node[start..]);
        node.truncate(start);
        self.pending = node;
        Ok(self.last_number())
    }

    /// Appends a node of zeros.
    fn push_node(&mut self) -> Result<&mut [u32]> {
        self.grown.spill()?;
        let (words, length) = (self.ground.nodes.layout.words, self.grown.words.len());
        if self.ground.nodes.items + self.nodes() >= i32::MAX as usize {
            return Err(Error::limit("a forest has less than 2^31 nodes"));
        }
        let reserved = self.grown.words.try_reserve(words);
        reserved.map_err(|_| Error::limit("no memory for the trees"))?;
        self.grown.words.resize(length + words, 0);
        Ok(&mut self.grown.words[length..])
    }

    fn last_number(&self) -> u32 {
        (self.ground.nodes.items + self.nodes() - 1) as u32
    }

    /// Lays a plane into the pending node at `start`, moves the items on its left before the
    /// others, which keep their order, and returns how many those are.
    fn part(&mut self, items: &mut [u32], start: usize) -> usize {
        let mut right = 0;
        for _ in 0..ATTEMPTS {
            let node = &mut self.pending[start..];
            self.ground.lay_plane(items, &mut self.random, &mut self.tools, node);
            right = self.choose_sides(items, start);
            if larger_share(items.len(), right) < BAD_SHARE {
                break;
            }
        }
        while larger_share(items.len(), right) > NO_SHARE {
            let vector = start + self.ground.nodes.layout.vector;
            self.pending[vector..].fill(0);
            self.sides.clear();
            self.sides.extend(items.iter().map(|_| self.random.flip()));
            right = self.sides.iter().filter(|is_right| **is_right).count();
        }
        // Which side comes next cannot be foreseen, so both are written and one counts.
        self.right.resize(items.len().max(self.right.len()), 0);
        let (mut left, mut right) = (0, 0);
        for (at, is_right) in self.sides.iter().enumerate() {
            let item = items[at];
            items[left] = item;
            self.right[right] = item;
            left += usize::from(!*is_right);
            right += usize::from(*is_right);
        }
        items[left..].copy_from_slice(&self.right[..right]);
        left
    }

    /// Finds on which side of a plane each item is, `true` for right, and returns how many are
    /// there.
    fn choose_sides(&mut self, items: &[u32], start: usize) -> usize {
        let (nodes, arithmetic) = (self.ground.nodes, self.ground.arithmetic);
        let layout = nodes.layout;
        let node = &self.pending[start..];
        self.sides.clear();
        if layout.metric == Metric::Hamming {
            let vector = &node[layout.vector..];
            let bit = u64::from(vector[0]) | u64::from(vector[1]) << 32;
            let is_set = |item: &u32| split_bit(nodes.vector(*item as usize), bit);
            let sides = items.iter().map(|item| is_set(item).expect("there is such a bit"));
            self.sides.extend(sides);
            return self.sides.iter().filter(|is_right| **is_right).count();
        }
        let mut sieve = self.ground.screen.and_then(|screen| screen.sieve(nodes, node));
        self.sides.resize(items.len(), false);
        let mut right = 0;
        for (batch, sides) in items.chunks(BATCH).zip(self.sides.chunks_mut(BATCH)) {
            self.open.clear();
            match &mut sieve {
                Some(sieve) => sieve.pass(batch, sides, &mut self.open),
                None => self.open.extend(0..batch.len()),
            }
            self.starts.clear();
            let start = |at: &usize| batch[*at] as usize * layout.words + layout.vector;
            self.starts.extend(self.open.iter().map(start));
            margins(nodes, arithmetic, node, &self.starts, &mut self.margins);
            let mut is_unclear = false;
            for (at, margin) in self.open.iter().zip(&self.margins) {
                sides[*at] = *margin > 0.0;
                is_unclear |= !(sides[*at] || *margin < 0.0);
            }
            if is_unclear {
                for (at, margin) in self.open.iter().zip(&self.margins) {
                    if !(sides[*at] || *margin < 0.0) {
                        sides[*at] = self.random.flip();
                    }
                }
            }
            right += sides.iter().map(|side| usize::from(*side)).sum::<usize>();
        }
        right
    }
}

/// On which sides of the plane of a node vectors are that begin at `starts`, and how far from it.
fn margins(
    nodes: Nodes<'_>,
    arithmetic: Arithmetic,
    node: &[u32],
    starts: &[usize],
    margins: &mut Vec<f32>,
) {
    let layout = nodes.layout;
    let normal = bytemuck::cast_slice(&node[layout.vector..]);
    margins.resize(starts.len(), 0.0);
    let ahead = starts.get(AHEAD..).unwrap_or_default();
    arithmetic.sums(Sum::Products, normal, (nodes.floats(), starts), ahead, margins);
    match layout.metric {
        Metric::Angular => {}
        Metric::InnerProduct => {
            let extra = f32::from_bits(node[EXTRA]);
            margins
                .iter_mut()
                .for_each(|margin| *margin = arithmetic.mul_add(extra, extra, *margin));
        }
        _ => {
            let offset = f32::from_bits(node[OFFSET]);
            margins.iter_mut().for_each(|margin| *margin += offset);
        }
    }
}

/// The share of items on the side that has more.
fn larger_share(items: usize, right: usize) -> f64 {
    let (left, right) = ((items - right) as f32, right as f32);
    let share = (f64::from(left) / (f64::from(left) + f64::from(right) + 1e-9)) as f32;
    f64::from(if share > 1.0 - share { share } else { 1.0 - share })
}
