//! `.fvecs`, `.bvecs` and `.ivecs`: rows that each begin with their dimension.
//!
//! There is no header: a row is an i32 dimension and that many components (f32, u8 or i32), all
//! little-endian. The number of rows follows from the size of the file; that every row has the
//! same dimension is checked as rows are read. Source: the TEXMEX corpus,
//! <http://corpus-texmex.irisa.fr/>.

use crate::{
    Container, Entry, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, Summary, VectorSink,
    VectorSource, WriteOptions,
};
use anear_io::{ByteOrder, Input, Output, swap_bytes};
use anear_types::{Block, Column, Element, Error, MatrixRef, Result, Schema};
use std::io::{BufWriter, Write};

/// Bytes of the dimension before each row.
const PREFIX_BYTES: usize = 4;

/// One of the three formats.
#[derive(Debug)]
pub(crate) struct Vecs {
    info: FormatInfo,
    element: Element,
}

/// f32 components.
pub(crate) static FVECS: Vecs = Vecs {
    info: FormatInfo {
        name: "fvecs",
        extensions: &["fvecs"],
        about: "f32 rows, each after its dimension (TEXMEX)",
        writes: &[Element::F32],
        keeps: Keeps::Rows,
    },
    element: Element::F32,
};

/// u8 components.
pub(crate) static BVECS: Vecs = Vecs {
    info: FormatInfo {
        name: "bvecs",
        extensions: &["bvecs"],
        about: "u8 rows, each after its dimension (TEXMEX)",
        writes: &[Element::U8],
        keeps: Keeps::Rows,
    },
    element: Element::U8,
};

/// i32 components, such as lists of neighbours.
pub(crate) static IVECS: Vecs = Vecs {
    info: FormatInfo {
        name: "ivecs",
        extensions: &["ivecs"],
        about: "i32 rows, each after its dimension (TEXMEX)",
        writes: &[Element::I32],
        keeps: Keeps::Rows,
    },
    element: Element::I32,
};

impl Vecs {
    fn row_bytes(&self, dim: usize) -> usize {
        PREFIX_BYTES + dim * self.element.bytes()
    }

    /// The dimension of the first row, if it is one.
    fn first_dim(&self, head: &[u8]) -> Option<usize> {
        row_dim(head).and_then(|dim| usize::try_from(dim).ok()).filter(|dim| *dim > 0)
    }
}

impl Format for Vecs {
    fn info(&self) -> &'static FormatInfo {
        match self.element {
            Element::F32 => &FVECS.info,
            Element::U8 => &BVECS.info,
            _ => &IVECS.info,
        }
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        if hint.extension != self.info.name {
            return Score::No;
        }
        let whole = |dim| hint.file_bytes.is_multiple_of(self.row_bytes(dim) as u64);
        if self.first_dim(head).is_some_and(whole) { Score::Likely } else { Score::Suffix }
    }

    fn open(&self, input: Input, _: &ReadOptions) -> Result<Box<dyn Container>> {
        if input.is_empty() {
            return Err(Error::malformed("the file is empty"));
        }
        let dim = self.first_dim(input.bytes()).ok_or_else(|| match row_dim(input.bytes()) {
            Some(dim) => Error::malformed(format!("the first row claims {dim} components")),
            None => Error::malformed("the file ends inside the first row's dimension"),
        })?;
        let row_bytes = self.row_bytes(dim) as u64;
        if !input.len().is_multiple_of(row_bytes) {
            return Err(Error::malformed(format!(
                "the file is {} bytes long, no multiple of {row_bytes}, which a row of {dim} {} takes",
                input.len(),
                self.element
            )));
        }
        let schema = Schema::matrix(self.element, input.len() / row_bytes, dim);
        Ok(Box::new(VecsFile { input, entries: [Entry { name: String::new(), schema }] }))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        _: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        let dim = i32::try_from(schema.dim).ok().filter(|dim| *dim > 0);
        let dim = dim.ok_or_else(|| {
            Error::unsupported(format!(
                "rows of {} components do not go into {} files",
                schema.dim, self.info.name
            ))
        })?;
        Ok(Box::new(Sink { output: BufWriter::new(output), dim, rows: 0 }))
    }
}

fn row_dim(row: &[u8]) -> Option<i32> {
    row.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
}

struct VecsFile {
    input: Input,
    entries: [Entry; 1],
}

impl Container for VecsFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        let schema = &self.entries[0].schema;
        Ok(Box::new(Source { bytes: self.input.bytes(), schema, next_row: 0 }))
    }
}

