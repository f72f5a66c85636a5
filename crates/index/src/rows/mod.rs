//! The rows of an index, in the parts they lie in: some are borrowed from elsewhere (mapped files,
//! an array of the caller's), what is added is our own. None are moved for the others' sake.

mod file;

use anear_types::{Block, Element, MatrixRef};
use std::ops::Range;
use std::sync::Arc;

pub use anear_types::parts::SharedBytes;

/// Rows numbered from 0, part behind part. Cloning copies no row.
#[derive(Clone)]
pub struct Rows {
    shared: Vec<Shared>,
    /// What was added last. Whoever has a clone keeps the rows it had.
    own: Arc<Block>,
}

#[derive(Clone)]
struct Shared {
    bytes: SharedBytes,
    range: Range<usize>,
    /// The number of its first row.
    first: u64,
    rows: usize,
}

/// Rows that were our own before shared ones came behind them.
struct Former(Arc<Block>);

impl AsRef<[u8]> for Former {
    fn as_ref(&self) -> &[u8] {
        self.0.matrix().bytes()
    }
}

impl Rows {
    /// None yet.
    pub fn none(element: Element, dim: usize) -> Rows {
        Block::new(element, dim, 0).into()
    }

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
        let mut all = Rows::none(element, dim);
        all.extend_shared(bytes, range, rows);
        all
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
        self.shared_rows() + self.own.rows() as u64
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All rows in order, as matrices with the number of the first row of each. The last are those
    /// of our own, of which there may be none.
    pub fn parts(&self) -> impl Iterator<Item = (u64, MatrixRef<'_>)> {
        let shared = self.shared.iter().map(|part| (part.first, self.matrix(part)));
        shared.chain([(self.shared_rows(), self.own.matrix())])
    }

    /// The rows of a range, part by part, none of them empty.
    ///
    /// # Panics
    /// If they do not exist.
    pub fn stretches(&self, range: Range<u64>) -> impl Iterator<Item = (u64, MatrixRef<'_>)> {
        assert!(range.end <= self.len(), "rows {range:?} of {}", self.len());
        let before = self.shared.partition_point(|part| part.end() <= range.start);
        self.parts().skip(before).map_while(move |(first, part)| {
            let start = range.start.max(first);
            let end = range.end.min(first + part.rows() as u64);
            let within = |row: u64| (row - first) as usize;
            (start < end).then(|| (start, part.range(within(start), within(end))))
        })
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: u64) -> MatrixRef<'_> {
        assert!(row < self.len(), "row {row} of {}", self.len());
        let (_, row) = self.stretches(row..row + 1).next().expect("it is there");
        row
    }

    /// Appends a copy of some rows.
    ///
    /// # Panics
    /// If they have another element or dimension.
    pub fn extend(&mut self, rows: MatrixRef<'_>) {
        Arc::make_mut(&mut self.own).extend(rows);
    }

    /// Appends rows that lie at `range` of some bytes, as in [`shared`](Rows::shared), without a
    /// copy.
    ///
    /// # Panics
    /// If the range has not the length of so many rows, or leaves the bytes.
    pub fn extend_shared(&mut self, bytes: SharedBytes, range: Range<usize>, rows: usize) {
        MatrixRef::new(&(*bytes).as_ref()[range.clone()], self.element(), rows, self.dim());
        if self.own.rows() > 0 {
            let none = Arc::new(Block::new(self.element(), self.dim(), 0));
            let own = std::mem::replace(&mut self.own, none);
            let (length, rows) = (own.matrix().bytes().len(), own.rows());
            self.push(Arc::new(Former(own)), 0..length, rows);
        }
        if rows > 0 {
            self.push(bytes, range, rows);
        }
    }

    fn push(&mut self, bytes: SharedBytes, range: Range<usize>, rows: usize) {
        let first = self.shared_rows();
        self.shared.push(Shared { bytes, range, first, rows });
    }

    fn matrix<'a>(&self, part: &'a Shared) -> MatrixRef<'a> {
        let bytes = &(*part.bytes).as_ref()[part.range.clone()];
        MatrixRef::new(bytes, self.element(), part.rows, self.dim())
    }

    fn shared_rows(&self) -> u64 {
        self.shared.last().map_or(0, Shared::end)
    }
}

impl Shared {
    fn end(&self) -> u64 {
        self.first + self.rows as u64
    }
}

impl From<Block> for Rows {
    fn from(own: Block) -> Rows {
        Rows { shared: Vec::new(), own: Arc::new(own) }
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
        let (all, shared, parts) = (self.len(), self.shared_rows(), self.shared.len());
        let (dim, element) = (self.dim(), self.element());
        write!(f, "Rows({all} x {dim} {element}, {shared} in {parts} shared parts)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(rows: &Rows, range: Range<u64>) -> Vec<(u64, Vec<u8>)> {
        rows.stretches(range).map(|(first, part)| (first, part.bytes().to_vec())).collect()
    }

    #[test]
    fn added_rows_follow_shared_ones() {
        let bytes: SharedBytes = Arc::new(vec![9u8, 1, 2, 3, 4, 9]);
        let mut rows = Rows::shared(Arc::clone(&bytes), 1..5, Element::U8, 2, 2);
        rows.extend(MatrixRef::new(&[5, 6], Element::U8, 1, 2));
        assert_eq!(rows.len(), 3);
        assert_eq!(rows.row(1).bytes(), [3, 4]);
        assert_eq!(rows.row(2).bytes(), [5, 6]);
        assert!(std::ptr::eq(rows.row(0).bytes(), &(*bytes).as_ref()[1..3]), "no copy");
    }

    #[test]
    fn parts_keep_their_order_whatever_comes_first() {
        let bytes: SharedBytes = Arc::new((0..20u8).collect::<Vec<u8>>());
        let mut rows = Rows::none(Element::U8, 1);
        rows.extend_shared(Arc::clone(&bytes), 0..3, 3);
        rows.extend_shared(Arc::clone(&bytes), 7..7, 0);
        rows.extend_shared(Arc::clone(&bytes), 3..4, 1);
        rows.extend(MatrixRef::new(&[4, 5], Element::U8, 2, 1));
        rows.extend_shared(Arc::clone(&bytes), 6..8, 2);
        assert_eq!(rows.parts().map(|(first, _)| first).collect::<Vec<u64>>(), [0, 3, 4, 6, 8]);
        rows.extend(MatrixRef::new(&[8], Element::U8, 1, 1));
        for row in 0..9 {
            assert_eq!(rows.row(row).bytes(), [row as u8]);
        }
        assert_eq!(numbers(&rows, 2..2), []);
        assert_eq!(numbers(&rows, 9..9), []);
        let middle = [(2, vec![2]), (3, vec![3]), (4, vec![4, 5]), (6, vec![6])];
        assert_eq!(numbers(&rows, 2..7), middle);
        assert_eq!(numbers(&rows, 7..9), [(7, vec![7]), (8, vec![8])]);
    }

    #[test]
    fn a_clone_does_not_see_what_is_added_later() {
        let mut rows = Rows::from(MatrixRef::new(&[1, 2], Element::U8, 2, 1));
        let before = rows.clone();
        assert!(std::ptr::eq(rows.row(0).bytes(), before.row(0).bytes()), "no copy");
        rows.extend(MatrixRef::new(&[3], Element::U8, 1, 1));
        assert_eq!((before.len(), rows.len()), (2, 3));
        assert_eq!(numbers(&rows, 0..3), [(0, vec![1, 2, 3])]);
    }
}
