//! Searching over numbers: the screen first, the exact distance for what passes.

use super::screen::{Form, Member, Screen};
use super::{Gathered, NonFinite, Piece, Worker, key};
use anear_kernels::exact::Query;
use anear_kernels::ops::{self, Bounds, Term};
use anear_kernels::{Level, convert};
use anear_quant::sq::{Sq, SqQueries, space_of};
use anear_types::{Element, Error, MatrixRef, Metric, Result};

/// Rows of a tile take about this much as f32: they stay in the second cache for all groups of
/// queries, and are worth a walk through many queries.
const TILE_BYTES: usize = 192 << 10;
/// The same for few queries, which want the first cache.
const SMALL_TILE_BYTES: usize = 24 << 10;

#[derive(Debug)]
pub(super) struct NumberQueries {
    metric: Metric,
    dim: usize,
    level: Level,
    exact: Vec<Query>,
    /// For rows of this element, the screen and the queries it leaves out.
    prepared: Option<(Element, Option<Screen>, Vec<usize>)>,
}

impl NumberQueries {
    pub(super) fn new(
        level: Level,
        metric: Metric,
        queries: MatrixRef<'_>,
    ) -> Result<NumberQueries> {
        let mut exact = Vec::with_capacity(queries.rows());
        for query in 0..queries.rows() {
            let mut values = vec![0.0; queries.dim()];
            convert::to_f64(level, queries.range(query, query + 1), &mut values);
            if let Some((column, what)) = fault(metric, &values) {
                return Err(Error::bad_data(format!(
                    "query {query} holds {} in component {column}, {what}",
                    values[column]
                )));
            }
            exact.push(Query::new(metric, values));
        }
        Ok(NumberQueries { metric, dim: queries.dim(), level, exact, prepared: None })
    }

    /// Chooses the screen for rows of an element.
    pub(super) fn prepare_for(&mut self, element: Element, dim: usize) -> Result<()> {
        if dim != self.dim {
            let queries = self.dim;
            return Err(Error::usage(format!("queries have {queries} components, rows {dim}"))
                .help("query and rows must come from the same model"));
        }
        if self.prepared.as_ref().is_none_or(|(prepared, ..)| *prepared != element) {
            let screen = Screen::new(self.level, self.metric, element, &self.exact);
            let mut screened = vec![false; self.exact.len()];
            for member in screen.iter().flat_map(|screen| &screen.members) {
                screened[member.query] = true;
            }
            let rest = (0..self.exact.len()).filter(|query| !screened[*query]).collect();
            self.prepared = Some((element, screen, rest));
        }
        Ok(())
    }

    /// Whether rows coded by `sq` can be compared with these queries.
    pub(super) fn is_for(&self, sq: &Sq) -> bool {
        space_of(self.metric) == Some(sq.space()) && sq.dim() == self.dim
    }

    /// The queries for rows coded by `sq`.
    pub(super) fn coded(&self, sq: &Sq) -> SqQueries {
        let values = self.exact.iter().map(|query| query.values());
        SqQueries::new(self.level, sq, self.metric, values)
    }

    /// Exact distances to the queries.
    pub(super) fn exact(
        &self,
        level: Level,
        nonfinite: NonFinite,
        gathered: Gathered,
    ) -> Exact<'_> {
        Exact { queries: self, level, nonfinite, gathered, row: Vec::new(), at: None }
    }

    /// A worker over a block of rows, whose sums of squares may be known.
    pub(super) fn worker<'a>(
        &'a self,
        level: Level,
        nonfinite: NonFinite,
        gathered: Gathered,
        squares: Option<&'a [f32]>,
    ) -> Box<dyn Worker + 'a> {
        let (_, screen, rest) = self.prepared.as_ref().expect("prepare_for comes first");
        let screen = screen.as_ref().filter(|screen| !screen.members.is_empty());
        Box::new(NumberWorker {
            exact: self.exact(level, nonfinite, gathered),
            screening: screen.map(|screen| Screening::new(level, screen, squares)),
            rest,
        })
    }
}

/// What a metric cannot do with these values, and where.
fn fault(metric: Metric, values: &[f64]) -> Option<(usize, &'static str)> {
    if let Some(column) = values.iter().position(|value| !value.is_finite()) {
        return Some((column, "which is no finite number"));
    }
    if metric == Metric::JensenShannon {
        let column = values.iter().position(|value| *value < 0.0)?;
        return Some((column, "and jensenshannon is for values from 0 on"));
    }
    None
}

/// The error for a row that holds a value which is not finite.
pub(super) fn not_finite(row: MatrixRef<'_>) -> Error {
    let mut columns = 0..row.dim();
    let column = columns.find(|column| !row.get_f64(0, *column).is_finite()).unwrap_or(0);
    Error::bad_data(format!("component {column} is {}", row.get_f64(0, column)))
        .help("rows that are not finite can be skipped on request")
}

struct NumberWorker<'a> {
    exact: Exact<'a>,
    screening: Option<Screening<'a>>,
    /// Queries without a screen.
    rest: &'a [usize],
}

