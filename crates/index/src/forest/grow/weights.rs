//! What is known of items before trees grow.

use crate::forest::layout::{EXTRA, Layout};
use crate::forest::nodes::Nodes;
use anear_kernels::annoy::{Arithmetic, Norm};
use anear_types::Metric;

/// The weight of an item that has no direction.
const NONE: f32 = -1.0;

/// How much an item counts in a mean: where directions matter, the reciprocal of its norm.
pub(super) struct Weights(Option<Vec<f32>>);

impl Weights {
    pub(super) fn new(arithmetic: Arithmetic, nodes: Nodes<'_>) -> Weights {
        if !matches!(nodes.layout.metric, Metric::Angular | Metric::InnerProduct) {
            return Weights(None);
        }
        let weight = |item| {
            let vector = bytemuck::cast_slice(nodes.vector(item));
            let squares = arithmetic.squares(vector, Norm::Weight);
            if squares == 0.0 || squares.is_nan() {
                NONE
            } else {
                arithmetic.reciprocal_root(squares)
            }
        };
        Weights(Some((0..nodes.items).map(weight).collect()))
    }

    /// The weight of an item; `None` if it is no part of any mean.
    pub(super) fn of(&self, item: usize) -> Option<f32> {
        match &self.0 {
            None => Some(1.0),
            Some(weights) => Some(weights[item]).filter(|weight| *weight != NONE),
        }
    }
}

/// Gives each vector its extra component.
pub(super) fn extend_to_one_norm(arithmetic: Arithmetic, layout: Layout, nodes: &mut [u32]) {
    let extras = extras_to_one_norm(arithmetic, layout, nodes);
    for (node, extra) in nodes.chunks_exact_mut(layout.words).zip(extras) {
        node[EXTRA] = extra.to_bits();
    }
}

/// One more component for each vector, which makes their norms the same, so that the largest inner
/// product is the smallest angle (Bachrach et al., 2014).
pub(super) fn extras_to_one_norm(
    arithmetic: Arithmetic,
    layout: Layout,
    nodes: &[u32],
) -> Vec<f32> {
    let norms: Vec<f32> = nodes
        .chunks_exact(layout.words)
        .map(|node| {
            let vector = bytemuck::cast_slice(&node[layout.vector..]);
            let squares = arithmetic.squares(vector, Norm::Weight);
            if squares < 0.0 { 0.0 } else { squares.sqrt() }
        })
        .collect();
    let largest =
        norms.iter().fold(0.0, |largest, norm| if largest > *norm { largest } else { *norm });
    let square = largest * largest;
    let rest = |norm: &f32| arithmetic.mul_add(-norm, *norm, square);
    let mut extras: Vec<f32> = norms.iter().map(rest).collect();
    arithmetic.roots(&mut extras);
    extras
}
