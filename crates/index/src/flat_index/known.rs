//! What is known of the rows beforehand: sums of squares, and codes for the prefilter. Computed
//! when rows come, kept in the file, used where they lie in it.

use super::stored::Stored;
use crate::Rows;
use crate::flat::Beside;
use anear_kernels::{Level, convert, ops};
use anear_quant::sq::{Sq, SqBlock, space_of};
use anear_types::{Element, MatrixRef, Metric};

/// Rows converted at a time.
const BATCH_ROWS: usize = 64;

/// What is known of the rows of an index, in the two parts that [`Rows`] has.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metric: Metric,
    /// Whether there are to be codes.
    pub(super) prefilter: bool,
    /// How rows are coded, and how many rows there were when that was chosen.
    pub(super) sq: Option<Sq>,
    pub(super) trained_rows: u64,
    pub(super) first: Part,
    pub(super) own: Computed,
}

#[derive(Debug)]
pub(super) enum Part {
    Unknown,
    Computed(Computed),
    Stored(Stored),
}

/// What was computed; nothing where there are no rows or it does not serve the metric.
#[derive(Debug, Default)]
pub(super) struct Computed {
    squares: Option<Vec<f32>>,
    codes: SqBlock,
}

impl Known {
    /// Computes what there is to know; codes only if `prefilter` is set.
    pub(super) fn of(rows: &Rows, metric: Metric, prefilter: bool, threads: usize) -> Known {
        let [(_, first), (_, own)] = rows.parts();
        let larger = if first.rows() > own.rows() { first } else { own };
        let sq = prefilter.then(|| Sq::train(Level::best(), metric, larger)).flatten();
        let compute = |rows| Computed::of(rows, metric, sq.as_ref(), threads);
        let (first, own) = (Part::Computed(compute(first)), compute(own));
        Known { metric, prefilter, sq, trained_rows: rows.len(), first, own }
    }

    /// Learns of rows that were added behind; `all` has them already. The coding is chosen anew
    /// when most rows were not there when it was chosen.
    pub(super) fn add(&mut self, rows: MatrixRef<'_>, all: &Rows) {
        if self.prefilter && all.len() / 4 >= self.trained_rows {
            *self = Known::of(all, self.metric, true, 1);
            return;
        }
        self.own.append(Computed::of(rows, self.metric, self.sq.as_ref(), 1));
    }

    /// What is known of each part of the rows.
    pub(super) fn parts(&self) -> [Beside<'_>; 2] {
        let sq = self.sq.as_ref();
        let first = match &self.first {
            Part::Unknown => Beside::default(),
            Part::Computed(computed) => computed.beside(sq),
            Part::Stored(stored) => stored.beside(sq),
        };
        [first, self.own.beside(sq)]
    }
}

impl Computed {
    fn of(rows: MatrixRef<'_>, metric: Metric, sq: Option<&Sq>, threads: usize) -> Computed {
        let step = rows.rows().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            let starts = (0..rows.rows()).step_by(step);
            let parts: Vec<_> = starts
                .map(|start| {
                    let part = rows.range(start, rows.rows().min(start + step));
                    scope.spawn(move || Computed::of_part(part, metric, sq))
                })
                .collect();
            let mut all =
                Computed { squares: squares(rows.range(0, 0), metric), ..Computed::default() };
            for part in parts {
                match part.join() {
                    Ok(part) => all.append(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    }

    fn of_part(rows: MatrixRef<'_>, metric: Metric, sq: Option<&Sq>) -> Computed {
        let mut codes = SqBlock::default();
        if let Some(sq) = sq {
            sq.encode(Level::best(), rows, &mut codes);
        }
        Computed { squares: squares(rows, metric), codes }
    }

    fn append(&mut self, more: Computed) {
        match (&mut self.squares, more.squares) {
            (Some(squares), Some(more)) => squares.extend(more),
            (squares, more) => *squares = more,
        }
        self.codes.append(more.codes);
    }

    fn beside<'a>(&'a self, sq: Option<&'a Sq>) -> Beside<'a> {
        Beside { squares: self.squares.as_deref(), codes: sq.map(|sq| (sq, self.codes.coded())) }
    }
}

/// The sums of squares of rows, for metrics that use them.
fn squares(rows: MatrixRef<'_>, metric: Metric) -> Option<Vec<f32>> {
    space_of(metric)?;
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
    Some(all)
}