impl Worker for NumberWorker<'_> {
    fn scan(&mut self, piece: Piece<'_>) -> Result<()> {
        let few = self.exact.queries.exact.len() <= 32;
        let tile_bytes = if few { SMALL_TILE_BYTES } else { TILE_BYTES };
        // A whole number of the blocks of rows in the loops of the kernels.
        let rows = (tile_bytes / (4 * piece.dim())).clamp(12, 1020) / 12 * 12;
        if let Some(screening) = &mut self.screening {
            screening.learn(&self.exact.gathered);
        }
        for tile in piece.tiles(rows) {
            self.exact.at = None;
            let faults = match &mut self.screening {
                Some(screening) => screening.tile(tile, &mut self.exact)?,
                None => None,
            };
            if !self.rest.is_empty() {
                self.unscreened(tile, &faults)?;
            }
        }
        Ok(())
    }

    fn gathered(&mut self) -> Gathered {
        self.exact.gathered()
    }
}

/// Positions of rows to leave out, ascending, where the rows were checked already.
type Faults = Option<Vec<usize>>;

impl NumberWorker<'_> {
    fn unscreened(&mut self, tile: Piece<'_>, faults: &Faults) -> Result<()> {
        for position in 0..tile.rows() {
            let faulty = match faults {
                Some(faults) => faults.binary_search(&position).is_ok(),
                None => self.exact.is_faulty(tile, position)?,
            };
            if !faulty {
                for query in self.rest {
                    self.exact.offer(tile, position, *query);
                }
            }
        }
        Ok(())
    }
}

/// Exact distances to rows of a tile, and what becomes of them.
pub(super) struct Exact<'a> {
    queries: &'a NumberQueries,
    level: Level,
    nonfinite: NonFinite,
    gathered: Gathered,
    /// The row at position `at` of the tile as f64: the next query often wants it too.
    row: Vec<f64>,
    at: Option<usize>,
}

impl Exact<'_> {
    fn load(&mut self, tile: Piece<'_>, position: usize) {
        if self.at != Some(position) {
            self.row.resize(tile.dim(), 0.0);
            convert::to_f64(self.level, tile.row(position), &mut self.row);
            self.at = Some(position);
        }
    }

    /// Whether a row must be left out, which is counted.
    ///
    /// # Errors
    /// If that is not wanted.
    fn is_faulty(&mut self, tile: Piece<'_>, position: usize) -> Result<bool> {
        self.load(tile, position);
        let Some((column, what)) = fault(self.queries.metric, &self.row) else {
            return Ok(false);
        };
        let value = self.row[column];
        if !value.is_finite() && self.nonfinite == NonFinite::Skip {
            self.gathered.skipped += 1;
            return Ok(true);
        }
        let error = match value.is_finite() {
            false => not_finite(tile.row(position)),
            true => Error::bad_data(format!("component {column} is {value}, {what}")),
        };
        Err(error.at_row(tile.number(position)))
    }

    /// No hit with a key above this is taken by a query any more.
    pub(super) fn threshold(&self, query: usize) -> f64 {
        self.gathered.nearest[query].threshold()
    }

    pub(super) fn gathered(&mut self) -> Gathered {
        let nearest = std::mem::take(&mut self.gathered.nearest);
        Gathered { nearest, skipped: self.gathered.skipped }
    }

    /// Offers a row to a query; returns whether it is among the nearest now.
    pub(super) fn offer(&mut self, tile: Piece<'_>, position: usize, query: usize) -> bool {
        self.load(tile, position);
        let distance = self.queries.exact[query].distance(self.level, &self.row);
        let key = key(self.queries.metric, distance);
        self.gathered.nearest[query].offer(key, tile.number(position))
    }
}

/// A screen at work.
struct Screening<'a> {
    screen: &'a Screen,
    level: Level,
    form: Form,
    /// Sums of squares of all rows of the block, where they are known.
    known_squares: Option<&'a [f32]>,
    /// For each lane of each group, the bound for the threshold as it is.
    constants: Vec<f32>,
    slopes: Vec<f32>,
    /// For each row of the tile.
    norms: Vec<f32>,
    shifts: Vec<f32>,
    squares: Vec<f32>,
    rows: Vec<f32>,
    scores: Vec<f32>,
    passing: Vec<u32>,
    /// How many scores there were, and how many of them passed in vain.
    scored: usize,
    in_vain: usize,
}

