//! Searching rows that have codes beside them: the codes first, the rows of what passes.
//!
//! A score over codes gives an interval in which the distance lies (`anear_quant::sq`). Of each
//! query the `k` smallest upper ends so far are kept: no row whose lower end is beyond the largest
//! of them can be among the `k` nearest, since `k` rows are surely nearer. The others are
//! candidates. When a thread has come to its end, it computes the distances of its candidates in
//! f64, the smallest lower end first, and stops where that end is beyond the k-th nearest distance.
//!
//! So few rows are read, little more than `k`, and the answer is that of a scan of all.

use super::nearest::Nearest;
use super::numbers::Exact;
use super::{Gathered, Piece, Worker};
use anear_kernels::Level;
use anear_kernels::codes::{self, CodeRows, SLACK};
use anear_kernels::ops::{self, Bounds, Term};
use anear_quant::sq::{Coded, SqQueries};
use anear_types::Result;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Codes of a tile take about this much for few queries, which read them once ..
const SMALL_TILE_BYTES: usize = 32 << 10;
/// .. and for many, which walk over them again and again.
const TILE_BYTES: usize = 128 << 10;
/// Candidates of a query beyond which those that a better bound excludes are thrown out.
const MANY_CANDIDATES: usize = 4096;

/// What all threads know of how near the nearest rows are.
#[derive(Debug)]
pub(super) struct Shared(Vec<Reach>);

#[derive(Debug)]
struct Reach {
    /// The smallest upper ends.
    nearest: Mutex<Nearest>,
    /// The largest of them when there are `k`; the bits of an f64.
    threshold: AtomicU64,
}

impl Shared {
    /// Begins with the distances found before.
    pub(super) fn new(found: &[Nearest]) -> Shared {
        let reach = |nearest: &Nearest| Reach {
            threshold: AtomicU64::new(nearest.threshold().to_bits()),
            nearest: Mutex::new(nearest.clone()),
        };
        Shared(found.iter().map(reach).collect())
    }

    fn threshold(&self, query: usize) -> f64 {
        f64::from_bits(self.0[query].threshold.load(Ordering::Relaxed))
    }

    /// Learns of a row that is at most so far away.
    fn learn(&self, query: usize, upper: f64, row: u64) {
        let Reach { nearest, threshold } = &self.0[query];
        let mut nearest = nearest.lock().expect("no thread panics with it");
        nearest.offer(upper, row);
        threshold.store(nearest.threshold().to_bits(), Ordering::Relaxed);
    }
}

/// A row that may be among the nearest.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// It is at least so far away.
    lower: f64,
    row: u64,
}

pub(super) struct CodedWorker<'a> {
    exact: Exact<'a>,
    level: Level,
    queries: &'a SqQueries,
    /// What lies beside the rows of the block.
    coded: Coded<'a>,
    block: Piece<'a>,
    shared: &'a Shared,
    candidates: Vec<Vec<Candidate>>,
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
    /// A worker over parts of `block`, beside whose rows `coded` lies.
    pub(super) fn new(
        exact: Exact<'a>,
        level: Level,
        queries: &'a SqQueries,
        coded: Coded<'a>,
        block: Piece<'a>,
        shared: &'a Shared,
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
            exact,
            level,
            queries,
            coded,
            block,
            shared,
            candidates: vec![Vec::new(); queries.members.len()],
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
                    let terms = (self.scores[at], rows.squares[row], rows.errors[row]);
                    self.consider(member + query, terms, piece.number(row));
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
            let threshold = self.shared.threshold(member);
            if self.bounds.thresholds[lane] != threshold {
                let bound = self.queries.members[member].bound(threshold);
                self.bounds.thresholds[lane] = threshold;
                self.bounds.constants[lane] = bound.constant;
                self.bounds.by_norm[lane] = bound.by_norm;
                self.bounds.by_error[lane] = bound.by_error;
            }
        }
    }

    /// Takes a row that passed among the candidates, if it still may be one.
    fn consider(&mut self, query: usize, (score, square, error): (f32, f32, f32), row: u64) {
        let (lower, upper) = self.queries.members[query].interval(score, square, error);
        let threshold = self.shared.threshold(query);
        if lower > threshold {
            return;
        }
        if upper < threshold {
            self.shared.learn(query, upper, row);
        }
        let candidates = &mut self.candidates[query];
        candidates.push(Candidate { lower, row });
        if candidates.len() % MANY_CANDIDATES == 0 {
            let threshold = self.shared.threshold(query);
            candidates.retain(|candidate| candidate.lower <= threshold);
        }
    }

    /// Computes the distances of what is left of the candidates.
    fn settle(&mut self) {
        for (query, candidates) in std::mem::take(&mut self.candidates).into_iter().enumerate() {
            let threshold = self.shared.threshold(query);
            let left = candidates.into_iter().filter(|candidate| candidate.lower <= threshold);
            let mut left: Vec<Candidate> = left.collect();
            left.sort_unstable_by(|a, b| a.lower.total_cmp(&b.lower));
            for Candidate { lower, row } in left {
                if lower > self.exact.threshold(query) {
                    break;
                }
                let position = (row - self.block.number(0)) as usize;
                self.exact.offer(self.block, position, query);
            }
        }
    }
}

impl Worker for CodedWorker<'_> {
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

    fn gathered(&mut self) -> Gathered {
        self.settle();
        self.exact.gathered()
    }
}
