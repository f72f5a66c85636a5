//! What a query's tables share for each center that codes are differences to.
//!
//! With `q` the query, `c` the center and `e` a part's centroid, the squared distance of `q` and
//! `c + e` is `|q - c|^2 + (|e|^2 + 2 c.e) - 2 q.e`, summed over parts. What stands in brackets knows
//! nothing of the query. Where tables are rounded for each center, it is kept from the first query on
//! that looks at its list, so that the next one adds two tables instead of comparing itself with every
//! centroid. Elsewhere it is summed up once for each code.

use anear_kernels::Level;
use anear_kernels::ops::{Columns, Op};
use std::sync::OnceLock;

/// Most bytes that all tables may take; with more, as in FAISS, none are kept.
const MOST_BYTES: usize = 2 << 30;

/// Centers, and the tables of those that were looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Centers {
    centers: Vec<f32>,
    dim: usize,
    tables: Vec<OnceLock<Vec<f32>>>,
}

impl Centers {
    /// Centers of `dim` components, none of which has a table yet; no centers if their tables would be
    /// too large.
    pub(super) fn new(centers: &[f32], dim: usize, table_entries: usize) -> Centers {
        let count = centers.len() / dim;
        let bytes = table_entries.saturating_mul(size_of::<f32>()).saturating_mul(count);
        if bytes > MOST_BYTES {
            return Centers::default();
        }
        Centers { centers: centers.to_vec(), dim, tables: vec![OnceLock::new(); count] }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The table of a center.
    ///
    /// # Panics
    /// If there is no such center.
    pub(super) fn table(&self, number: usize, columns: &Columns) -> &[f32] {
        let center = &self.centers[number * self.dim..][..self.dim];
        self.tables[number].get_or_init(|| table_of(center, columns))
    }
}

/// The table of one center.
pub(super) fn table_of(center: &[f32], columns: &Columns) -> Vec<f32> {
    let level = Level::best();
    let mut table = vec![0.0; columns.parts() * columns.stride()];
    let mut squares = table.clone();
    let zeros = vec![0.0; center.len()];
    columns.scores(level, Op::L2, &zeros, &mut squares);
    let twice: Vec<f32> = center.iter().map(|component| -2.0 * component).collect();
    columns.scores(level, Op::NegativeDot, &twice, &mut table);
    table.iter_mut().zip(squares).for_each(|(entry, square)| *entry += square);
    table
}