struct Source<'a> {
    bytes: &'a [u8],
    schema: &'a Schema,
    next_row: u64,
}

impl VectorSource for Source<'_> {
    fn schema(&self) -> &Schema {
        self.schema
    }

    fn seek(&mut self, row: u64) -> Result<()> {
        self.next_row = row.min(self.schema.rows);
        Ok(())
    }

    fn next_block(&mut self, block: &mut Block) -> Result<usize> {
        assert_eq!((block.element(), block.dim()), (self.schema.element, self.schema.dim));
        let left = (self.schema.rows - self.next_row) as usize;
        let count = left.min(block.spare_rows());
        let row_bytes = self.schema.row_bytes();
        let stride = PREFIX_BYTES + row_bytes;
        let start = self.next_row as usize * stride;
        let rows = self.bytes[start..start + count * stride].chunks_exact(stride);
        let targets = block.spare_mut().chunks_exact_mut(row_bytes);
        for ((row, target), number) in rows.zip(targets).zip(self.next_row..) {
            let dim = row_dim(row).unwrap_or_default();
            if usize::try_from(dim) != Ok(self.schema.dim) {
                return Err(Error::malformed(format!(
                    "a row of {dim} components among rows of {}",
                    self.schema.dim
                ))
                .at_row(number));
            }
            target.copy_from_slice(&row[PREFIX_BYTES..]);
            if ByteOrder::NATIVE == ByteOrder::Big {
                swap_bytes(target, self.schema.element.bytes());
            }
        }
        block.advance(count);
        self.next_row += count as u64;
        Ok(count)
    }
}

struct Sink {
    output: BufWriter<Output>,
    dim: i32,
    rows: u64,
}

impl Sink {
    fn write_row(&mut self, row: &[u8], size: usize) -> std::io::Result<()> {
        self.output.write_all(&self.dim.to_le_bytes())?;
        if ByteOrder::NATIVE == ByteOrder::Little {
            return self.output.write_all(row);
        }
        let mut row = row.to_vec();
        swap_bytes(&mut row, size);
        self.output.write_all(&row)
    }
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, _: &[Column]) -> Result<()> {
        for row in 0..vectors.rows() {
            self.write_row(vectors.row(row), vectors.element().bytes())
                .map_err(|source| self.output.get_ref().failed(source))?;
        }
        self.rows += vectors.rows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        if self.rows == 0 {
            return Err(Error::unsupported("a file of this format cannot have zero rows")
                .at_path(self.output.get_ref().path()));
        }
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        Ok(Summary { rows: self.rows, bytes: output.commit()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{awkward_f32, entry_rows, open_bytes, write_bytes};
    use anear_types::ErrorKind;

    #[test]
    fn rows_come_back_bit_for_bit() {
        let numbers = awkward_f32();
        let vectors: &[u8] = bytemuck::cast_slice(&numbers);
        for format in [&FVECS, &BVECS, &IVECS] {
            let dim = 12 / format.element.bytes();
            let schema = Schema::matrix(format.element, 12, dim);
            let options = WriteOptions::default();
            let file = write_bytes(format, &schema, vectors, &[], &options).unwrap();
            assert_eq!(file.len(), 12 * 16);
            let container = open_bytes(format, &file, &ReadOptions::default()).unwrap();
            assert_eq!(container.entries()[0].schema, schema);
            assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
        }
    }

    #[test]
    fn a_row_of_another_dimension_is_named() {
        let schema = Schema::matrix(Element::U8, 5, 4);
        let mut file =
            write_bytes(&BVECS, &schema, &[7; 20], &[], &WriteOptions::default()).unwrap();
        file[3 * 8] = 5;
        let container = open_bytes(&BVECS, &file, &ReadOptions::default()).unwrap();
        let error = entry_rows(&*container, 0).unwrap_err();
        assert_eq!((error.kind(), error.row()), (ErrorKind::Malformed, Some(3)));
    }

    #[test]
    fn files_that_do_not_add_up_are_malformed() {
        for bytes in [&[][..], &[1, 0], &[0; 4], &[255; 8], &[2, 0, 0, 0, 9], &[1, 0, 0, 0]] {
            let error = open_bytes(&BVECS, bytes, &ReadOptions::default()).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{bytes:?}");
        }
        let schema = Schema::matrix(Element::F32, 0, 4);
        assert!(write_bytes(&FVECS, &schema, &[], &[], &WriteOptions::default()).is_err());
    }
}
