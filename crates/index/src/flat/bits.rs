//! Searching over bits. Distances are counts, so the first result is the exact one.

use super::numbers::not_finite;
use super::threads::Worker;
use super::{Findings, Nearest, NonFinite, Piece, key};
use anear_kernels::{Level, bits};
use anear_types::{Element, Error, MatrixRef, Metric, Result};

/// Rows of a tile take about this much, packed: they stay in the first cache for all queries.
const TILE_BYTES: usize = 16 << 10;

#[derive(Debug)]
pub(super) struct BitQueries {
    metric: Metric,
    bits: usize,
    /// What the queries were stored as, for errors.
    stored: (Element, usize),
    packed: Vec<u64>,
}

impl BitQueries {
    pub(super) fn new(
        level: Level,
        metric: Metric,
        first_query: usize,
        queries: MatrixRef<'_>,
    ) -> Result<BitQueries> {
        let mut packed = Vec::new();
        bits::pack(level, queries, &mut packed).map_err(|query| {
            let query = first_query + query;
            Error::bad_data(format!("query {query} holds a value that is not finite"))
        })?;
        let stored = (queries.element(), queries.dim());
        Ok(BitQueries { metric, bits: bits::bits(stored.0, stored.1), stored, packed })
    }

    pub(super) fn check(&self, element: Element, dim: usize) -> Result<()> {
        let row_bits = bits::bits(element, dim);
        if row_bits == self.bits {
            return Ok(());
        }
        let (query_element, query_dim) = self.stored;
        Err(Error::usage(format!(
            "queries have {} bits ({query_dim} x {query_element}), rows have {row_bits} ({dim} x {element})",
            self.bits
        ))
        .help("u8 holds eight bits a component, any other type one"))
    }

    pub(super) fn worker(
        &self,
        level: Level,
        nonfinite: NonFinite,
        nearest: Vec<Nearest>,
    ) -> Box<dyn Worker<Findings = Findings> + '_> {
        Box::new(BitWorker {
            queries: self,
            level,
            nonfinite,
            findings: Findings { nearest, ..Findings::default() },
            packed: Vec::new(),
            dropped: Vec::new(),
            distances: Vec::new(),
        })
    }
}

struct BitWorker<'a> {
    queries: &'a BitQueries,
    level: Level,
    nonfinite: NonFinite,
    findings: Findings,
    packed: Vec<u64>,
    /// Positions in the tile that are not finite, ascending.
    dropped: Vec<usize>,
    distances: Vec<f64>,
}

impl Worker for BitWorker<'_> {
    type Findings = Findings;

    fn scan(&mut self, piece: Piece<'_>) -> Result<()> {
        let row_bytes = 8 * bits::words(self.queries.bits);
        for tile in piece.tiles((TILE_BYTES / row_bytes).max(1)) {
            self.pack(tile)?;
            self.score(tile);
        }
        Ok(())
    }

    fn findings(self: Box<Self>) -> Findings {
        self.findings
    }
}

impl BitWorker<'_> {
    fn pack(&mut self, tile: Piece<'_>) -> Result<()> {
        self.packed.clear();
        self.dropped.clear();
        if let Some(matrix) = tile.as_matrix()
            && bits::pack(self.level, matrix, &mut self.packed).is_ok()
        {
            return Ok(());
        }
        self.packed.clear();
        let words = bits::words(self.queries.bits);
        for position in 0..tile.rows() {
            let row = tile.row(position);
            if bits::pack(self.level, row, &mut self.packed).is_err() {
                if tile.passes(position) {
                    if self.nonfinite == NonFinite::Refuse {
                        return Err(not_finite(row).at_row(tile.number(position)));
                    }
                    self.findings.skipped += 1;
                }
                self.dropped.push(position);
                self.packed.resize((position + 1) * words, 0);
            }
        }
        Ok(())
    }

    fn score(&mut self, tile: Piece<'_>) {
        let metric = self.queries.metric;
        let words = bits::words(self.queries.bits);
        self.distances.resize(tile.rows(), 0.0);
        let queries = self.queries.packed.chunks_exact(words);
        for (query, nearest) in queries.zip(&mut self.findings.nearest) {
            bits::distances(self.level, metric, query, &self.packed, &mut self.distances);
            let mut threshold = nearest.threshold();
            for (position, distance) in self.distances.iter().enumerate() {
                if *distance <= threshold
                    && tile.passes(position)
                    && self.dropped.binary_search(&position).is_err()
                {
                    nearest.offer(key(metric, *distance), tile.number(position));
                    threshold = nearest.threshold();
                }
            }
        }
    }
}
