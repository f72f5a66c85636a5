//! Scoring rows, of which only those that may be near are read in full.
//!
//! A search scores many rows, and most of them turn out to be too far. Their codes of a byte a component
//! are a quarter of the bytes and bound the distance ([`anear_quant::sq`]); the bounds are widened for
//! what sums of f32 may lose, so that no row is left out whose score would be near enough.

mod screened;

pub(super) use screened::ScreenedRows;

use anear_kernels::{Level, exact};
use anear_quant::How;
use anear_quant::sq::{Coded, Sq, SqBlock, SqQueries};
use anear_types::{Element, MatrixRef, Measure, Metric};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts queries, to tell when it has paid to have coded the rows.
#[derive(Default)]
pub(crate) struct Asked(AtomicUsize);

impl Asked {
    /// Counts some queries that score all rows; whether it has paid.
    pub(crate) fn for_all(&self, queries: usize) -> bool {
        self.0.fetch_add(queries, Ordering::Relaxed) + queries >= 200
    }

    /// Counts a query that scores some of the rows; whether it has paid.
    pub(crate) fn for_some(&self, rows: u64) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) as u64 >= 200 + rows / 512
    }
}

/// The metric of a measure that codes bound; `None` for others.
pub(crate) fn metric_of(how: How) -> Option<Metric> {
    match how.measure {
        Measure::L2 => Some(Metric::L2),
        Measure::InnerProduct => Some(Metric::InnerProduct),
        _ => None,
    }
}

/// How rows are coded.
pub(crate) struct Coding {
    level: Level,
    metric: Metric,
    sq: Sq,
    /// The norm of the centre of all rows.
    center: f64,
}

/// The codes of some rows.
pub(crate) struct Codes {
    block: SqBlock,
    /// What is known of each row beside its code, from the first query on that asks for it.
    terms: OnceLock<Vec<Terms>>,
}

/// What stands for a row in the bound for its score.
#[derive(Clone, Copy)]
struct Terms {
    scale: f32,
    norm: f32,
    error: f32,
    shift: f32,
}

impl Coding {
    /// Chooses a coding for rows in several parts; `None` if a row is not finite, or there is none.
    pub(crate) fn new(metric: Metric, parts: &[MatrixRef<'_>]) -> Option<Coding> {
        let is_finite = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes).is_finite();
        if !parts.iter().all(|rows| rows.bytes().as_chunks().0.iter().all(is_finite)) {
            return None;
        }
        Coding::at(Level::best(), metric, parts)
    }

    fn at(level: Level, metric: Metric, parts: &[MatrixRef<'_>]) -> Option<Coding> {
        let sq = Sq::train_over(level, metric, parts)?;
        let (center, ..) = sq.parts();
        let center = exact::norm(center);
        Some(Coding { level, metric, sq, center })
    }

    pub(crate) fn sq(&self) -> &Sq {
        &self.sq
    }

    pub(crate) fn encode(&self, rows: MatrixRef<'_>) -> Codes {
        let mut block = SqBlock::default();
        self.sq.encode(self.level, rows, &mut block);
        Codes { block, terms: OnceLock::new() }
    }
}

/// Whether all are finite. No early end, so that many are looked at in a step.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |all, value| all & value.is_finite())
}

/// Rows of floats, one behind another.
pub(crate) fn matrix(rows: &[u8], dim: usize) -> MatrixRef<'_> {
    let element = Element::F32;
    MatrixRef::new(rows, element, rows.len() / (dim * element.bytes()), dim)
}

impl Codes {
    pub(crate) fn coded(&self) -> Coded<'_> {
        self.block.coded()
    }

    fn terms(&self, queries: &SqQueries) -> &[Terms] {
        self.terms.get_or_init(|| {
            let coded = self.coded();
            let (mut norms, mut shifts) = (Vec::new(), Vec::new());
            queries.row_terms(&coded, &mut norms, &mut shifts);
            let row = |row: usize| Terms {
                scale: coded.scales[row],
                norm: norms.get(row).copied().unwrap_or(0.0),
                error: coded.errors[row],
                shift: shifts[row],
            };
            (0..shifts.len()).map(row).collect()
        })
    }
}