impl<'a> Screening<'a> {
    fn new(level: Level, screen: &'a Screen, squares: Option<&'a [f32]>) -> Screening<'a> {
        let lanes = screen.groups.iter().map(|group| group.width()).sum();
        Screening {
            screen,
            level,
            form: screen.form,
            known_squares: squares,
            // Lanes beyond the last query let nothing through.
            constants: vec![f32::NEG_INFINITY; lanes],
            slopes: vec![0.0; lanes],
            norms: Vec::new(),
            shifts: Vec::new(),
            squares: Vec::new(),
            rows: Vec::new(),
            scores: Vec::new(),
            passing: Vec::new(),
            scored: 0,
            in_vain: 0,
        }
    }

    /// Sets all bounds.
    fn learn(&mut self, gathered: &Gathered) {
        let (mut lane, mut member) = (0, 0);
        for group in &self.screen.groups {
            for live in 0..group.live() {
                self.set_bound(lane + live, &self.screen.members[member + live], gathered);
            }
            lane += group.width();
            member += group.live();
        }
    }

    fn set_bound(&mut self, lane: usize, member: &Member, gathered: &Gathered) {
        let threshold = gathered.nearest[member.query].threshold();
        (self.constants[lane], self.slopes[lane]) = self.screen.bound(self.form, member, threshold);
    }

    /// Scores a tile against all groups and offers what passes. Returns the rows to leave out.
    fn tile(&mut self, tile: Piece<'_>, exact: &mut Exact<'_>) -> Result<Faults> {
        let mut buffer = std::mem::take(&mut self.rows);
        let rows = tile.singles(self.level, &mut buffer);
        let result = self.rows(tile, rows, exact);
        self.rows = buffer;
        self.reconsider(&exact.gathered);
        result
    }

    fn rows(&mut self, tile: Piece<'_>, rows: &[f32], exact: &mut Exact<'_>) -> Result<Faults> {
        let mut faults = Vec::new();
        self.set_norms(tile, rows, exact, &mut faults)?;
        let screen = self.screen;
        let (mut first_lane, mut first_member) = (0, 0);
        for group in &screen.groups {
            self.scores.resize(tile.rows() * group.width(), 0.0);
            ops::scores(self.level, self.form.op(), group, rows, &mut self.scores);
            if first_lane == 0 && !self.form.uses_norms() {
                // A row that is not finite is seen in any one score.
                for position in 0..tile.rows() {
                    let finite = self.scores[position * group.width()].is_finite();
                    if !finite && exact.is_faulty(tile, position)? {
                        faults.push(position);
                    }
                }
            }
            let mut passing = std::mem::take(&mut self.passing);
            passing.clear();
            let bounds = self.bounds(first_lane, group.width());
            ops::select(self.level, &self.scores, bounds, &mut passing);
            for at in &passing {
                let (position, lane) = (*at as usize / group.width(), *at as usize % group.width());
                if lane < group.live() && faults.binary_search(&position).is_err() {
                    let member = &screen.members[first_member + lane];
                    self.offer(tile, position, first_lane + lane, *at, member, exact);
                }
            }
            self.passing = passing;
            self.scored += tile.rows() * group.live();
            first_lane += group.width();
            first_member += group.live();
        }
        Ok(Some(faults))
    }

    /// Norms and shifts of the rows; those that have no bound get NaN, with which they pass.
    fn set_norms(
        &mut self,
        tile: Piece<'_>,
        rows: &[f32],
        exact: &mut Exact<'_>,
        faults: &mut Vec<usize>,
    ) -> Result<()> {
        self.norms.clear();
        self.norms.resize(tile.rows(), 0.0);
        self.shifts.clear();
        self.shifts.resize(tile.rows(), 0.0);
        if !self.form.uses_norms() {
            return Ok(());
        }
        self.squares.resize(tile.rows(), 0.0);
        match self.known_squares {
            Some(known) => {
                for (position, square) in self.squares.iter_mut().enumerate() {
                    *square = known[tile.block_row(position)];
                }
            }
            None => ops::squares(self.level, rows, tile.dim(), &mut self.squares),
        }
        for (position, square) in self.squares.iter().enumerate() {
            match self.screen.norm_and_shift(self.form, *square) {
                Some((norm, shift)) => {
                    (self.norms[position], self.shifts[position]) = (norm, shift);
                }
                None => {
                    self.norms[position] = f32::NAN;
                    if exact.is_faulty(tile, position)? {
                        faults.push(position);
                    }
                }
            }
        }
        Ok(())
    }

    fn bounds(&self, lane: usize, width: usize) -> Bounds<'_> {
        Bounds {
            constants: &self.constants[lane..lane + width],
            term: Term { slopes: &self.slopes[lane..lane + width], sizes: &self.norms },
            second: None,
            shifts: &self.shifts,
        }
    }

    /// Offers a row that passed, unless the bound has moved since.
    fn offer(
        &mut self,
        tile: Piece<'_>,
        position: usize,
        lane: usize,
        at: u32,
        member: &Member,
        exact: &mut Exact<'_>,
    ) {
        if !self.bounds(lane, 1).pass(self.scores[at as usize], position, 0) {
            return;
        }
        if exact.offer(tile, position, member.query) {
            self.set_bound(lane, member, &exact.gathered);
        } else {
            self.in_vain += 1;
        }
    }

    /// Goes over to the fallback where rows are so near each other, measured by their norms, that
    /// the bounds of the shifted form say little.
    fn reconsider(&mut self, gathered: &Gathered) {
        let useless = self.scored > 4096 && self.in_vain > self.scored / 32;
        if let Some(fallback) = self.screen.fallback
            && useless
            && self.form != fallback
        {
            self.form = fallback;
            self.learn(gathered);
        }
    }
}
