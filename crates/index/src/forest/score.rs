//! The distances of candidates, and the nearest of them.

use super::ask::{Hit, Scratch};
use super::layout::NORM;
use super::nodes::Nodes;
use super::order;
use anear_kernels::annoy::{Arithmetic, Norm, Sum};
use anear_types::Metric;

/// Candidates whose sums are taken while the next ones are asked for.
const BLOCK: usize = 16;

/// Ranks the candidates of a scratch against its query, and returns the nearest `count`.
pub(super) fn nearest(
    nodes: Nodes<'_>,
    arithmetic: Arithmetic,
    scratch: &mut Scratch,
    count: usize,
) -> Vec<Hit> {
    let metric = nodes.layout.metric;
    match metric {
        Metric::Hamming => differing(nodes, scratch),
        _ => distances(nodes, arithmetic, scratch),
    }
    rank(metric, scratch, count)
}

/// The nearest `count` of what was found.
pub(super) fn rank(metric: Metric, scratch: &mut Scratch, count: usize) -> Vec<Hit> {
    let found = &mut scratch.found;
    let count = count.min(found.len());
    if count < found.len() && count > 0 {
        found.select_nth_unstable(count - 1);
    }
    found.truncate(count);
    found.sort_unstable();
    let hit = |key: &u64| Hit { item: *key as u32, distance: reported(metric, *key) };
    found.iter().map(hit).collect()
}

/// Finds the bits in which candidates differ from the query.
fn differing(nodes: Nodes<'_>, scratch: &mut Scratch) {
    let Scratch { query, walk, found, .. } = scratch;
    found.clear();
    let items = walk.candidates.iter().filter(|item| is_there(nodes, **item));
    found.extend(items.map(|item| {
        let differing = differing_bits(query, nodes.vector(*item as usize));
        u64::from(differing) << 32 | u64::from(*item)
    }));
}

/// Finds the distances of candidates from the query.
fn distances(nodes: Nodes<'_>, arithmetic: Arithmetic, scratch: &mut Scratch) {
    let Scratch { query, walk, items, starts, sums, norms, found } = scratch;
    let (layout, query) = (nodes.layout, bytemuck::cast_slice(query));
    let is_angular = layout.metric == Metric::Angular;
    let sum = sum_of(layout.metric);
    starts.clear();
    let start = |item: &u32| *item as usize * layout.words + layout.vector;
    starts.extend(walk.candidates.iter().map(start));
    sums.resize(starts.len(), 0.0);
    items.clear();
    norms.clear();
    for (block, candidates) in walk.candidates.chunks(BLOCK).enumerate() {
        let first = block * BLOCK;
        let end = first + candidates.len();
        let ahead = &starts[end..starts.len().min(end + BLOCK)];
        let rows = (nodes.floats(), &starts[first..end]);
        arithmetic.sums(sum, query, rows, ahead, &mut sums[first..end]);
        // What stands before the vectors is at hand now.
        for (at, item) in candidates.iter().enumerate() {
            if is_there(nodes, *item) {
                sums[items.len()] = sums[first + at];
                items.push(*item);
                if is_angular {
                    norms.push(norm(nodes, arithmetic, *item as usize));
                }
            }
        }
    }
    sums.truncate(items.len());
    match layout.metric {
        Metric::Angular => arithmetic.angles(arithmetic.squares(query, Norm::Vector), norms, sums),
        Metric::InnerProduct => sums.iter_mut().for_each(|sum| *sum = -*sum),
        _ => {}
    }
    found.clear();
    found.extend(items.iter().zip(&*sums).map(|(item, distance)| order::key(*distance, *item)));
}

/// Whether a candidate was ever added: where a root lists its items, the others are listed too.
pub(super) fn is_there(nodes: Nodes<'_>, item: u32) -> bool {
    nodes.below(item as usize) == 1
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
        Metric::Angular => {
            arithmetic.angle(norm(nodes, arithmetic, x), norm(nodes, arithmetic, y), sum)
        }
        Metric::InnerProduct => -sum,
        _ => sum,
    };
    reported(metric, order::key(raw, 0))
}

pub(super) fn sum_of(metric: Metric) -> Sum {
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
