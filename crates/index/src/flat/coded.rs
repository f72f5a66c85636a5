//! Searching rows that have codes beside them: the codes first, the rows of what passes.
//!
//! A score over codes gives an interval in which the distance lies (`anear_quant::sq`). What follows
//! for the rows is for [`candidates`](super::candidates) to say. In the end little more than `k` rows are
//! left, whose distances are computed in f64, so that the answer is that of a scan of all.

use super::hits::Hits;
use super::threads::Worker;
use super::{Findings, Piece};
use anear_kernels::Level;
use anear_kernels::codes::{self, CodeRows, SLACK};
use anear_kernels::ops::{self, Bounds, Term};
use anear_quant::sq::{Coded, SqQueries};
use anear_types::Result;

/// Codes of a tile take about this much for few queries, which read them once ..
const SMALL_TILE_BYTES: usize = 32 << 10;
/// .. and for many, which walk over them again and again.
const TILE_BYTES: usize = 128 << 10;

pub(super) struct CodedWorker<'a> {
    level: Level,
    queries: &'a SqQueries,
    /// What lies beside the rows of the block.
    coded: Coded<'a>,
    hits: Hits<'a>,
    bounds: LaneBounds,
    terms: Terms,
    copied: Copied,
    scores: Vec<f32>,
    passing: Vec<u32>,
}

/// The bounds of all queries, in the order of the lanes of all groups.
#[derive(Default)]
struct LaneBounds {
    /// The thresholds they were made for.
    thresholds: Vec<f64>,
    constants: Vec<f32>,
    by_norm: Vec<f32>,
    by_error: Vec<f32>,
}

/// The terms of the rows of a tile in their bounds.
#[derive(Default)]
struct Terms {
    norms: Vec<f32>,
    shifts: Vec<f32>,
}

/// Coded rows copied from where they lie, for those on a list.
#[derive(Default)]
struct Copied {
    codes: Vec<u8>,
    scales: Vec<f32>,
    errors: Vec<f32>,
    squares: Vec<f32>,
}

impl Copied {
    fn gather(&mut self, piece: Piece<'_>, from: &Coded<'_>) -> Coded<'_> {
        let dim = piece.dim();
        self.codes.resize(piece.rows() * dim + SLACK, 0);
        let positions = || (0..piece.rows()).map(|at| piece.block_row(at));
        for (row, codes) in positions().zip(self.codes.chunks_exact_mut(dim)) {
            codes.copy_from_slice(from.codes.row(row));
        }
        let copy = |to: &mut Vec<f32>, from: &[f32]| {
            to.clear();
            to.extend(positions().map(|row| from[row]));
        };
        copy(&mut self.scales, from.scales);
        copy(&mut self.errors, from.errors);
        copy(&mut self.squares, from.squares);
        Coded {
            codes: CodeRows::new(&self.codes, piece.rows(), dim, dim),
            scales: &self.scales,
            errors: &self.errors,
            squares: &self.squares,
        }
    }
}

impl<'a> CodedWorker<'a> {
    /// A worker over parts of a block, beside whose rows `coded` lies.
    pub(super) fn new(
        level: Level,
        queries: &'a SqQueries,
        coded: Coded<'a>,
        hits: Hits<'a>,
    ) -> CodedWorker<'a> {
        let lanes = queries.groups.iter().map(|group| group.width()).sum();
        let bounds = LaneBounds {
            thresholds: vec![f64::NAN; lanes],
            // Lanes beyond the last query let nothing through.
            constants: vec![f32::NEG_INFINITY; lanes],
            by_norm: vec![0.0; lanes],
            by_error: vec![0.0; lanes],
        };
        CodedWorker {
            level,
            queries,
            coded,
            hits,
            bounds,
            terms: Terms::default(),
            copied: Copied::default(),
            scores: Vec::new(),
            passing: Vec::new(),
        }
    }

    /// Scores the rows of a tile against all groups.
    fn rows(&mut self, piece: Piece<'_>, rows: Coded<'_>) {
        let queries = self.queries;
        queries.row_terms(&rows, &mut self.terms.norms, &mut self.terms.shifts);
        let (mut lane, mut member) = (0, 0);
        for group in &queries.groups {
            let (width, live) = (group.width(), group.live());
            self.learn(lane, member, live);
            self.scores.resize(rows.codes.rows() * width, 0.0);
            codes::scores(self.level, group, rows.codes, rows.scales, &mut self.scores);
            let lanes = lane..lane + width;
            let by_norm =
                Term { slopes: &self.bounds.by_norm[lanes.clone()], sizes: &self.terms.norms };
            let bounds = Bounds {
                constants: &self.bounds.constants[lanes.clone()],
                term: Term { slopes: &self.bounds.by_error[lanes], sizes: rows.errors },
                second: queries.uses_norms().then_some(by_norm),
                shifts: &self.terms.shifts,
            };
            let mut passing = std::mem::take(&mut self.passing);
            passing.clear();
            ops::select(self.level, &self.scores, bounds, &mut passing);
            for at in &passing {
                let at = *at as usize;
                let (row, query) = (at / width, at % width);
                if query < live {
                    let known = &queries.members[member + query];
                    let ends = known.interval(self.scores[at], rows.squares[row], rows.errors[row]);
                    self.hits.offer_interval(member + query, ends, piece.number(row));
                }
            }
            self.passing = passing;
            lane += width;
            member += live;
        }
    }

    /// Sets the bounds of a group to what is known by now.
    fn learn(&mut self, first_lane: usize, first_member: usize, live: usize) {
        for at in 0..live {
            let (lane, member) = (first_lane + at, first_member + at);
            let threshold = self.hits.threshold(member);
            if self.bounds.thresholds[lane] != threshold {
                let bound = self.queries.members[member].bound(threshold);
                self.bounds.thresholds[lane] = threshold;
                self.bounds.constants[lane] = bound.constant;
                self.bounds.by_norm[lane] = bound.by_norm;
                self.bounds.by_error[lane] = bound.by_error;
            }
        }
    }
}

impl Worker for CodedWorker<'_> {
    type Findings = Findings;

    fn scan(&mut self, piece: Piece<'_>) -> Result<()> {
        let few = self.queries.members.len() <= 32;
        let tile_bytes = if few { SMALL_TILE_BYTES } else { TILE_BYTES };
        // A whole number of the blocks of rows in the loops of the kernels.
        let rows = (tile_bytes / piece.dim()).clamp(48, 1008) / 12 * 12;
        for tile in piece.tiles(rows) {
            match tile.range() {
                Some(range) => self.rows(tile, self.coded.range(range.start, range.end)),
                None => {
                    let mut copied = std::mem::take(&mut self.copied);
                    self.rows(tile, copied.gather(tile, &self.coded));
                    self.copied = copied;
                }
            }
        }
        Ok(())
    }

    fn findings(self: Box<Self>) -> Findings {
        self.hits.findings(0)
    }
}
