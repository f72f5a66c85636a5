//! Scores of rows of one-byte codes against queries of one-byte steps: a coarse inner product,
//! exact in integers, with four multiplications where f32 has one.
//!
//! A row is `dim` unsigned bytes `c`, a query `dim` signed bytes `p`. The score is
//! `(start + sum c p) * factor * scale`, with a start and a factor of the query and a scale of the
//! row. The sum is exact for up to [`MOST_COMPONENTS`]; the rest is rounded three times.
//!
//! As in [`ops`](crate::ops) there are two loops: *along* the components for up to three queries,
//! and *across* the queries for more, four components at a time.

mod across;
mod along;
mod encode;
mod group;

pub use encode::{Centered, Encoded, center, encode, whole_range};
pub use group::{CodeGroup, CodeQuery};

use crate::Level;
use across::Across;
use along::Along;

/// Up to so many components no sum of products leaves 32 bits, whatever order it is taken in.
pub const MOST_COMPONENTS: usize = 1 << 15;

/// Rows of codes, each `stride` bytes behind the one before.
#[derive(Clone, Copy, Debug)]
pub struct CodeRows<'a> {
    bytes: &'a [u8],
    rows: usize,
    dim: usize,
    stride: usize,
    /// Which rows these are, if not all.
    listed: Option<&'a [usize]>,
}

impl<'a> CodeRows<'a> {
    /// Rows of `dim` components in `bytes`. What lies between and behind them may be read, but is
    /// of no consequence; the last row is as fast as the others if [`SLACK`] bytes follow it.
    ///
    /// # Panics
    /// If `bytes` is shorter than that, or `stride` than `dim`.
    pub fn new(bytes: &'a [u8], rows: usize, dim: usize, stride: usize) -> CodeRows<'a> {
        assert!(dim <= stride);
        let length = rows.checked_sub(1).map(|last| last.checked_mul(stride)?.checked_add(dim));
        assert!(length.unwrap_or(Some(0)).is_some_and(|length| length <= bytes.len()));
        CodeRows { bytes, rows, dim, stride, listed: None }
    }

    /// Only the rows on a list, in its order, which stay where they lie.
    ///
    /// # Panics
    /// If this is a list already, or there is no such row.
    pub fn listed(&self, list: &'a [usize]) -> CodeRows<'a> {
        assert!(self.listed.is_none() && list.iter().all(|row| *row < self.rows));
        CodeRows { rows: list.len(), listed: Some(list), ..*self }
    }

    /// How many.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Rows `start..end`.
    ///
    /// # Panics
    /// If they do not exist.
    pub fn range(&self, start: usize, end: usize) -> CodeRows<'a> {
        assert!(start <= end && end <= self.rows);
        if let Some(list) = self.listed {
            return CodeRows { rows: end - start, listed: Some(&list[start..end]), ..*self };
        }
        let bytes = self.bytes.get(start * self.stride..).unwrap_or_default();
        CodeRows { bytes, rows: end - start, ..*self }
    }

    /// The codes of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &'a [u8] {
        self.whole(row, self.dim)
    }

    /// Where a row begins.
    #[inline(always)]
    fn start(&self, row: usize) -> usize {
        self.listed.map_or(row, |list| list[row]) * self.stride
    }

    /// How many rows, before one that has not, have `length` bytes from their start on. All do but
    /// the last of those that are not on a list.
    fn whole_rows(&self, length: usize) -> usize {
        let is_cut = |row: usize| self.start(row) + length > self.bytes.len();
        let cut = match self.listed {
            Some(_) => (0..self.rows).find(|row| is_cut(*row)),
            None => self.rows.checked_sub(1).filter(|last| is_cut(*last)),
        };
        cut.unwrap_or(self.rows)
    }

    /// The row that streams by `rows` rows behind, where rows are on a list and the CPU cannot
    /// foresee them.
    #[inline(always)]
    fn listed_ahead(&self, row: usize, rows: usize) -> Option<&'a [u8]> {
        let next = self.listed?.get(row + rows)?;
        Some(&self.bytes[next * self.stride..][..self.dim])
    }

    /// A row and what lies behind it, `length` bytes in all, which must be there.
    #[inline(always)]
    fn whole(&self, row: usize, length: usize) -> &'a [u8] {
        &self.bytes[self.start(row)..][..length]
    }

    /// A row, filled up to `length` bytes with whatever lies behind it; by way of `buffer` where
    /// the bytes end before.
    #[inline(always)]
    fn padded<'b>(&self, row: usize, length: usize, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        let start = self.start(row);
        match self.bytes.get(start..start + length) {
            Some(bytes) => bytes,
            None => {
                buffer.clear();
                buffer.extend_from_slice(&self.bytes[start..start + self.dim]);
                buffer.resize(length, 0);
                buffer
            }
        }
    }
}

/// Bytes behind the last row that make it as fast as the others.
pub const SLACK: usize = crate::arch::BYTES;

/// Writes the scores of rows against a group of queries, row by row, [`CodeGroup::width`] scores a
/// row; those beyond [`CodeGroup::live`] mean nothing.
///
/// # Panics
/// If the dimensions differ, or there is not one scale a row and `width` scores a row.
pub fn scores(
    level: Level,
    group: &CodeGroup,
    rows: CodeRows<'_>,
    scales: &[f32],
    scores: &mut [f32],
) {
    assert_eq!(rows.dim(), group.dim());
    assert_eq!(scales.len(), rows.rows());
    assert_eq!(scores.len(), rows.rows() * group.width());
    let job = Job { group, rows, scales, scores };
    match group.width() {
        1 => level.run(Along::<1>(job)),
        2 => level.run(Along::<2>(job)),
        3 => level.run(Along::<3>(job)),
        16 => level.run(Across::<1>(job)),
        32 => level.run(Across::<2>(job)),
        width => unreachable!("groups have no width of {width}"),
    }
}

/// What the loops are given.
struct Job<'a> {
    group: &'a CodeGroup,
    rows: CodeRows<'a>,
    scales: &'a [f32],
    scores: &'a mut [f32],
}
