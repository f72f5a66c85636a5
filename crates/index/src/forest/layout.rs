//! How the nodes of a forest are laid out: as Annoy lays them out.
//!
//! All nodes of a file have one size, in words of four bytes:
//!
//! | metric | 0 | 1 | 2 | 3 | then |
//! | --- | --- | --- | --- | --- | --- |
//! | angular | items below | first child, or an item's squared norm | second child | | vector |
//! | euclidean, manhattan | items below | offset of the plane | first child | second child | vector |
//! | ip | items below | first child | second child | extra component | vector |
//! | hamming | items below | first child | second child | nothing | vector, in pairs of words |
//!
//! An item has 1 item below it; the place of one that was never added is zeros (but for the extra
//! component of `ip`). A node with few items below it lists them from its first child on, over the
//! place of the vector. A node with more has two children and the normal of a plane, or for
//! `hamming` the number of a bit, instead of a vector. Roots say that all items are below them.

use anear_types::{Error, Metric, Result};

/// The largest dimension: that a node has fewer than 2^31 bytes.
const MAX_DIM: usize = 1 << 28;

/// The layout for a metric and dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) metric: Metric,
    /// Components of a vector as the caller sees it.
    pub(super) dim: usize,
    /// Where the children begin, in words.
    pub(super) children: usize,
    /// Where the vector begins, in words.
    pub(super) vector: usize,
    /// Words in a node.
    pub(super) words: usize,
}

/// Where an item of `angular` has its squared norm.
pub(super) const NORM: usize = 1;
/// Where a node of `euclidean` and `manhattan` has the offset of its plane.
pub(super) const OFFSET: usize = 1;
/// Where a node of `ip` has its extra component.
pub(super) const EXTRA: usize = 3;

impl Layout {
    /// The layout, if there are forests for the metric.
    pub(super) fn new(metric: Metric, dim: usize) -> Result<Layout> {
        let (children, vector) = match metric {
            Metric::Angular => (1, 3),
            Metric::Euclidean | Metric::Manhattan => (2, 4),
            Metric::InnerProduct | Metric::Hamming => (1, 4),
            _ => {
                let what = format!("there are no forests for the metric {metric}");
                let known = "they are for: angular, euclidean, manhattan, ip, hamming";
                return Err(Error::unsupported(what).help(known));
            }
        };
        if dim == 0 || dim > MAX_DIM {
            let what = format!("a forest is over 1 to {MAX_DIM} components, not {dim}");
            return Err(Error::usage(what));
        }
        let length = if metric == Metric::Hamming { 2 * dim.div_ceil(64) } else { dim };
        Ok(Layout { metric, dim, children, vector, words: vector + length })
    }

    /// The most items that a node lists.
    pub(super) fn listed(&self) -> usize {
        self.words - self.children
    }

    /// Words of a vector.
    pub(super) fn length(&self) -> usize {
        self.words - self.vector
    }

    /// Packs a vector of floats as an item has it: bits that are set above 0.5, for `hamming`.
    pub(super) fn pack(&self, vector: &[f32], words: &mut [u32]) {
        if self.metric != Metric::Hamming {
            words.copy_from_slice(bytemuck::cast_slice(vector));
            return;
        }
        words.fill(0);
        for (word, values) in words.iter_mut().zip(vector.chunks(32)) {
            for (bit, value) in values.iter().enumerate() {
                *word |= u32::from(*value > 0.5) << bit;
            }
        }
    }

    /// The vector of an item as floats: 0 and 1, for `hamming`.
    pub(super) fn unpack(&self, words: &[u32]) -> Vec<f32> {
        if self.metric != Metric::Hamming {
            return words.iter().map(|word| f32::from_bits(*word)).collect();
        }
        (0..self.dim).map(|bit| (words[bit / 32] >> (bit % 32) & 1) as f32).collect()
    }
}

/// Reads a bit the way splits number them: from the high end of 64-bit words, which lie in pairs of
/// words with the low one first. `None` if the vector is not that long.
pub(super) fn split_bit(words: &[u32], bit: u64) -> Option<bool> {
    let from_low = 63 - bit % 64;
    let position = usize::try_from(bit / 64).ok()?.checked_mul(2)? + (from_low / 32) as usize;
    words.get(position).map(|word| word >> (from_low % 32) & 1 == 1)
}
