//! One byte a component, and a bound on the distance that holds for certain.
//!
//! # What is stored
//!
//! A row `x` stands in a *space*: as it is, or divided by its norm for the metrics of angles. There
//! it is taken apart into `x = m + s c + r`: a centre `m` for all rows, a scale `s` of its own, whole
//! numbers `c` that fit in a byte, and a residual `r` that is not stored. What is stored of `r` is
//! that its norm is at most `e`. A query `q` is taken apart the same way when it comes:
//! `q - m = t p + o`, with signed bytes `p` and a residual `o` whose norm is known.
//!
//! # What follows
//!
//! With `z = s c` and `y = t p`, the inner product `z.y = s t (c.p)` is a sum of products of bytes,
//! exact in integers, and
//!
//! * `| |x - q| - |z - y| | <= e + |o|` (triangle inequality), where
//!   `|z - y|^2 = |z|^2 + |y|^2 - 2 z.y`;
//! * `| x.q - m.q - z.y| <= |z| |o| + e |q|`, with `y + o = q` here (Cauchy-Schwarz).
//!
//! So every score gives an interval in which the distance lies. [`Member::interval`] is that interval
//! and [`Member::bound`] the same solved for the score, both widened for the rounding of f32 and f64.
//! The reasoning with all margins is in `docs/notes/0003-prefilter.md`.
//!
//! Where all components are whole numbers in a range of 256, as in images and SIFT, `r` is 0.

mod encode;
mod query;

pub use encode::{Sq, SqBlock};
pub use query::{Bound, Member, Products, SqQueries};

use anear_kernels::codes::CodeRows;
use anear_types::Metric;

/// Where rows and queries are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// As they are.
    Plain,
    /// Divided by their norms; zero stays zero.
    Unit,
}

/// The space in which a metric is a Euclidean distance or an inner product; `None` for others.
pub fn space_of(metric: Metric) -> Option<Space> {
    match metric {
        Metric::L2 | Metric::Euclidean | Metric::InnerProduct => Some(Space::Plain),
        Metric::Cosine | Metric::Angular => Some(Space::Unit),
        _ => None,
    }
}

/// Coded rows, side by side with what is known of each.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    /// The codes.
    pub codes: CodeRows<'a>,
    /// `s` of each row.
    pub scales: &'a [f32],
    /// `e` of each row; NaN where nothing is known.
    pub errors: &'a [f32],
    /// `|z|^2` of each row, rounded to nearest.
    pub squares: &'a [f32],
}

impl<'a> Coded<'a> {
    /// Rows `start..end`.
    ///
    /// # Panics
    /// If they do not exist.
    pub fn range(&self, start: usize, end: usize) -> Coded<'a> {
        Coded {
            codes: self.codes.range(start, end),
            scales: &self.scales[start..end],
            errors: &self.errors[start..end],
            squares: &self.squares[start..end],
        }
    }
}
