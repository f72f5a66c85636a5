//! The nearest centroid of each row, most centroids ruled out by a byte a component.
//!
//! Rows are coded once for all rounds, centroids in each. The score of a row to one centroid, the one it
//! was nearest to before or that codes say it is nearest to, is a bound on the lowest; codes tell which
//! others can be below it ([`crate::sq`]), widened for what sums of f32 may lose. Only these are scored in
//! full. So rows go where they would go if all were.

use super::assign::Assigned;
use crate::sq::{Coded, Sq, SqBlock, SqQueries};
use crate::work::Work;
use anear_kernels::ops::{self, Bounds, Op, Term};
use anear_kernels::{Level, codes, convert};
use anear_types::{Element, MatrixRef, Measure, Metric, Result};

/// Where rows are shorter, codes are as slow as the numbers, ..
const FEWEST_COMPONENTS: usize = 32;
/// .. and where centroids are fewer, it takes too long to code rows.
const FEWEST_CENTROIDS: usize = 32;
/// Rows that a coding is chosen for.
const SAMPLE: usize = 4_096;
/// Rows that a thread takes at a time.
const PIECE_ROWS: usize = 256;
/// Codes of centroids that rows are scored against at a time stay in a fast cache, ..
const TILE_BYTES: usize = 256 << 10;
/// .. and so do the scores. A whole number of the blocks of rows in the loops of the kernels.
const MOST_TILE_ROWS: usize = 504;
/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;
/// More than sums lose where they are too small for f32.
const VANISHING: f64 = 1e-30;

/// Rows that are assigned to centroids again and again.
pub(super) struct Screen<'a> {
    rows: &'a [f32],
    dim: usize,
    metric: Metric,
    sq: Sq,
    pieces: Vec<Piece<'a>>,
}

/// Some of the rows.
struct Piece<'a> {
    rows: &'a [f32],
    squares: Vec<f32>,
    queries: SqQueries,
}

/// Centroids, coded.
struct Centroids<'a> {
    values: &'a [f32],
    block: SqBlock,
    /// What is added to minus the inner product with each: half its square, or nothing.
    shifts: Vec<f32>,
    largest_square: f32,
}

impl<'a> Screen<'a> {
    /// Codes rows, if the measure allows it and it is worth while for so many centroids.
    pub(super) fn new(
        rows: &'a [f32],
        dim: usize,
        centroids: usize,
        measure: Measure,
        work: &Work<'_>,
    ) -> Result<Option<Screen<'a>>> {
        let metric = match measure {
            Measure::L2 => Metric::L2,
            Measure::InnerProduct => Metric::InnerProduct,
            _ => return Ok(None),
        };
        if dim < FEWEST_COMPONENTS || centroids < FEWEST_CENTROIDS {
            return Ok(None);
        }
        let step = (rows.len() / dim).div_ceil(SAMPLE);
        let sample: Vec<f32> = rows.chunks_exact(dim).step_by(step).flatten().copied().collect();
        let level = Level::best();
        let Some(chosen) = Sq::train(level, metric, matrix(&sample, dim)) else { return Ok(None) };
        // Whatever the rows are, centroids are no whole numbers.
        let (center, ..) = chosen.parts();
        let Some(sq) = Sq::from_parts(metric, center.to_vec(), 128, false) else { return Ok(None) };
        let mut pieces: Vec<Option<Piece<'a>>> = Vec::new();
        pieces.resize_with(rows.len().div_ceil(PIECE_ROWS * dim), || None);
        let items = rows.chunks(PIECE_ROWS * dim).zip(&mut pieces).collect();
        work.for_each(items, |(rows, place): (&'a [f32], &mut Option<Piece<'a>>)| {
            *place = Some(Piece::new(level, &sq, metric, rows));
        })?;
        let pieces = pieces.into_iter().flatten().collect();
        Ok(Some(Screen { rows, dim, metric, sq, pieces }))
    }

    /// Finds the nearest centroid of each row, the first one where several are as near. They may be
    /// numbered as they were in the round before; `assigned` is empty in the first one.
    ///
    /// # Errors
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    pub(super) fn assign(
        &self,
        centroids: &[f32],
        mut assigned: Assigned,
        work: &Work<'_>,
    ) -> Result<Assigned> {
        let count = self.rows.len() / self.dim;
        let is_first = assigned.numbers.len() != count;
        if is_first {
            assigned = Assigned { numbers: vec![0; count], distances: vec![0.0; count] };
        }
        let centroids = Centroids::new(&self.sq, self.metric, centroids);
        let places = assigned.numbers.chunks_mut(PIECE_ROWS);
        let places = places.zip(assigned.distances.chunks_mut(PIECE_ROWS));
        let items = self.pieces.iter().zip(places).collect();
        work.for_each(items, |(piece, (numbers, distances)): (&Piece<'_>, _)| {
            let metric = self.metric;
            let found = Found { numbers, scores: distances };
            Assignment::new(piece, &centroids, metric, self.dim, found).run(is_first);
        })?;
        Ok(assigned)
    }
}

