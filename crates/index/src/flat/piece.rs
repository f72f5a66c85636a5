//! Some rows of a block: a range of them, or those on a list.

use super::which::{Mask, Which};
use anear_kernels::{Level, convert};
use anear_types::{Element, MatrixRef};
use std::ops::Range;

#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    /// The number of the block's first row.
    first_row: u64,
    block: MatrixRef<'a>,
    rows: Rows<'a>,
    mask: Option<Mask<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Rows<'a> {
    Range {
        start: usize,
        end: usize,
    },
    /// Row numbers, ascending.
    Listed(&'a [u64]),
}

impl<'a> Piece<'a> {
    pub(super) fn new(first_row: u64, block: MatrixRef<'a>, which: Which<'a>) -> Piece<'a> {
        let all = Rows::Range { start: 0, end: block.rows() };
        let (rows, mask) = match which {
            Which::All => (all, None),
            Which::Most(mask) => (all, Some(mask)),
            Which::Listed(list) => {
                debug_assert!(list.is_sorted());
                let end_row = first_row.saturating_add(block.rows() as u64);
                let start = list.partition_point(|row| *row < first_row);
                let list = &list[start..list.partition_point(|row| *row < end_row)];
                (Rows::Listed(list), None)
            }
        };
        Piece { first_row, block, rows, mask }
    }

    /// Whether the row at a position may be found; most of them may.
    pub(super) fn passes(&self, position: usize) -> bool {
        self.mask.is_none_or(|mask| mask.passes(self.number(position)))
    }

    pub(super) fn element(&self) -> Element {
        self.block.element()
    }

    pub(super) fn dim(&self) -> usize {
        self.block.dim()
    }

    pub(super) fn rows(&self) -> usize {
        match self.rows {
            Rows::Range { start, end } => end - start,
            Rows::Listed(list) => list.len(),
        }
    }

    /// The number of the row at a position.
    pub(super) fn number(&self, position: usize) -> u64 {
        match self.rows {
            Rows::Range { start, .. } => self.first_row + (start + position) as u64,
            Rows::Listed(list) => list[position],
        }
    }

    /// Where the row at a position is in the block.
    pub(super) fn block_row(&self, position: usize) -> usize {
        (self.number(position) - self.first_row) as usize
    }

    /// The row at a position, as stored.
    pub(super) fn row(&self, position: usize) -> MatrixRef<'a> {
        let row = self.block_row(position);
        self.block.range(row, row + 1)
    }

    /// The positions `start..end`.
    pub(super) fn part(&self, start: usize, end: usize) -> Piece<'a> {
        let rows = match self.rows {
            Rows::Range { start: first, .. } => {
                Rows::Range { start: first + start, end: first + end }
            }
            Rows::Listed(list) => Rows::Listed(&list[start..end]),
        };
        Piece { rows, ..*self }
    }

    /// The parts that a loop over tiles of `rows` rows sees.
    pub(super) fn tiles(self, rows: usize) -> impl Iterator<Item = Piece<'a>> {
        let all = self.rows();
        (0..all).step_by(rows).map(move |start| self.part(start, all.min(start + rows)))
    }

    /// Which rows of the block these are, where they lie side by side.
    pub(super) fn range(&self) -> Option<Range<usize>> {
        match self.rows {
            Rows::Range { start, end } => Some(start..end),
            Rows::Listed(_) => None,
        }
    }

    /// All rows, where they lie side by side.
    pub(super) fn as_matrix(&self) -> Option<MatrixRef<'a>> {
        self.range().map(|range| self.block.range(range.start, range.end))
    }

    /// All rows as f32: where they lie, if they are f32 side by side, else in `buffer`.
    pub(super) fn singles<'b>(&self, level: Level, buffer: &'b mut Vec<f32>) -> &'b [f32]
    where
        'a: 'b,
    {
        let matrix = self.as_matrix();
        if self.element() == Element::F32
            && let Some(values) = matrix.and_then(|matrix| matrix.typed())
        {
            return values;
        }
        buffer.resize(self.rows() * self.dim(), 0.0);
        match matrix {
            Some(matrix) => convert::to_f32(level, matrix, buffer),
            None => {
                for (position, out) in buffer.chunks_exact_mut(self.dim()).enumerate() {
                    convert::to_f32(level, self.row(position), out);
                }
            }
        }
        buffer
    }
}
