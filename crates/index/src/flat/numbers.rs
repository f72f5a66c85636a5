//! Searching over numbers: the screen first, the exact distance for what passes.

use super::hits::Hits;
use super::screen::Screen;
use super::screening::Screening;
use super::threads::Worker;
use super::{Findings, NonFinite, Piece, key};
use anear_kernels::exact::Query;
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
        first_query: usize,
        queries: MatrixRef<'_>,
    ) -> Result<NumberQueries> {
        let mut exact = Vec::with_capacity(queries.rows());
        for query in 0..queries.rows() {
            let mut values = vec![0.0; queries.dim()];
            convert::to_f64(level, queries.range(query, query + 1), &mut values);
            if let Some((column, what)) = fault(metric, &values) {
                return Err(Error::bad_data(format!(
                    "query {} holds {} in component {column}, {what}",
                    first_query + query,
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

    /// Says that a row is needed soon.
    pub(super) fn prefetch(&self, row: MatrixRef<'_>) {
        anear_kernels::prefetch(self.level, row.bytes());
    }

    /// Exact distances to the queries.
    pub(super) fn exact(&self, nonfinite: NonFinite) -> Exact<'_> {
        Exact { queries: self, nonfinite, skipped: 0, row: Vec::new(), at: None }
    }

    /// A worker over a block of rows, whose sums of squares may be known.
    pub(super) fn worker<'a>(
        &'a self,
        nonfinite: NonFinite,
        hits: Hits<'a>,
        squares: Option<&'a [f32]>,
    ) -> Box<dyn Worker<Findings = Findings> + 'a> {
        let (_, screen, rest) = self.prepared.as_ref().expect("prepare_for comes first");
        let screen = screen.as_ref().filter(|screen| !screen.members.is_empty());
        Box::new(NumberWorker {
            exact: self.exact(nonfinite),
            hits,
            screening: screen.map(|screen| Screening::new(self.level, screen, squares)),
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
    hits: Hits<'a>,
    screening: Option<Screening<'a>>,
    /// Queries without a screen.
    rest: &'a [usize],
}

impl Worker for NumberWorker<'_> {
    type Findings = Findings;

    fn scan(&mut self, piece: Piece<'_>) -> Result<()> {
        let few = self.exact.queries.exact.len() <= 32;
        let tile_bytes = if few { SMALL_TILE_BYTES } else { TILE_BYTES };
        // A whole number of the blocks of rows in the loops of the kernels.
        let rows = (tile_bytes / (4 * piece.dim())).clamp(12, 1020) / 12 * 12;
        for tile in piece.tiles(rows) {
            self.exact.at = None;
            let faults = match &mut self.screening {
                Some(screening) => screening.tile(tile, &mut self.exact, &mut self.hits)?,
                None => None,
            };
            if !self.rest.is_empty() {
                self.unscreened(tile, &faults)?;
            }
        }
        Ok(())
    }

    fn findings(self: Box<Self>) -> Findings {
        self.hits.findings(self.exact.skipped)
    }
}

/// Positions of rows to leave out, ascending, where the rows were checked already.
pub(super) type Faults = Option<Vec<usize>>;

impl NumberWorker<'_> {
    fn unscreened(&mut self, tile: Piece<'_>, faults: &Faults) -> Result<()> {
        for position in (0..tile.rows()).filter(|position| tile.passes(*position)) {
            let faulty = match faults {
                Some(faults) => faults.binary_search(&position).is_ok(),
                None => self.exact.is_faulty(tile, position)?,
            };
            if !faulty {
                for query in self.rest {
                    let key = self.exact.key(tile, position, *query);
                    self.hits.offer(*query, key, tile.number(position));
                }
            }
        }
        Ok(())
    }
}

/// Exact distances to rows of a tile.
pub(super) struct Exact<'a> {
    queries: &'a NumberQueries,
    nonfinite: NonFinite,
    /// Rows that were left out.
    skipped: u64,
    /// The row at position `at` of the tile as f64: the next query often wants it too.
    row: Vec<f64>,
    at: Option<usize>,
}

impl Exact<'_> {
    fn load(&mut self, tile: Piece<'_>, position: usize) {
        if self.at != Some(position) {
            self.row.resize(tile.dim(), 0.0);
            convert::to_f64(self.queries.level, tile.row(position), &mut self.row);
            self.at = Some(position);
        }
    }

    /// Whether a row must be left out, which is counted.
    ///
    /// # Errors
    /// If that is not wanted.
    pub(super) fn is_faulty(&mut self, tile: Piece<'_>, position: usize) -> Result<bool> {
        self.load(tile, position);
        let Some((column, what)) = fault(self.queries.metric, &self.row) else {
            return Ok(false);
        };
        let value = self.row[column];
        if !value.is_finite() && self.nonfinite == NonFinite::Skip {
            self.skipped += 1;
            return Ok(true);
        }
        let error = match value.is_finite() {
            false => not_finite(tile.row(position)),
            true => Error::bad_data(format!("component {column} is {value}, {what}")),
        };
        Err(error.at_row(tile.number(position)))
    }

    /// What a row is ordered by for a query.
    pub(super) fn key(&mut self, tile: Piece<'_>, position: usize, query: usize) -> f64 {
        let NumberQueries { metric, level, exact, .. } = self.queries;
        if tile.element() == Element::F32
            && let Some(row) = tile.row(position).typed::<f32>()
        {
            return key(*metric, exact[query].distance(*level, row));
        }
        self.load(tile, position);
        key(*metric, exact[query].distance(*level, &self.row))
    }
}