impl<'a> Piece<'a> {
    fn new(level: Level, sq: &Sq, metric: Metric, rows: &'a [f32]) -> Piece<'a> {
        let dim = sq.dim();
        let mut squares = vec![0.0; rows.len() / dim];
        ops::squares(level, rows, dim, &mut squares);
        let values = rows.chunks_exact(dim).map(|row| {
            let mut values = vec![0.0; dim];
            convert::to_f64(level, matrix(row, dim), &mut values);
            values
        });
        let queries = SqQueries::new(level, sq, metric, values);
        Piece { rows, squares, queries }
    }
}

impl<'a> Centroids<'a> {
    fn new(sq: &Sq, metric: Metric, values: &'a [f32]) -> Centroids<'a> {
        let (level, dim) = (Level::best(), sq.dim());
        let mut block = SqBlock::default();
        sq.encode(level, matrix(values, dim), &mut block);
        let mut shifts = vec![0.0; values.len() / dim];
        ops::squares(level, values, dim, &mut shifts);
        let largest_square = shifts.iter().copied().fold(0.0, f32::max);
        let half = if metric == Metric::L2 { 0.5 } else { 0.0 };
        shifts.iter_mut().for_each(|square| *square *= half);
        Centroids { values, block, shifts, largest_square }
    }
}

/// The centroids that rows of a piece are assigned to so far.
struct Found<'a> {
    numbers: &'a mut [u32],
    scores: &'a mut [f32],
}

/// The assignment of a piece.
struct Assignment<'a> {
    level: Level,
    piece: &'a Piece<'a>,
    centroids: &'a Centroids<'a>,
    metric: Metric,
    dim: usize,
    found: Found<'a>,
    /// The bounds of a group, by lane.
    constants: Vec<f32>,
    by_norm: Vec<f32>,
    by_error: Vec<f32>,
    /// The centroids of a tile that are left to each lane.
    open: Vec<Vec<u32>>,
    /// Scores of these.
    full: Vec<f32>,
}

/// Some centroids that rows are scored against at a time.
struct Tile<'a> {
    first: u32,
    coded: Coded<'a>,
    /// Terms in bounds.
    norms: Vec<f32>,
    shifts: Vec<f32>,
    /// Half the squares of what codes stand for.
    halves: Vec<f32>,
}

