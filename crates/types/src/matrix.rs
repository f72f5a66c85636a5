//! Rows of components in memory: borrowed ([`MatrixRef`]) or owned ([`Block`]).

use crate::memory::Memory;
use crate::{Element, Error, Result};
use bytemuck::AnyBitPattern;

/// Borrowed rows, C order, components in the byte order of this machine.
#[derive(Clone, Copy, Debug)]
pub struct MatrixRef<'a> {
    bytes: &'a [u8],
    element: Element,
    rows: usize,
    dim: usize,
}

impl<'a> MatrixRef<'a> {
    /// Views `bytes` as `rows` rows of `dim` components.
    ///
    /// # Panics
    /// If the length of `bytes` is not `rows * dim * element.bytes()`.
    pub fn new(bytes: &'a [u8], element: Element, rows: usize, dim: usize) -> MatrixRef<'a> {
        let expected = rows.checked_mul(dim).and_then(|n| n.checked_mul(element.bytes()));
        assert_eq!(Some(bytes.len()), expected, "{rows} x {dim} {element}");
        MatrixRef { bytes, element, rows, dim }
    }

    /// The type of a component.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Bytes in a row.
    pub fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }

    /// All bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of one row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &'a [u8] {
        self.range(row, row + 1).bytes
    }

    /// Rows `start..end`.
    ///
    /// # Panics
    /// If they do not exist.
    pub fn range(&self, start: usize, end: usize) -> MatrixRef<'a> {
        assert!(start <= end && end <= self.rows, "rows {start}..{end} of {}", self.rows);
        let bytes = self.row_bytes();
        MatrixRef { bytes: &self.bytes[start * bytes..end * bytes], rows: end - start, ..*self }
    }

    /// The components as a typed slice; `None` when the size of `T` differs from the element's or
    /// the bytes are not aligned for it.
    pub fn typed<T: AnyBitPattern>(&self) -> Option<&'a [T]> {
        if size_of::<T>() != self.element.bytes() {
            return None;
        }
        bytemuck::try_cast_slice(self.bytes).ok()
    }

    /// Component `column` of `row` as f64.
    ///
    /// # Panics
    /// If there is no such component.
    pub fn get_f64(&self, row: usize, column: usize) -> f64 {
        let size = self.element.bytes();
        self.element.read_f64(&self.row(row)[column * size..][..size])
    }
}

/// Rows in memory that a source fills: a buffer of fixed capacity, reused from block to block.
#[derive(Clone, Debug)]
pub struct Block {
    memory: Memory,
    element: Element,
    dim: usize,
    rows: usize,
    capacity: usize,
}

impl Block {
    /// An empty block with room for `capacity` rows.
    pub fn new(element: Element, dim: usize, capacity: usize) -> Block {
        let bytes = capacity * dim * element.bytes();
        Block { memory: Memory::zeroed(bytes), element, dim, rows: 0, capacity }
    }

    /// An empty block with room for `capacity` rows, for a number of rows that comes from a file.
    ///
    /// # Errors
    /// [`Limit`](crate::ErrorKind::Limit) if the system does not have that much memory.
    pub fn try_new(element: Element, dim: usize, capacity: usize) -> Result<Block> {
        let bytes = capacity.checked_mul(dim).and_then(|count| count.checked_mul(element.bytes()));
        match bytes.and_then(Memory::try_zeroed) {
            Some(memory) => Ok(Block { memory, element, dim, rows: 0, capacity }),
            None => {
                let what = format!("{capacity} x {dim} components of {element} exceed the memory");
                Err(Error::limit(what).help("read fewer rows at a time"))
            }
        }
    }

    /// An empty block whose rows take about `bytes`, with room for one row at least.
    pub fn with_bytes(element: Element, dim: usize, bytes: usize) -> Block {
        Block::new(element, dim, (bytes / (dim * element.bytes()).max(1)).max(1))
    }

    /// A full block that holds a copy of `matrix`.
    pub fn from_matrix(matrix: MatrixRef<'_>) -> Block {
        let mut block = Block::new(matrix.element(), matrix.dim(), matrix.rows());
        block.spare_mut().copy_from_slice(matrix.bytes());
        block.advance(matrix.rows());
        block
    }

