//! Queries, laid out as the loops want them.

use crate::Level;
use crate::arch::LANES;

/// Components that are laid out at a time, in few lines of the cache.
const TILE: usize = 16;

/// One to 32 queries that are scored together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Query by query for a width up to 3, else component by component, `width` queries each.
    values: Vec<f32>,
    dim: usize,
    width: usize,
    live: usize,
}

impl Group {
    /// Splits queries, `dim` components each, into groups for a level, in order.
    ///
    /// # Panics
    /// If `dim` is 0 or `queries` is not a whole number of them.
    pub fn split(level: Level, queries: &[f32], dim: usize) -> Vec<Group> {
        assert!(dim > 0 && queries.len().is_multiple_of(dim));
        let mut groups = Vec::new();
        let mut rest = queries;
        while !rest.is_empty() {
            let width = match rest.len() / dim {
                few @ 1..=3 => few,
                4..=LANES => LANES,
                _ => LANES * level.query_vectors(),
            };
            let live = width.min(rest.len() / dim);
            let (these, others) = rest.split_at(live * dim);
            groups.push(Group::new(these, dim, width, live));
            rest = others;
        }
        groups
    }

    fn new(queries: &[f32], dim: usize, width: usize, live: usize) -> Group {
        if width <= 3 {
            return Group { values: queries.to_vec(), dim, width, live };
        }
        let mut values = vec![0.0; dim * width];
        match width {
            16 => lay_out::<16>(queries, dim, &mut values),
            32 => lay_out::<32>(queries, dim, &mut values),
            width => unreachable!("groups have no width of {width}"),
        }
        Group { values, dim, width, live }
    }

    /// Components in a query.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Scores that a row gets: 1, 2, 3, 16 or 32.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Queries in the group, at most `width`; they are the first ones.
    pub fn live(&self) -> usize {
        self.live
    }

    /// The query, of a group of one.
    ///
    /// # Panics
    /// If there are more.
    pub fn only(&self) -> &[f32] {
        assert_eq!(self.width, 1);
        &self.values
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }
}

/// Puts the components of up to `W` queries side by side.
fn lay_out<const W: usize>(queries: &[f32], dim: usize, values: &mut [f32]) {
    for (number, tile) in values.as_chunks_mut::<W>().0.chunks_mut(TILE).enumerate() {
        for (lane, query) in queries.chunks_exact(dim).enumerate() {
            let components = &query[number * TILE..][..tile.len()];
            match (<&mut [[f32; W]; TILE]>::try_from(&mut *tile), components.first_chunk::<TILE>())
            {
                (Ok(tile), Some(components)) => {
                    for at in 0..TILE {
                        tile[at][lane] = components[at];
                    }
                }
                _ => {
                    for (place, component) in tile.iter_mut().zip(components) {
                        place[lane] = *component;
                    }
                }
            }
        }
    }
}
