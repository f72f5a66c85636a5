//! Rows pulled block by block, so that a huge file needs the memory of one block.

use anear_io::{ByteOrder, swap_bytes};
use anear_types::{Block, Error, MatrixRef, Result, Schema};

/// Gives rows in order, as many as a block has room for.
pub trait VectorSource: Send {
    /// What the rows are made of.
    fn schema(&self) -> &Schema;

    /// Continues at `row`; at or behind the last row there is nothing to read.
    ///
    /// # Errors
    /// If the file is damaged.
    fn seek(&mut self, row: u64) -> Result<()>;

    /// Appends rows to `block` until it is full or the rows end; returns how many. 0 is the end
    /// (or a block that was full already).
    ///
    /// # Errors
    /// If the file is damaged.
    ///
    /// # Panics
    /// If the block was made for another element or dimension.
    fn next_block(&mut self, block: &mut Block) -> Result<usize>;

    /// All rows at once, without a copy, when the bytes of the file allow it: C order, the byte
    /// order of this machine, aligned.
    fn mapped(&self) -> Option<MatrixRef<'_>> {
        None
    }
}

/// An array whose bytes are at hand: any byte order, any strides. Serves every format that stores
/// plain arrays.
#[derive(Debug)]
pub struct ArraySource<'a> {
    bytes: &'a [u8],
    schema: Schema,
    order: ByteOrder,
    /// Bytes from one component to the next, for each axis of the schema's shape.
    strides: Vec<usize>,
    next_row: u64,
}

impl<'a> ArraySource<'a> {
    /// An array in C order.
    ///
    /// # Errors
    /// If `bytes` is shorter than the schema needs.
    pub fn contiguous(
        bytes: &'a [u8],
        schema: Schema,
        order: ByteOrder,
    ) -> Result<ArraySource<'a>> {
        let strides = c_strides(&schema);
        ArraySource::strided(bytes, schema, order, strides)
    }

    /// An array in Fortran order: the first axis varies fastest.
    ///
    /// # Errors
    /// If `bytes` is shorter than the schema needs.
    pub fn fortran(bytes: &'a [u8], schema: Schema, order: ByteOrder) -> Result<ArraySource<'a>> {
        let mut stride = schema.element.bytes();
        let mut strides = Vec::new();
        for axis in &schema.shape {
            strides.push(stride);
            stride = stride.saturating_mul(usize::try_from(*axis).unwrap_or(usize::MAX));
        }
        ArraySource::strided(bytes, schema, order, strides)
    }

    /// An array with a stride in bytes for each axis of `schema.shape`; 0 repeats.
    ///
    /// # Errors
    /// If a component would lie beyond `bytes`.
    ///
    /// # Panics
    /// If shape and strides differ in length, or `schema` is not that of an array.
    pub fn strided(
        bytes: &'a [u8],
        schema: Schema,
        order: ByteOrder,
        strides: Vec<usize>,
    ) -> Result<ArraySource<'a>> {
        assert_eq!(strides.len(), schema.shape.len());
        let needed = extent_bytes(&schema, &strides);
        if needed > bytes.len() as u128 {
            return Err(Error::malformed(format!(
                "an array of shape {:?} and type {} needs {needed} bytes, {} are there",
                schema.shape,
                schema.element,
                bytes.len()
            )));
        }
        Ok(ArraySource { bytes, schema, order, strides, next_row: 0 })
    }

    /// Whether the rows lie one after the other in C order.
    pub(crate) fn is_contiguous(&self) -> bool {
        let shape_and_strides = self.schema.shape.iter().zip(&self.strides);
        self.schema.total_bytes() == 0
            || shape_and_strides
                .zip(c_strides(&self.schema))
                .all(|((axis, stride), expected)| *axis == 1 || *stride == expected)
    }

    /// Byte offset of the first component of a row.
    fn row_offset(&self, row: u64) -> usize {
        let mut rest = row;
        let mut offset = 0;
        let leading = self.schema.shape.len().saturating_sub(1);
        for axis in (0..leading).rev() {
            let length = self.schema.shape[axis].max(1);
            offset += (rest % length) as usize * self.strides[axis];
            rest /= length;
        }
        offset
    }

    fn gather(&self, first_row: u64, rows: usize, out: &mut [u8]) {
        let size = self.schema.element.bytes();
        let step = self.strides.last().copied().unwrap_or(size);
        let row_bytes = self.schema.row_bytes().max(1);
        if self.schema.shape.len() == 2 && self.strides[0] < step {
            return self.gather_columns(first_row, rows, out);
        }
        for (row, target) in out.chunks_exact_mut(row_bytes).take(rows).enumerate() {
            let mut offset = self.row_offset(first_row + row as u64);
            for component in target.chunks_exact_mut(size) {
                component.copy_from_slice(&self.bytes[offset..offset + size]);
                offset += step;
            }
        }
    }

    /// A matrix stored column by column: walk down the columns in tiles, so that both sides stay
    /// in cache.
    fn gather_columns(&self, first_row: u64, rows: usize, out: &mut [u8]) {
        const TILE: usize = 32;
        let (size, row_bytes) = (self.schema.element.bytes(), self.schema.row_bytes());
        for top in (0..rows).step_by(TILE) {
            for column in 0..self.schema.dim {
                let start = column * self.strides[1] + first_row as usize * self.strides[0];
                for row in top..rows.min(top + TILE) {
                    let from = start + row * self.strides[0];
                    let to = row * row_bytes + column * size;
                    out[to..to + size].copy_from_slice(&self.bytes[from..from + size]);
                }
            }
        }
    }
}