impl<'a> Assignment<'a> {
    fn new(
        piece: &'a Piece<'a>,
        centroids: &'a Centroids<'a>,
        metric: Metric,
        dim: usize,
        found: Found<'a>,
    ) -> Assignment<'a> {
        let width = piece.queries.groups.iter().map(|group| group.width()).max().unwrap_or(0);
        Assignment {
            level: Level::best(),
            piece,
            centroids,
            metric,
            dim,
            found,
            constants: vec![0.0; width],
            by_norm: vec![0.0; width],
            by_error: vec![0.0; width],
            open: vec![Vec::new(); width],
            full: Vec::new(),
        }
    }

    fn run(mut self, is_first: bool) {
        if is_first {
            self.found.scores.fill(f32::INFINITY);
        } else {
            (0..self.found.numbers.len()).for_each(|row| self.score_number(row));
        }
        let count = self.centroids.shifts.len();
        let rows = (TILE_BYTES / self.dim).clamp(48, MOST_TILE_ROWS) / 12 * 12;
        let mut scores = Vec::new();
        for first in (0..count).step_by(rows) {
            let tile = self.tile(first, count.min(first + rows));
            let mut member = 0;
            for group in &self.piece.queries.groups {
                scores.resize(tile.halves.len() * group.width(), 0.0);
                let Coded { codes, scales, .. } = tile.coded;
                codes::scores(self.level, group, codes, scales, &mut scores);
                let members = member..member + group.live();
                member = members.end;
                if is_first {
                    self.guess(&tile, &scores, group.width(), members.clone());
                }
                self.settle(&tile, &scores, group.width(), members);
            }
        }
        for (score, square) in self.found.scores.iter_mut().zip(&self.piece.squares) {
            *score = match self.metric {
                Metric::L2 => (square + 2.0 * *score).max(0.0),
                _ => -*score,
            };
        }
    }

    fn tile(&self, first: usize, end: usize) -> Tile<'a> {
        let coded = self.centroids.block.coded().range(first, end);
        let (mut norms, mut shifts) = (Vec::new(), Vec::new());
        self.piece.queries.row_terms(&coded, &mut norms, &mut shifts);
        let half = if self.metric == Metric::L2 { 0.5 } else { 0.0 };
        let halves = coded.squares.iter().map(|square| half * square).collect();
        Tile { first: first as u32, coded, norms, shifts, halves }
    }

    /// Scores a row against the centroid with its number.
    fn score_number(&mut self, row: usize) {
        let number = self.found.numbers[row];
        self.score(row, &[number]);
        self.found.scores[row] = self.full[0];
    }

    fn score(&mut self, row: usize, numbers: &[u32]) {
        self.full.resize(numbers.len(), 0.0);
        let values = &self.piece.rows[row * self.dim..][..self.dim];
        let bytes = bytemuck::cast_slice(self.centroids.values);
        let all = Some(numbers);
        ops::scores_of_bytes(self.level, Op::NegativeDot, values, bytes, all, &mut self.full);
        for (score, number) in self.full.iter_mut().zip(numbers) {
            *score += self.centroids.shifts[*number as usize];
        }
    }

    /// Takes for each row the centroid that is nearest as codes tell, if it is nearer than before.
    fn guess(
        &mut self,
        tile: &Tile<'_>,
        scores: &[f32],
        width: usize,
        members: std::ops::Range<usize>,
    ) {
        let (mut lowest, mut numbers) = (vec![f32::INFINITY; width], vec![tile.first; width]);
        let best = (&mut lowest[..], &mut numbers[..]);
        ops::lowest(self.level, width, scores, &tile.halves, tile.first, best);
        for (row, number) in members.zip(numbers) {
            self.score(row, &[number]);
            if self.full[0] < self.found.scores[row] {
                (self.found.scores[row], self.found.numbers[row]) = (self.full[0], number);
            }
        }
    }

    /// Scores in full what can be nearest.
    fn settle(
        &mut self,
        tile: &Tile<'_>,
        scores: &[f32],
        width: usize,
        members: std::ops::Range<usize>,
    ) {
        self.learn(members.clone(), width);
        let bounds = Bounds {
            constants: &self.constants[..width],
            term: Term { slopes: &self.by_error[..width], sizes: tile.coded.errors },
            second: self
                .piece
                .queries
                .uses_norms()
                .then_some(Term { slopes: &self.by_norm[..width], sizes: &tile.norms }),
            shifts: &tile.shifts,
        };
        let mut passing = Vec::new();
        ops::select(self.level, scores, bounds, &mut passing);
        for at in passing {
            self.open[at as usize % width].push(tile.first + at / width as u32);
        }
        for (lane, row) in members.enumerate() {
            let open = std::mem::take(&mut self.open[lane]);
            self.settle_row(row, &open);
            self.open[lane] = open;
            self.open[lane].clear();
        }
    }

    fn settle_row(&mut self, row: usize, open: &[u32]) {
        if open.is_empty() || open == [self.found.numbers[row]] {
            return;
        }
        self.score(row, open);
        let (mut lowest, mut nearest) = (self.found.scores[row], self.found.numbers[row]);
        for (score, number) in self.full.iter().zip(open) {
            if *score < lowest || *score == lowest && *number < nearest {
                (lowest, nearest) = (*score, *number);
            }
        }
        (self.found.scores[row], self.found.numbers[row]) = (lowest, nearest);
    }

    /// Sets the bounds of a group to the scores so far. Lanes behind the last row let nothing through.
    fn learn(&mut self, members: std::ops::Range<usize>, width: usize) {
        self.constants[..width].fill(f32::NEG_INFINITY);
        for (lane, row) in members.enumerate() {
            let bound = self.piece.queries.members[row].bound(self.threshold(row));
            self.constants[lane] = bound.constant;
            self.by_norm[lane] = bound.by_norm;
            self.by_error[lane] = bound.by_error;
        }
    }

    /// Up to which key a centroid may be the nearest of a row, in the terms of [`crate::sq`].
    fn threshold(&self, row: usize) -> f64 {
        let square = f64::from(self.piece.squares[row]);
        let score = f64::from(self.found.scores[row]);
        let key = if self.metric == Metric::L2 { square + 2.0 * score } else { score };
        // Each addition loses a unit of what was added up so far at most, which is at most the sum of
        // both squares: in the score, those squares, and in the score it is compared with.
        let sizes = square + f64::from(self.centroids.largest_square);
        let loss = 4.0 * (self.dim + 16) as f64 * UNIT * sizes + VANISHING;
        let threshold = key + loss;
        if threshold.is_nan() { f64::INFINITY } else { threshold }
    }
}

