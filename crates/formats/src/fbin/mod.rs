//! `.fbin`, `.u8bin` and `.i8bin`: a matrix behind its row count and dimension.
//!
//! | bytes | field |
//! | --- | --- |
//! | 4 | rows, u32 |
//! | 4 | dim, u32 |
//! | rest | components (f32, u8 or i8), row by row |
//!
//! All little-endian. Source: the Billion-Scale Approximate Nearest Neighbor Search Challenge,
//! <https://big-ann-benchmarks.com/>.

use crate::{
    ArraySource, Container, Entry, Format, FormatInfo, Hint, Keeps, ReadOptions, Score, Summary,
    VectorSink, VectorSource, WriteOptions,
};
use anear_io::{ByteOrder, Cursor, Input, Output, swap_bytes};
use anear_types::{Column, Element, Error, MatrixRef, Result, Schema};
use std::io::{BufWriter, Seek, SeekFrom, Write};

const HEADER_BYTES: usize = 8;

/// One of the three formats.
#[derive(Debug)]
pub(crate) struct Bin {
    info: FormatInfo,
    element: Element,
}

/// f32 components.
pub(crate) static FBIN: Bin = Bin {
    info: FormatInfo {
        name: "fbin",
        extensions: &["fbin"],
        about: "f32 matrix behind its size (big-ann-benchmarks)",
        writes: &[Element::F32],
        keeps: Keeps::Rows,
    },
    element: Element::F32,
};

/// u8 components.
pub(crate) static U8BIN: Bin = Bin {
    info: FormatInfo {
        name: "u8bin",
        extensions: &["u8bin"],
        about: "u8 matrix behind its size (big-ann-benchmarks)",
        writes: &[Element::U8],
        keeps: Keeps::Rows,
    },
    element: Element::U8,
};

/// i8 components.
pub(crate) static I8BIN: Bin = Bin {
    info: FormatInfo {
        name: "i8bin",
        extensions: &["i8bin"],
        about: "i8 matrix behind its size (big-ann-benchmarks)",
        writes: &[Element::I8],
        keeps: Keeps::Rows,
    },
    element: Element::I8,
};

impl Bin {
    /// Rows and dim from the header, and the size the file must have.
    fn header(&self, head: &[u8]) -> Result<(u64, usize, u128)> {
        let mut cursor = Cursor::new(head);
        let rows = cursor.u32("the row count")?;
        let dim = cursor.u32("the dimension")?;
        let components = u128::from(rows) * u128::from(dim);
        let bytes = HEADER_BYTES as u128 + components * self.element.bytes() as u128;
        Ok((u64::from(rows), dim as usize, bytes))
    }
}

impl Format for Bin {
    fn info(&self) -> &'static FormatInfo {
        match self.element {
            Element::F32 => &FBIN.info,
            Element::U8 => &U8BIN.info,
            _ => &I8BIN.info,
        }
    }

    fn score(&self, head: &[u8], hint: &Hint) -> Score {
        if hint.extension != self.info.name {
            return Score::No;
        }
        match self.header(head) {
            Ok((.., bytes)) if bytes == u128::from(hint.file_bytes) => Score::Likely,
            _ => Score::Suffix,
        }
    }

    fn open(&self, input: Input, options: &ReadOptions) -> Result<Box<dyn Container>> {
        let (rows, dim, bytes) = self.header(input.bytes())?;
        if bytes != u128::from(input.len()) {
            return Err(Error::malformed(format!(
                "{rows} rows of {dim} {} make a file of {bytes} bytes, this one has {}",
                self.element,
                input.len()
            )));
        }
        let shape = [rows, dim as u64];
        let schema =
            crate::shape::array_schema(self.element, &shape, &options.limits, input.len())?;
        Ok(Box::new(BinFile { input, entries: [Entry { name: String::new(), schema }] }))
    }

    fn create(
        &self,
        output: Output,
        schema: &Schema,
        _: &WriteOptions,
    ) -> Result<Box<dyn VectorSink>> {
        let dim = u32::try_from(schema.dim).map_err(|_| {
            Error::unsupported(format!("a dimension of {} needs more than 32 bits", schema.dim))
        })?;
        let mut output = BufWriter::new(output);
        output.write_all(&[0; HEADER_BYTES]).map_err(|e| output.get_ref().failed(e))?;
        Ok(Box::new(Sink { output, dim, rows: 0 }))
    }
}

struct BinFile {
    input: Input,
    entries: [Entry; 1],
}

impl Container for BinFile {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn rows(&self, _: usize) -> Result<Box<dyn VectorSource + '_>> {
        let schema = self.entries[0].schema.clone();
        let data = &self.input.bytes()[HEADER_BYTES..];
        Ok(Box::new(ArraySource::contiguous(data, schema, ByteOrder::Little)?))
    }
}

struct Sink {
    output: BufWriter<Output>,
    dim: u32,
    rows: u64,
}

impl VectorSink for Sink {
    fn write_block(&mut self, vectors: MatrixRef<'_>, _: &[Column]) -> Result<()> {
        let written = if ByteOrder::NATIVE == ByteOrder::Little {
            self.output.write_all(vectors.bytes())
        } else {
            let mut bytes = vectors.bytes().to_vec();
            swap_bytes(&mut bytes, vectors.element().bytes());
            self.output.write_all(&bytes)
        };
        written.map_err(|source| self.output.get_ref().failed(source))?;
        self.rows += vectors.rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let rows = u32::try_from(self.rows).map_err(|_| {
            Error::unsupported(format!("{} rows need more than 32 bits to count", self.rows))
        })?;
        let header = [rows.to_le_bytes(), self.dim.to_le_bytes()].concat();
        self.output
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.output.write_all(&header))
            .map_err(|source| self.output.get_ref().failed(source))?;
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
        for format in [&FBIN, &U8BIN, &I8BIN] {
            let dim = 12 / format.element.bytes();
            let schema = Schema::matrix(format.element, 12, dim);
            let options = WriteOptions::default();
            let file = write_bytes(format, &schema, vectors, &[], &options).unwrap();
            assert_eq!(file.len(), HEADER_BYTES + 12 * 12);
            let container = open_bytes(format, &file, &ReadOptions::default()).unwrap();
            assert_eq!(container.entries()[0].schema, schema);
            assert_eq!(entry_rows(&*container, 0).unwrap(), vectors);
            for length in 0..file.len() {
                let cut = open_bytes(format, &file[..length], &ReadOptions::default());
                assert_eq!(cut.err().unwrap().kind(), ErrorKind::Malformed);
            }
        }
    }

    #[test]
    fn no_rows_keep_their_dimension() {
        let schema = Schema::matrix(Element::F32, 0, 384);
        let file = write_bytes(&FBIN, &schema, &[], &[], &WriteOptions::default()).unwrap();
        let container = open_bytes(&FBIN, &file, &ReadOptions::default()).unwrap();
        assert_eq!(container.entries()[0].schema, schema);
        let huge = [[0; 4], [255; 4]].concat();
        assert!(open_bytes(&FBIN, &huge, &ReadOptions::default()).is_err());
    }
}
