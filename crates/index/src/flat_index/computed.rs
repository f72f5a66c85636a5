//! What is computed of rows: sums of squares, and codes for the prefilter.

use crate::flat::{Beside, side_by_side};
use anear_kernels::{Level, convert, ops};
use anear_quant::sq::{Sq, SqBlock};
use anear_types::{Element, MatrixRef};
use std::ops::Range;

/// Rows converted at a time.
const BATCH_ROWS: usize = 64;

/// Of each row the sum of squares and, where there is a coding, the code.
#[derive(Debug, Default)]
pub(super) struct Computed {
    squares: Vec<f32>,
    codes: SqBlock,
}

impl Computed {
    /// How many rows it is about.
    pub(super) fn rows(&self) -> usize {
        self.squares.len()
    }

    /// Computes it for the next rows, on some threads. The coding is the same every time.
    pub(super) fn extend(&mut self, rows: MatrixRef<'_>, sq: Option<&Sq>, threads: usize) {
        let step = rows.rows().div_ceil(threads.max(1)).max(1);
        let parts = (0..rows.rows()).step_by(step).map(|start| {
            let part = rows.range(start, rows.rows().min(start + step));
            move || Computed::of(part, sq)
        });
        side_by_side(parts).into_iter().for_each(|part| self.append(part));
    }

    fn of(rows: MatrixRef<'_>, sq: Option<&Sq>) -> Computed {
        let mut codes = SqBlock::default();
        if let Some(sq) = sq {
            sq.encode(Level::best(), rows, &mut codes);
        }
        Computed { squares: squares(rows), codes }
    }

    /// Appends what was computed of the next rows with the same coding.
    pub(super) fn append(&mut self, more: Computed) {
        if self.squares.is_empty() {
            *self = more;
            return;
        }
        self.squares.extend(more.squares);
        self.codes.append(more.codes);
    }

    /// What is known of some of the rows, which were coded by `sq`.
    pub(super) fn beside<'a>(&'a self, rows: Range<usize>, sq: Option<&'a Sq>) -> Beside<'a> {
        let coded = |sq| (sq, self.codes.coded());
        Beside { squares: Some(&self.squares), codes: sq.map(coded) }.range(rows.start, rows.end)
    }
}

/// The sums of squares of rows.
fn squares(rows: MatrixRef<'_>) -> Vec<f32> {
    let (level, dim) = (Level::best(), rows.dim());
    let mut all = vec![0.0; rows.rows()];
    let mut singles = Vec::new();
    for (batch, squares) in all.chunks_mut(BATCH_ROWS).enumerate() {
        let start = batch * BATCH_ROWS;
        let part = rows.range(start, start + squares.len());
        match part.typed::<f32>().filter(|_| rows.element() == Element::F32) {
            Some(values) => ops::squares(level, values, dim, squares),
            None => {
                singles.resize(squares.len() * dim, 0.0);
                convert::to_f32(level, part, &mut singles);
                ops::squares(level, &singles, dim, squares);
            }
        }
    }
    all
}