fn matrix(rows: &[f32], dim: usize) -> MatrixRef<'_> {
    MatrixRef::new(bytemuck::cast_slice(rows), Element::F32, rows.len() / dim, dim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::How;
    use crate::kmeans::Assigner;
    use anear_testkit::random::Random;

    const DIM: usize = 40;
    const ROWS: usize = PIECE_ROWS + 20;
    /// More than a tile.
    const CENTROIDS: usize = MOST_TILE_ROWS + 30;

    /// Whole numbers, of which sums of products are exact in f32, so that many are the same.
    fn whole(random: &mut Random, rows: usize, most: u64) -> Vec<f32> {
        (0..rows * DIM).map(|_| random.below(most) as f32 - 1.0).collect()
    }

    #[test]
    fn rows_go_where_they_go_without_codes() {
        let mut random = Random::new(3);
        let mut rows = whole(&mut random, ROWS, 4);
        rows[..DIM].fill(0.0);
        rows[DIM..2 * DIM].fill(300.0);
        let mut centroids = whole(&mut random, CENTROIDS, 4);
        centroids.copy_within(..20 * DIM, (CENTROIDS - 20) * DIM);
        let moved: Vec<f32> = centroids.iter().map(|x| 2.0 * x - 1.0).collect();
        for measure in [Measure::L2, Measure::InnerProduct] {
            for threads in [1, 2] {
                let work = Work { threads, ..Work::default() };
                let screen = Screen::new(&rows, DIM, CENTROIDS, measure, &work).unwrap().unwrap();
                let mut found = Assigned::default();
                for centroids in [&centroids, &moved, &centroids] {
                    found = screen.assign(centroids, found, &work).unwrap();
                    let how = How { measure, argument: 0.0 };
                    let plain = Assigner::new(centroids, DIM, how).assign(&rows, &work).unwrap();
                    assert_eq!(found, plain, "{measure}");
                }
            }
        }
    }

    #[test]
    fn rows_of_any_size_find_theirs() {
        let mut random = Random::new(4);
        let mut number = || random.below(2_001) as f32 / 1_000.0 - 1.0;
        let mut rows: Vec<f32> = (0..100 * DIM).map(|_| number()).collect();
        let centroids: Vec<f32> = (0..50 * DIM).map(|_| number()).collect();
        // Too large for codes, and for squares in f32.
        rows[DIM..2 * DIM].iter_mut().for_each(|x| *x *= 1e17);
        let work = Work::default();
        let screen = Screen::new(&rows, DIM, 50, Measure::L2, &work).unwrap().unwrap();
        let found = screen.assign(&centroids, Assigned::default(), &work).unwrap();
        for (row, number) in rows.chunks(DIM).zip(&found.numbers) {
            let distance = |centroid: &[f32]| {
                let differences =
                    row.iter().zip(centroid).map(|(x, y)| f64::from(*x) - f64::from(*y));
                differences.map(|x| x * x).sum::<f64>()
            };
            let nearest = centroids.chunks(DIM).map(distance).fold(f64::INFINITY, f64::min);
            let found = distance(&centroids[*number as usize * DIM..][..DIM]);
            assert!(found <= nearest * (1.0 + 1e-5), "{found} for {nearest}");
        }
        let few = Screen::new(&rows, DIM, FEWEST_CENTROIDS - 1, Measure::L2, &work).unwrap();
        assert!(few.is_none());
        assert!(Screen::new(&rows, DIM, 50, Measure::Manhattan, &work).unwrap().is_none());
    }
}
