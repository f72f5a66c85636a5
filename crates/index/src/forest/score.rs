//! The distances of candidates, and the nearest of them.

use super::ask::{Hit, Scratch};
use super::layout::NORM;
use super::nodes::Nodes;
use super::order;
use anear_kernels::annoy::{Arithmetic, Norm, Sum};
use anear_types::Metric;

/// Ranks the candidates of a scratch against its query, and returns the nearest `count`.
pub(super) fn nearest(
    nodes: Nodes<'_>,
    arithmetic: Arithmetic,
    scratch: &mut Scratch,
    count: usize,
) -> Vec<Hit> {
    let Scratch { query, walk, items, starts, sums, found } = scratch;
    let layout = nodes.layout;
    // The place of an item that was never added may be listed where a root lists its items.
    let is_there = |item: &u32| nodes.below(*item as usize) == 1;
    items.clear();
    items.extend(walk.candidates.iter().copied().filter(is_there));
    found.clear();
    if layout.metric == Metric::Hamming {
        found.extend(items.iter().map(|item| {
            let differing = differing_bits(query, nodes.vector(*item as usize));
            u64::from(differing) << 32 | u64::from(*item)
        }));
    } else {
        starts.clear();
        starts.extend(items.iter().map(|item| *item as usize * layout.words + layout.vector));
        sums.resize(items.len(), 0.0);
        let (sum, query) = (sum_of(layout.metric), bytemuck::cast_slice(query));
        arithmetic.sums(sum, query, nodes.floats(), starts, sums);
        let own = arithmetic.squares(query, Norm::Vector);
        found.extend(items.iter().zip(&*sums).map(|(item, sum)| {
            let distance = match layout.metric {
                Metric::Angular => angular(own, norm(nodes, arithmetic, *item as usize), *sum),
                Metric::InnerProduct => -sum,
                _ => *sum,
            };
            order::key(distance, *item)
        }));
    }
    let count = count.min(found.len());
    if count < found.len() && count > 0 {
        found.select_nth_unstable(count - 1);
    }
    found.truncate(count);
    found.sort_unstable();
    let hit = |key: &u64| Hit { item: *key as u32, distance: reported(layout.metric, *key) };
    found.iter().map(hit).collect()
}

/// The distance of two vectors, as reported.
pub(super) fn distance(nodes: Nodes<'_>, arithmetic: Arithmetic, x: usize, y: usize) -> f32 {
    let metric = nodes.layout.metric;
    let (xs, ys) = (nodes.vector(x), nodes.vector(y));
    if metric == Metric::Hamming {
        return differing_bits(xs, ys) as f32;
    }
    let sum = arithmetic.sum(sum_of(metric), bytemuck::cast_slice(xs), bytemuck::cast_slice(ys));
    let raw = match metric {
        Metric::Angular => angular(norm(nodes, arithmetic, x), norm(nodes, arithmetic, y), sum),
        Metric::InnerProduct => -sum,
        _ => sum,
    };
    reported(metric, order::key(raw, 0))
}

fn sum_of(metric: Metric) -> Sum {
    match metric {
        Metric::Euclidean => Sum::Squares,
        Metric::Manhattan => Sum::Differences,
        _ => Sum::Products,
    }
}

/// The squared norm of an item, which old files do not have.
pub(super) fn norm(nodes: Nodes<'_>, arithmetic: Arithmetic, item: usize) -> f32 {
    let stored = f32::from_bits(nodes.node(item)[NORM]);
    if stored == 0.0 {
        return arithmetic.squares(bytemuck::cast_slice(nodes.vector(item)), Norm::Vector);
    }
    stored
}

/// 2 - 2 cosine, from squared norms and the inner product.
pub(super) fn angular(x_norm: f32, y_norm: f32, product: f32) -> f32 {
    let norms = x_norm * y_norm;
    if norms > 0.0 {
        (2.0 - 2.0 * f64::from(product) / f64::from(norms.sqrt())) as f32
    } else {
        2.0 // the cosine counts as 0
    }
}

fn reported(metric: Metric, key: u64) -> f32 {
    let (raw, _) = order::split(key);
    match metric {
        Metric::Angular | Metric::Euclidean => if raw < 0.0 { 0.0 } else { raw }.sqrt(),
        Metric::InnerProduct => 0.0 - raw,
        Metric::Hamming => (key >> 32) as f32,
        _ => raw,
    }
}

fn differing_bits(x: &[u32], y: &[u32]) -> u32 {
    x.iter().zip(y).map(|(x, y)| (x ^ y).count_ones()).sum()
}
