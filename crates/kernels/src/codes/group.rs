//! Queries of signed bytes, laid out as the loops want them.

use super::MOST_COMPONENTS;
use crate::Level;
use crate::arch::{BYTES, LANES};

/// A query before it is laid out.
#[derive(Clone, Debug)]
pub struct CodeQuery {
    /// One for each component.
    pub steps: Vec<i8>,
    /// What the sum of products begins with; up to `i32::MAX / 4` either way.
    pub start: i32,
    /// What the sum is multiplied by.
    pub factor: f32,
}

/// One to 32 queries that are scored together.
#[derive(Clone, Debug)]
pub struct CodeGroup {
    /// Query by query for a width up to 3, each filled up to whole vectors; else four components
    /// of each query, `width` times, and so on.
    steps: Vec<u8>,
    pub(super) starts: Vec<i32>,
    pub(super) factors: Vec<f32>,
    dim: usize,
    live: usize,
}

impl CodeGroup {
    /// Splits queries of `dim` steps each into groups for a level, in order.
    ///
    /// # Panics
    /// If a query has another number of steps, or `dim` is 0 or more than [`MOST_COMPONENTS`].
    pub fn split(level: Level, queries: &[CodeQuery], dim: usize) -> Vec<CodeGroup> {
        assert!((1..=MOST_COMPONENTS).contains(&dim));
        assert!(queries.iter().all(|query| query.steps.len() == dim));
        let mut groups = Vec::new();
        let mut rest = queries;
        while !rest.is_empty() {
            let width = match rest.len() {
                few @ 1..=3 => few,
                4..=LANES => LANES,
                _ => LANES * level.query_vectors(),
            };
            let (these, others) = rest.split_at(width.min(rest.len()));
            groups.push(CodeGroup::new(these, dim, width));
            rest = others;
        }
        groups
    }

    fn new(queries: &[CodeQuery], dim: usize, width: usize) -> CodeGroup {
        let mut steps = vec![0; width * padded(dim, width)];
        match width {
            1..=3 => {
                for (row, query) in steps.chunks_exact_mut(padded(dim, width)).zip(queries) {
                    let steps = query.steps.iter().map(|step| step.cast_unsigned());
                    row.iter_mut().zip(steps).for_each(|(place, step)| *place = step);
                }
            }
            _ => {
                for (number, quads) in steps.chunks_exact_mut(4 * width).enumerate() {
                    let quads = quads.as_chunks_mut::<4>().0;
                    for (quad, query) in quads.iter_mut().zip(queries) {
                        let steps = query.steps[4 * number..].iter().take(4);
                        let steps = steps.map(|step| step.cast_unsigned());
                        quad.iter_mut().zip(steps).for_each(|(place, step)| *place = step);
                    }
                }
            }
        }
        let mut starts: Vec<i32> = queries.iter().map(|query| query.start).collect();
        starts.resize(width, 0);
        let mut factors: Vec<f32> = queries.iter().map(|query| query.factor).collect();
        factors.resize(width, 0.0);
        CodeGroup { steps, starts, factors, dim, live: queries.len() }
    }

    /// Components in a query.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Scores that a row gets: 1, 2, 3, 16 or 32.
    pub fn width(&self) -> usize {
        self.starts.len()
    }

    /// Queries in the group, at most `width`; they are the first ones.
    pub fn live(&self) -> usize {
        self.live
    }

    pub(super) fn steps(&self) -> &[u8] {
        &self.steps
    }

    /// The dimension in whole steps of the loop.
    pub(super) fn padded_dim(&self) -> usize {
        padded(self.dim, self.width())
    }
}

fn padded(dim: usize, width: usize) -> usize {
    dim.next_multiple_of(if width <= 3 { BYTES } else { 4 })
}
