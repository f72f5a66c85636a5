//! Searching one query at a time.

use super::score;
use super::walk::{End, Sides, Step};
use super::{Ask, Forest, Hit, Scratch};
use crate::Keep;
use anear_kernels::annoy::Sum;
use anear_types::{Metric, Result};

/// How much dearer it is to look at an item than to pass it over in a tree.
const LOOK_COST: usize = 16;

impl Forest {
    /// The items nearest to a vector, the nearest first, and the smaller number first where
    /// distances are the same.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the vector has another dimension;
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if the search comes across damage.
    pub fn nearest(
        &self,
        vector: &[f32],
        ask: &Ask<'_>,
        scratch: &mut Scratch,
    ) -> Result<Vec<Hit>> {
        self.check_dim(vector)?;
        scratch.query.resize(self.layout.length(), 0);
        self.layout.pack(vector, &mut scratch.query);
        self.search(ask, scratch)
    }

    /// The items nearest to an item, itself among them.
    ///
    /// # Errors
    /// As for [`nearest`](Forest::nearest), or if the number is that of no item.
    pub fn nearest_to_item(
        &self,
        item: u32,
        ask: &Ask<'_>,
        scratch: &mut Scratch,
    ) -> Result<Vec<Hit>> {
        let item = self.check_item(item)?;
        scratch.query.clear();
        scratch.query.extend_from_slice(self.nodes().vector(item));
        self.search(ask, scratch)
    }

    fn search(&self, ask: &Ask<'_>, scratch: &mut Scratch) -> Result<Vec<Hit>> {
        let nodes = self.nodes();
        let end = self.end(ask);
        scratch.walk.begin(nodes, &self.roots);
        match self.scanned(ask.keep, end) {
            true => scratch.walk.take(self.items, ask.keep),
            false => self.walk(ask.keep, end, scratch)?,
        }
        Ok(score::nearest(nodes, self.arithmetic, scratch, ask.count))
    }

    /// Walks to the end.
    fn walk(&self, keep: Keep<'_>, end: End, scratch: &mut Scratch) -> Result<()> {
        let (nodes, arithmetic, level) = (self.nodes(), self.arithmetic, self.arithmetic.level());
        let Scratch { walk, query, .. } = scratch;
        loop {
            let split = match walk.step(nodes, keep, end)? {
                Step::Split(split) => split,
                Step::Items => continue,
                Step::End => return Ok(()),
            };
            let sides = if self.layout.metric == Metric::Hamming {
                Sides::of_bit(nodes, query, split)?
            } else {
                let normal = bytemuck::cast_slice(nodes.vector(split.node));
                let product = arithmetic.sum(Sum::Products, normal, bytemuck::cast_slice(query));
                Sides::of_plane(nodes, arithmetic, split, product)
            };
            walk.branch(split, sides);
            walk.ask_ahead(nodes, level);
        }
    }

    /// When the walk for a question ends.
    pub(super) fn end(&self, ask: &Ask<'_>) -> End {
        End {
            budget: ask.budget(self.roots.len()),
            at_least: if ask.fill { ask.count.min(self.items) } else { 0 },
        }
    }

    /// Whether it is faster to look at all items that may be found; without trees they are found in
    /// no other way, if so many are to be found as there are.
    pub(super) fn scanned(&self, keep: Keep<'_>, end: End) -> bool {
        if self.roots.is_empty() && end.at_least > 0 {
            return true;
        }
        let passing = match keep {
            Keep::All => return false,
            Keep::Listed(listed) => listed.len(),
            Keep::Set(set) => set.count() as usize,
        };
        let passed_over = end.budget.saturating_mul(self.items) / passing.max(1);
        passing <= end.budget.saturating_add(passed_over / LOOK_COST)
    }
}