    /// The most rows it can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Rows it holds.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that still fit.
    pub fn spare_rows(&self) -> usize {
        self.capacity - self.rows
    }

    /// Components in a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The type of a component.
    pub fn element(&self) -> Element {
        self.element
    }

    /// Bytes in a row.
    pub fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }

    /// Forgets the rows, keeps the memory.
    pub fn clear(&mut self) {
        self.rows = 0;
    }

    /// The bytes of the rows that still fit; call [`advance`](Block::advance) after filling some.
    pub fn spare_mut(&mut self) -> &mut [u8] {
        let row_bytes = self.row_bytes();
        &mut self.memory[self.rows * row_bytes..self.capacity * row_bytes]
    }

    /// Counts `rows` more rows as held.
    ///
    /// # Panics
    /// If they do not fit.
    pub fn advance(&mut self, rows: usize) {
        assert!(rows <= self.spare_rows(), "{rows} rows do not fit");
        self.rows += rows;
    }

    /// Appends one row of native-endian bytes.
    ///
    /// # Panics
    /// If it does not fit or has another length.
    pub fn push_row(&mut self, row: &[u8]) {
        let row_bytes = self.row_bytes();
        self.spare_mut()[..row_bytes].copy_from_slice(row);
        self.advance(1);
    }

    /// Appends rows, of which any number fits: where room is short it doubles, so that appending
    /// one by one costs no more than a few copies of each row.
    ///
    /// # Panics
    /// If they have another element or dimension.
    pub fn extend(&mut self, rows: MatrixRef<'_>) {
        assert_eq!((rows.element(), rows.dim()), (self.element, self.dim));
        if rows.rows() > self.spare_rows() {
            let capacity = (self.rows + rows.rows()).max(2 * self.capacity);
            let mut larger = Block::new(self.element, self.dim, capacity);
            larger.extend(self.matrix());
            *self = larger;
        }
        self.spare_mut()[..rows.bytes().len()].copy_from_slice(rows.bytes());
        self.advance(rows.rows());
    }

    /// The rows held.
    pub fn matrix(&self) -> MatrixRef<'_> {
        let bytes = &self.memory[..self.rows * self.row_bytes()];
        MatrixRef::new(bytes, self.element, self.rows, self.dim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_fills_up_row_by_row() {
        let mut block = Block::new(Element::F32, 2, 3);
        block.push_row(bytemuck::cast_slice(&[1f32, 2.0]));
        block.push_row(bytemuck::cast_slice(&[3f32, 4.0]));
        assert_eq!((block.rows(), block.spare_rows()), (2, 1));
        assert_eq!(block.matrix().typed::<f32>().unwrap(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(block.matrix().get_f64(1, 0), 3.0);
        assert!(block.matrix().typed::<f64>().is_none());
        block.clear();
        assert_eq!(block.matrix().rows(), 0);
    }

    #[test]
    fn a_block_grows_by_doubling() {
        let mut block = Block::new(Element::U8, 2, 0);
        let mut moves = 0;
        for row in 0..100u8 {
            let before = block.capacity();
            block.extend(MatrixRef::new(&[row, 7], Element::U8, 1, 2));
            moves += usize::from(block.capacity() != before);
        }
        let expected: Vec<u8> = (0..100).flat_map(|row| [row, 7]).collect();
        assert_eq!(block.matrix().bytes(), expected);
        assert!(moves <= 8, "{moves} times");
    }

    #[test]
    fn memory_that_is_not_there_is_an_error() {
        assert_eq!(Block::try_new(Element::U8, 3, 2).unwrap().capacity(), 2);
        for capacity in [1 << 50, usize::MAX] {
            let error = Block::try_new(Element::F32, 16, capacity).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Limit);
        }
    }

    #[test]
    fn rows_without_components_are_counted() {
        let matrix = MatrixRef::new(&[], Element::F32, 4, 0);
        assert_eq!(matrix.range(1, 4).rows(), 3);
        assert_eq!(Block::from_matrix(matrix).rows(), 4);
    }
}