impl VectorSource for ArraySource<'_> {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row;
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        assert_eq!((block.element(), block.dim()), (self.schema.element, self.schema.dim));
        let left = self.schema.rows.saturating_sub(self.next_row);
        let rows = block.spare_rows().min(usize::try_from(left).unwrap_or(usize::MAX));
        let row_bytes = self.schema.row_bytes();
        let out = &mut block.spare_mut()[..rows * row_bytes];
        if self.is_contiguous() {
            let start = self.next_row as usize * row_bytes;
            out.copy_from_slice(&self.bytes[start..start + out.len()]);
        } else {
            self.gather(self.next_row, rows, out);
        }
        if self.order != ByteOrder::NATIVE {
            swap_bytes(out, self.schema.element.bytes());
        }
        block.advance(rows);
        self.next_row += rows as u64;
        Ok(rows)
    }

    fn mapped(&self) -> Option<MatrixRef<'_>> {
        let size = self.schema.element.bytes();
        let native = self.order == ByteOrder::NATIVE || size == 1;
        let aligned = self.bytes.as_ptr().addr().is_multiple_of(size);
        (native && aligned && self.is_contiguous()).then(|| {
            let bytes = &self.bytes[..self.schema.total_bytes() as usize];
            MatrixRef::new(bytes, self.schema.element, self.schema.rows as usize, self.schema.dim)
        })
    }
}

fn c_strides(schema: &Schema) -> Vec<usize> {
    let mut stride = schema.element.bytes();
    let mut strides = vec![0; schema.shape.len()];
    for (axis, slot) in strides.iter_mut().enumerate().rev() {
        *slot = stride;
        stride = stride.saturating_mul(usize::try_from(schema.shape[axis]).unwrap_or(usize::MAX));
    }
    strides
}

/// One past the last byte any component touches.
fn extent_bytes(schema: &Schema, strides: &[usize]) -> u128 {
    if schema.shape.contains(&0) {
        return 0;
    }
    let reach = |(axis, stride): (&u64, &usize)| u128::from(axis - 1) * *stride as u128;
    let last: u128 = schema.shape.iter().zip(strides).map(reach).sum();
    last + schema.element.bytes() as u128
}

#[cfg(test)]
mod tests {
    use super::*;
    use anear_types::Element;

    fn read_all(source: &mut ArraySource<'_>, capacity: usize) -> Vec<f64> {
        let mut block = Block::new(source.schema.element, source.schema.dim, capacity);
        let mut all = Vec::new();
        while source.next_block(&mut block).unwrap() > 0 {
            let matrix = block.matrix();
            for row in 0..matrix.rows() {
                all.extend((0..matrix.dim()).map(|column| matrix.get_f64(row, column)));
            }
            block.clear();
        }
        all
    }

    #[test]
    fn every_layout_gives_the_same_rows() {
        let counting: Vec<u8> = (0..24).collect();
        let schema = Schema::array(Element::U8, vec![2, 3, 4]).unwrap();
        let expected: Vec<f64> = (0..24).map(f64::from).collect();
        let mut source =
            ArraySource::contiguous(&counting, schema.clone(), ByteOrder::Little).unwrap();
        assert_eq!(read_all(&mut source, 4), expected);
        let fortran: Vec<u8> = (0..24).map(|i| (i % 2) * 12 + (i / 2 % 3) * 4 + i / 6).collect();
        let mut source = ArraySource::fortran(&fortran, schema, ByteOrder::Little).unwrap();
        assert!(source.mapped().is_none());
        assert_eq!(read_all(&mut source, 5), expected);

        let flat = Schema::array(Element::U8, vec![6, 4]).unwrap();
        let columns: Vec<u8> = (0..24).map(|i| (i % 6) * 4 + i / 6).collect();
        let mut source = ArraySource::fortran(&columns, flat, ByteOrder::Little).unwrap();
        source.seek(2).unwrap();
        assert_eq!(read_all(&mut source, 3), expected[8..]);
    }

    #[test]
    fn strides_beyond_the_bytes_are_refused() {
        let schema = Schema::array(Element::F32, vec![3, 2]).unwrap();
        let source = ArraySource::strided(&[0; 20], schema.clone(), ByteOrder::Little, vec![8, 4]);
        assert!(source.is_err());
        let repeated = ArraySource::strided(&[0; 8], schema, ByteOrder::Little, vec![0, 4]);
        assert!(repeated.unwrap().mapped().is_none());
    }
}
