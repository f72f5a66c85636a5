//! Two means of some items, found by moving each toward the items that are nearer to it.

use super::plane::Tools;
use super::tree::Ground;
use crate::forest::layout::{EXTRA, NORM};
use crate::forest::random::Random;
use anear_kernels::annoy::Sum;
use anear_kernels::prefetch;
use anear_types::Metric;

/// Items that the means are moved by.
const MOVES: usize = 200;
/// Moves for which the item is asked for ahead.
const AHEAD: usize = 4;

/// A mean.
#[derive(Debug, Default)]
pub(super) struct Mean {
    pub(super) vector: Vec<f32>,
    /// The extra component, for inner products.
    pub(super) extra: f32,
    /// The sum of squares of the vector, for angles.
    squares: f32,
    /// How many items it is the mean of.
    count: f32,
}

impl Mean {
    fn begin(&mut self, ground: &Ground<'_>, item: usize) {
        let node = ground.nodes.node(item);
        let metric = ground.nodes.layout.metric;
        self.vector.clear();
        self.vector.extend_from_slice(bytemuck::cast_slice(ground.nodes.vector(item)));
        self.extra = if metric == Metric::InnerProduct { f32::from_bits(node[EXTRA]) } else { 0.0 };
        if ground.has_directions() {
            ground.normalize(&mut self.vector, &mut self.extra);
        }
        self.squares = ground.arithmetic.sum(Sum::Products, &self.vector, &self.vector);
        self.count = 1.0;
    }

    fn take(&mut self, ground: &Ground<'_>, item: usize, weight: f32) {
        let row = bytemuck::cast_slice(ground.nodes.vector(item));
        let is_angular = ground.nodes.layout.metric == Metric::Angular;
        let (vector, count) = (&mut self.vector, self.count);
        self.squares = ground.arithmetic.take_into_mean(vector, count, row, weight, is_angular);
        self.count += 1.0;
    }
}

/// Leaves the means of some items, of which there are two at least, in `tools`.
pub(super) fn two_means(
    ground: &Ground<'_>,
    items: &[u32],
    random: &mut Random,
    tools: &mut Tools,
) {
    let first = random.below(items.len());
    let second = random.below(items.len() - 1);
    let second = second + usize::from(second >= first);
    let Tools { means: [p, q], drawn } = tools;
    p.begin(ground, items[first] as usize);
    q.begin(ground, items[second] as usize);
    drawn.clear();
    drawn.extend((0..MOVES).map(|_| items[random.below(items.len())] as usize));
    for (at, item) in drawn.iter().enumerate() {
        if let Some(next) = drawn.get(at + AHEAD) {
            let bytes = bytemuck::cast_slice(ground.nodes.node(*next));
            prefetch(ground.arithmetic.level(), bytes);
        }
        let Some(weight) = ground.weights.of(*item) else { continue };
        let [to_p, to_q] = distances(ground, [p, q], *item);
        let (to_p, to_q) = (p.count * to_p, q.count * to_q);
        if to_p < to_q {
            p.take(ground, *item, weight);
        } else if to_q < to_p {
            q.take(ground, *item, weight);
        }
    }
}

fn distances(ground: &Ground<'_>, means: [&Mean; 2], item: usize) -> [f32; 2] {
    let metric = ground.nodes.layout.metric;
    let sum = match metric {
        Metric::Euclidean => Sum::Squares,
        Metric::Manhattan => Sum::Differences,
        _ => Sum::Products,
    };
    let vector = bytemuck::cast_slice(ground.nodes.vector(item));
    let sums = ground.arithmetic.two_sums(sum, means.map(|mean| &mean.vector[..]), vector);
    match metric {
        Metric::Angular => {
            let norm = f32::from_bits(ground.nodes.node(item)[NORM]);
            let arithmetic = ground.arithmetic;
            let distance = |at: usize| arithmetic.angle(means[at].squares, norm, sums[at]);
            [distance(0), distance(1)]
        }
        Metric::InnerProduct => sums.map(|sum| -sum),
        _ => sums,
    }
}
