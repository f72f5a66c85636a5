//! The rows of an index: some may be borrowed from elsewhere (a mapped file, an array of the
//! caller's), all that are added are our own. Neither are moved for the other's sake.

use anear_types::{Block, Element, MatrixRef};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that someone else keeps alive and does not change.
pub type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Rows numbered from 0: the shared ones first, then those that were added.
#[derive(Clone)]
pub struct Rows {
    shared: Option<Shared>,
    own: Block,
}

#[derive(Clone)]
struct Shared {
    bytes: SharedBytes,
    range: Range<usize>,
    rows: usize,
}

impl Rows {
    /// Rows that lie at `range` of some bytes, used there without a copy: C order, components in
    /// the byte order of this machine, at any alignment. `bytes` must return the same bytes every
    /// time.
    ///
    /// # Panics
    /// If the range has not the length of so many rows, or leaves the bytes.
    pub fn shared(
        bytes: SharedBytes,
        range: Range<usize>,
        element: Element,
        rows: usize,
        dim: usize,
    ) -> Rows {
        MatrixRef::new(&(*bytes).as_ref()[range.clone()], element, rows, dim);
        Rows { shared: Some(Shared { bytes, range, rows }), own: Block::new(element, dim, 0) }
    }

    /// The type of a component.
    pub fn element(&self) -> Element {
        self.own.element()
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.own.dim()
    }

    /// Number of rows.
    pub fn len(&self) -> u64 {
        self.shared_rows() as u64 + self.own.rows() as u64
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All rows, as two matrices with the number of the first row of each; either may be empty.
    pub fn parts(&self) -> [(u64, MatrixRef<'_>); 2] {
        let (element, dim) = (self.element(), self.dim());
        let shared = match &self.shared {
            Some(Shared { bytes, range, rows }) => {
                MatrixRef::new(&(**bytes).as_ref()[range.clone()], element, *rows, dim)
            }
            None => MatrixRef::new(&[], element, 0, dim),
        };
        [(0, shared), (shared.rows() as u64, self.own.matrix())]
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: u64) -> MatrixRef<'_> {
        let [(_, shared), (first, own)] = self.parts();
        let (matrix, row) = if row < first { (shared, row) } else { (own, row - first) };
        matrix.range(row as usize, row as usize + 1)
    }

    /// Appends a copy of some rows.
    ///
    /// # Panics
    /// If they have another element or dimension.
    pub fn extend(&mut self, rows: MatrixRef<'_>) {
        self.own.extend(rows);
    }

    fn shared_rows(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.rows)
    }
}

impl From<Block> for Rows {
    fn from(own: Block) -> Rows {
        Rows { shared: None, own }
    }
}

impl From<MatrixRef<'_>> for Rows {
    /// A copy.
    fn from(rows: MatrixRef<'_>) -> Rows {
        Block::from_matrix(rows).into()
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (shared, all) = (self.shared_rows(), self.len());
        write!(f, "Rows({all} x {} {}, {shared} shared)", self.dim(), self.element())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_rows_follow_shared_ones() {
        let bytes: SharedBytes = Arc::new(vec![9u8, 1, 2, 3, 4, 9]);
        let mut rows = Rows::shared(Arc::clone(&bytes), 1..5, Element::U8, 2, 2);
        rows.extend(MatrixRef::new(&[5, 6], Element::U8, 1, 2));
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.row(1).bytes(), [3, 4]);
        assert_eq!(rows.row(2).bytes(), [5, 6]);
        assert_eq!(rows.parts()[1].0, 2);
        assert!(std::ptr::eq(rows.row(0).bytes(), &(*bytes).as_ref()[1..3]), "no copy");
    }
}
