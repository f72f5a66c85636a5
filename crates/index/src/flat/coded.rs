//! Searching rows that have codes beside them: the codes first, the rows of what passes.
//!
//! A score over codes gives an interval in which the distance lies (`anear_quant::sq`). What follows
//! for the rows is for [`candidates`](super::candidates) to say. In the end little more than `k` rows are
//! left, whose distances are computed in f64, so that the answer is that of a scan of all.

use super::hits::Hits;
use super::threads::Worker;
use super::{Findings, Piece};
use anear_kernels::codes::{self, CodeRows, SLACK};
use anear_kernels::ops::{self, Bounds, Term};
use anear_kernels::{Level, prefetch};
use anear_quant::sq::{Coded, SqQueries};
use anear_types::Result;

/// Codes of a tile take about this much for few queries, which read them once ..
const SMALL_TILE_BYTES: usize = 32 << 10;
/// .. and for many, which walk over them again and again.
const TILE_BYTES: usize = 128 << 10;
/// Rows of a tile at most.
const MOST_TILE_ROWS: usize = 1008;

/// Rows on a list are far from each other: so many are asked for before they are copied.
const ROWS_AHEAD: usize = 8;

pub(super) struct CodedWorker<'a> {
    level: Level,
    queries: &'a SqQueries,
    /// What lies beside the rows of the block.
    coded: Coded<'a>,
    hits: Hits<'a>,
    bounds: LaneBounds,
    terms: Terms,
    listed: Listed,
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

/// Coded rows on a list, with what is known of them copied side by side.
#[derive(Default)]
struct Listed {
    rows: Vec<usize>,
    /// Codes, where many queries want them.
    codes: Vec<u8>,
    scales: Vec<f32>,
    errors: Vec<f32>,
    squares: Vec<f32>,
}

impl Listed {
    fn gather<'a>(
        &'a mut self,
        level: Level,
        piece: Piece<'_>,
        from: &Coded<'a>,
        copy: bool,
    ) -> Coded<'a> {
        let Listed { rows, codes, scales, errors, squares } = self;
        rows.clear();
        rows.extend((0..piece.rows()).map(|at| piece.block_row(at)));
        let pick = |to: &mut Vec<f32>, from: &[f32]| {
            to.clear();
            to.extend(rows.iter().map(|row| from[*row]));
        };
        pick(scales, from.scales);
        pick(errors, from.errors);
        pick(squares, from.squares);
        let listed = from.codes.listed(rows);
        let codes = if copy { copied(level, listed, codes) } else { listed };
        Coded { codes, scales, errors, squares }
    }
}

fn copied<'a>(level: Level, listed: CodeRows<'_>, buffer: &'a mut Vec<u8>) -> CodeRows<'a> {
    let (rows, dim) = (listed.rows(), listed.dim());
    buffer.resize(rows * dim + SLACK, 0);
    for (row, codes) in (0..rows).zip(buffer.chunks_exact_mut(dim)) {
        if row + ROWS_AHEAD < rows {
            prefetch(level, listed.row(row + ROWS_AHEAD));
        }
        codes.copy_from_slice(listed.row(row));
    }
    CodeRows::new(buffer, rows, dim, dim)
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
            listed: Listed::default(),
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
                if query < live && piece.passes(row) {
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
        // More than the loop along the components takes at once.
        let many = self.queries.members.len() > 3;
        let tile_bytes = if few { SMALL_TILE_BYTES } else { TILE_BYTES };
        // A whole number of the blocks of rows in the loops of the kernels.
        let rows = match piece.range() {
            // Rows that stay where they lie take no room.
            None if !many => MOST_TILE_ROWS,
            _ => (tile_bytes / piece.dim()).clamp(48, MOST_TILE_ROWS) / 12 * 12,
        };
        for tile in piece.tiles(rows) {
            match tile.range() {
                Some(range) => self.rows(tile, self.coded.range(range.start, range.end)),
                None => {
                    let mut listed = std::mem::take(&mut self.listed);
                    self.rows(tile, listed.gather(self.level, tile, &self.coded, many));
                    self.listed = listed;
                }
            }
        }
        Ok(())
    }

    fn findings(self: Box<Self>) -> Findings {
        self.hits.findings(0)
    }
}
