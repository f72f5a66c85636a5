//! Scores of f32 rows against f32 queries.
//!
//! An [`Op`] says what happens to one pair of components; it is a file of a few lines. Three loops
//! run it, each written once for all operations and levels:
//!
//! * `along`: for one to three queries. The lanes of a vector are components, as stored. A row is
//!   scored against all queries of the group at once, and memory is the limit.
//! * `listed`: the same for one query and rows that lie anywhere.
//! * `across`: for more. The lanes are queries: a group of 16 or 32 is stored component by
//!   component ([`Group`]), each component of a row is broadcast to them, and a block of some rows
//!   by all queries stays in registers until the rows end. There is nothing to add up across
//!   lanes and the rows are read as they are stored, so multiplying is the limit.
//!
//! Rows come in tiles that fit in cache. The scores of a tile go to a small buffer, from which
//! [`select`] picks those that pass a bound; no matrix of all distances exists.
//!
//! # Rounding
//!
//! Sums are taken in an order that differs between loops and levels, so scores differ in their
//! last bits. What holds for every one, for rows of `n` components: each term is rounded at most
//! four times, and a sum passes each term through at most `n + 8` additions.

mod across;
mod along;
mod braycurtis;
mod canberra;
mod chebyshev;
mod columns;
mod dot;
mod group;
mod jensenshannon;
mod l2;
mod listed;
mod lowest;
mod manhattan;
mod op;
mod select;

pub use columns::Columns;
pub use group::Group;
pub use jensenshannon::ERROR as JENSEN_SHANNON_ERROR;
pub use lowest::{kth_lowest, lowest};
pub use select::{Bounds, Term, select};

use crate::Level;
use across::Across;
use along::{Along, WithItself};
use listed::Listed;
use std::marker::PhantomData;

/// What to compute for a row and a query. Smaller is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Minus the inner product.
    NegativeDot,
    /// The sum of squared differences, not by way of norms.
    L2,
    /// The sum of absolute differences.
    Manhattan,
    /// The largest absolute difference; NaN when a difference is not finite.
    Chebyshev,
    /// The sum of `|x - y| / (|x| + |y|)`, 0/0 counting 0; NaN when `|x| + |y|` overflows.
    Canberra,
    /// `sum |x - y| / sum |x + y|`, 0/0 counting 0; NaN when a sum overflows, and too small
    /// when the lower one is 0.
    BrayCurtis,
    /// The Jensen-Shannon divergence with a relative error of up to [`JENSEN_SHANNON_ERROR`];
    /// not finite when a component of the row is negative.
    JensenShannon,
}

impl Op {
    /// Every operation.
    pub const ALL: [Op; 7] = [
        Op::NegativeDot,
        Op::L2,
        Op::Manhattan,
        Op::Chebyshev,
        Op::Canberra,
        Op::BrayCurtis,
        Op::JensenShannon,
    ];
}

/// Writes the scores of `rows` against a group of queries, row by row, [`Group::width`] scores a
/// row; those beyond [`Group::live`] mean nothing.
///
/// A row with a component that is not finite has scores that are not finite.
///
/// # Panics
/// If `rows` is not a whole number of rows of the group's dimension, or `scores` has not room for
/// exactly `width` scores a row.
pub fn scores(level: Level, op: Op, group: &Group, rows: &[f32], scores: &mut [f32]) {
    let dim = group.dim();
    assert!(dim > 0 && rows.len().is_multiple_of(dim));
    assert_eq!(scores.len(), rows.len() / dim * group.width());
    match op {
        Op::NegativeDot => pairs::<dot::NegativeDot>(level, group, rows, scores),
        Op::L2 => pairs::<l2::L2>(level, group, rows, scores),
        Op::Manhattan => pairs::<manhattan::Manhattan>(level, group, rows, scores),
        Op::Chebyshev => pairs::<chebyshev::Chebyshev>(level, group, rows, scores),
        Op::Canberra => pairs::<canberra::Canberra>(level, group, rows, scores),
        Op::BrayCurtis => pairs::<braycurtis::BrayCurtis>(level, group, rows, scores),
        Op::JensenShannon => pairs::<jensenshannon::JensenShannon>(level, group, rows, scores),
    }
}

/// The loop for the group's width.
fn pairs<O: op::Op>(level: Level, group: &Group, rows: &[f32], scores: &mut [f32]) {
    match group.width() {
        1 => level.run(Along::<O, 1>::new(group, rows, scores)),
        2 => level.run(Along::<O, 2>::new(group, rows, scores)),
        3 => level.run(Along::<O, 3>::new(group, rows, scores)),
        16 => level.run(Across::<O, 1>::new(group, rows, scores)),
        32 => level.run(Across::<O, 2>::new(group, rows, scores)),
        width => unreachable!("groups have no width of {width}"),
    }
}

/// Writes the scores of rows, which are native floats at any alignment, against one query: of all rows
/// in `bytes`, or of those with some numbers.
///
/// # Panics
/// If the query has no components, a row is not there, or there is not one score a row.
pub fn scores_of_bytes(
    level: Level,
    op: Op,
    query: &[f32],
    bytes: &[u8],
    numbers: Option<&[u32]>,
    scores: &mut [f32],
) {
    let rows = numbers.map_or(bytes.len() / (4 * query.len()), <[u32]>::len);
    assert_eq!(scores.len(), rows);
    match op {
        Op::NegativeDot => {
            listed::<dot::NegativeDot>(level, query, bytes, numbers, scores);
        }
        Op::L2 => listed::<l2::L2>(level, query, bytes, numbers, scores),
        Op::Manhattan => listed::<manhattan::Manhattan>(level, query, bytes, numbers, scores),
        Op::Chebyshev => listed::<chebyshev::Chebyshev>(level, query, bytes, numbers, scores),
        Op::Canberra => listed::<canberra::Canberra>(level, query, bytes, numbers, scores),
        Op::BrayCurtis => listed::<braycurtis::BrayCurtis>(level, query, bytes, numbers, scores),
        Op::JensenShannon => {
            listed::<jensenshannon::JensenShannon>(level, query, bytes, numbers, scores);
        }
    }
}

fn listed<O: op::Op>(
    level: Level,
    query: &[f32],
    bytes: &[u8],
    numbers: Option<&[u32]>,
    scores: &mut [f32],
) {
    level.run(Listed::<O> { query, bytes, numbers, scores, op: PhantomData });
}

/// Writes the sum of squares of each row.
///
/// # Panics
/// If `rows` is not `squares.len()` rows of `dim` components.
pub fn squares(level: Level, rows: &[f32], dim: usize, squares: &mut [f32]) {
    assert!(dim > 0);
    assert_eq!(rows.len(), squares.len() * dim);
    level.run(WithItself::<dot::NegativeDot>::new(rows, dim, squares));
    for square in squares {
        *square = -*square;
    }
}
