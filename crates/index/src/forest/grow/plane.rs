//! Planes between items.

use super::means::{Mean, two_means};
use super::tree::Ground;
use crate::forest::layout::{EXTRA, OFFSET, split_bit};
use crate::forest::random::Random;
use anear_kernels::annoy::Norm;
use anear_types::Metric;

/// Bits tried at random before all are tried in order.
const RANDOM_BITS: usize = 20;

/// Memory for laying planes.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) means: [Mean; 2],
    pub(super) drawn: Vec<usize>,
}

impl Ground<'_> {
    /// Lays a plane between some items and writes it to a node.
    pub(super) fn lay_plane(
        &self,
        items: &[u32],
        random: &mut Random,
        tools: &mut Tools,
        node: &mut [u32],
    ) {
        let metric = self.nodes.layout.metric;
        if metric == Metric::Hamming {
            let bit = self.choose_bit(items, random);
            let vector = &mut node[self.nodes.layout.vector..];
            (vector[0], vector[1]) = (bit as u32, (bit >> 32) as u32);
            return;
        }
        two_means(self, items, random, tools);
        let [p, q] = &tools.means;
        let (head, vector) = node.split_at_mut(self.nodes.layout.vector);
        let normal: &mut [f32] = bytemuck::cast_slice_mut(vector);
        for (normal, (p, q)) in normal.iter_mut().zip(p.vector.iter().zip(&q.vector)) {
            *normal = p - q;
        }
        let mut extra = p.extra - q.extra;
        self.normalize(normal, &mut extra);
        match metric {
            Metric::InnerProduct => head[EXTRA] = extra.to_bits(),
            Metric::Angular => {}
            _ => {
                let offset = self.arithmetic.offset(normal, &p.vector, &q.vector);
                head[OFFSET] = offset.to_bits();
            }
        }
    }

    /// Gives a vector the length 1, if it has a direction.
    pub(super) fn normalize(&self, vector: &mut [f32], extra: &mut f32) {
        let squares = self.arithmetic.squares(vector, Norm::Vector);
        if self.nodes.layout.metric == Metric::InnerProduct {
            let squares = f64::from(squares) + f64::from(*extra) * f64::from(*extra);
            let norm = squares.sqrt() as f32;
            if norm > 0.0 {
                self.arithmetic.scale(vector, 1.0 / norm);
                *extra /= norm;
            }
        } else if squares > 0.0 {
            self.arithmetic.scale(vector, self.arithmetic.reciprocal_root(squares));
        }
    }

    /// A bit that is set in some of the items and not in others, if there is one.
    fn choose_bit(&self, items: &[u32], random: &mut Random) -> u64 {
        let bits = self.nodes.layout.length() * 32;
        let parts = |bit: u64| {
            let is_set = |item: &&u32| {
                split_bit(self.nodes.vector(**item as usize), bit).expect("there is such a bit")
            };
            let set = items.iter().filter(is_set).count();
            set > 0 && set < items.len()
        };
        for _ in 0..RANDOM_BITS {
            let bit = random.below(bits) as u64;
            if parts(bit) {
                return bit;
            }
        }
        (0..bits as u64).find(|bit| parts(*bit)).unwrap_or(bits as u64 - 1)
    }
}
