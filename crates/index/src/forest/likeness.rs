//! An order of queries in which those that go the same way are neighbours.

use super::Forest;
use super::layout::{OFFSET, split_bit};
use super::nodes::Kind;
use anear_kernels::annoy::Sum;
use anear_types::Metric;

/// From so many queries on it is worth while.
const WORTH_WHILE: usize = 64;
/// The most splits to look at: one bit of a path each.
const MOST_SPLITS: u32 = 16;

impl Forest {
    /// The numbers of queries, ordered by their ways down the first tree.
    pub(super) fn order(&self, queries: &[u32]) -> Vec<u32> {
        let length = self.layout.length();
        let count = queries.len() / length;
        let mut order: Vec<u32> = (0..count as u32).collect();
        if count > WORTH_WHILE {
            let splits = count.ilog2().min(MOST_SPLITS);
            let ways = queries.chunks_exact(length).map(|query| self.way(query, splits));
            let ways: Vec<u32> = ways.collect();
            order.sort_by_key(|query| ways[*query as usize]);
        }
        order
    }

    /// The way of a query down the first tree: a bit for each split, the first one highest. It ends
    /// where the tree does, or where the file is damaged.
    fn way(&self, query: &[u32], splits: u32) -> u32 {
        let nodes = self.nodes();
        let mut path = 0;
        let Some(root) = self.roots.first() else { return path };
        let mut node = *root as usize;
        for bit in (0..splits).rev() {
            let Ok(Kind::Split(children)) = nodes.kind(node) else { break };
            let is_right = self.is_right(node, query);
            path |= u32::from(is_right) << bit;
            node = children[usize::from(is_right)] as usize;
        }
        path
    }

    /// On which side of a node a query is, as far as an order needs to know.
    fn is_right(&self, node: usize, query: &[u32]) -> bool {
        let (words, vector) = (self.nodes().node(node), self.nodes().vector(node));
        if self.layout.metric == Metric::Hamming {
            let bit = u64::from(vector[0]) | u64::from(vector[1]) << 32;
            return split_bit(query, bit).unwrap_or_default();
        }
        let (normal, query) = (bytemuck::cast_slice(vector), bytemuck::cast_slice(query));
        let product = self.arithmetic.sum(Sum::Products, normal, query);
        let offset = match self.layout.metric {
            Metric::Euclidean | Metric::Manhattan => f32::from_bits(words[OFFSET]),
            _ => 0.0,
        };
        product + offset > 0.0
    }
}
