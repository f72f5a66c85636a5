//! Decoding the rows of a vector column straight into the bytes of a block.
//!
//! A list column has, beside its values, two small numbers for each: the repetition level, 0 where
//! a row begins, and the definition level, below its maximum where something is null or empty. A
//! row is right when it has as many values as the first row and none of them is missing.

use super::file::File;
use super::typed::TypedReader;
use anear_io::{ByteOrder, swap_bytes};
use anear_types::{Element, Error, Result};
use parquet::basic::Type as Physical;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};

/// Where vectors are and what they are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vectors {
    /// The leaf column.
    pub(super) leaf: usize,
    /// The type of a component.
    pub(super) element: Element,
    /// Components in a row.
    pub(super) dim: usize,
    /// For a column of bytes that are raw numbers: their byte order.
    pub(super) raw: Option<ByteOrder>,
}

impl Vectors {
    /// Bytes in a row.
    pub(super) fn row_bytes(&self) -> usize {
        self.dim * self.element.bytes()
    }
}

/// Reads the rows of one row group in order.
pub(super) trait VectorReader: Send {
    /// Passes over `rows` rows; returns how many there were.
    fn skip(&mut self, rows: usize) -> Result<usize>;

    /// Fills `out` with as many rows as fit or are left; returns how many.
    fn read(&mut self, rows: usize, out: &mut [u8]) -> Result<usize>;
}

/// A reader of the vectors in a row group, at its first row.
pub(super) fn open(file: &File, group: usize, vectors: Vectors) -> Result<Box<dyn VectorReader>> {
    file.check(group, vectors.leaf)?;
    let column = file.column(group, vectors.leaf)?;
    let descriptor = file.schema().column(vectors.leaf);
    let row = file.group_start(group);
    let place = Place { vectors, row, max_definition: descriptor.max_def_level() };
    if vectors.raw.is_some() {
        return match descriptor.physical_type() {
            Physical::BYTE_ARRAY => {
                Ok(Box::new(Blobs { reader: TypedReader::<ByteArrayType>::new(column), place }))
            }
            _ => Ok(Box::new(Blobs {
                reader: TypedReader::<FixedLenByteArrayType>::new(column),
                place,
            })),
        };
    }
    macro_rules! lists {
        ($kind:ty) => {
            Ok(Box::new(Lists { reader: TypedReader::<$kind>::new(column), place }))
        };
    }
    match descriptor.physical_type() {
        Physical::BOOLEAN => lists!(BoolType),
        Physical::INT32 => lists!(Int32Type),
        Physical::INT64 => lists!(Int64Type),
        Physical::FLOAT => lists!(FloatType),
        Physical::DOUBLE => lists!(DoubleType),
        Physical::FIXED_LEN_BYTE_ARRAY => lists!(FixedLenByteArrayType),
        other => Err(Error::unsupported(format!("vectors of type {other}"))),
    }
}

/// How many components the first row of a row group has. A null counts as one.
pub(super) fn first_row_dim(file: &File, group: usize, leaf: usize) -> Result<usize> {
    file.check(group, leaf)?;
    let column = file.column(group, leaf)?;
    let descriptor = file.schema().column(leaf);
    macro_rules! first {
        ($kind:ty) => {{
            let mut reader = TypedReader::<$kind>::new(column);
            reader.read(1)?;
            (reader.definition.len(), reader.values.len())
        }};
    }
    let (levels, values) = match descriptor.physical_type() {
        Physical::BOOLEAN => first!(BoolType),
        Physical::INT32 => first!(Int32Type),
        Physical::INT64 => first!(Int64Type),
        Physical::FLOAT => first!(FloatType),
        Physical::DOUBLE => first!(DoubleType),
        _ => first!(FixedLenByteArrayType),
    };
    // One level without a value is an empty list (or a null, which reading will find).
    Ok(if levels == 1 && values == 0 { 0 } else { levels })
}

/// What both kinds of readers know about where they are.
struct Place {
    vectors: Vectors,
    /// The next row, counted from the start of the file.
    row: u64,
    max_definition: i16,
}

struct Lists<T: DataType> {
    reader: TypedReader<T>,
    place: Place,
}

impl<T: DataType> VectorReader for Lists<T>
where
    T::T: Component,
{
    fn skip(&mut self, rows: usize) -> Result<usize> {
        let skipped = self.reader.skip(rows)?;
        self.place.row += skipped as u64;
        Ok(skipped)
    }

    fn read(&mut self, rows: usize, out: &mut [u8]) -> Result<usize> {
        let rows = self.reader.read(rows)?;
        let Vectors { dim, element, .. } = self.place.vectors;
        if !is_rectangular(&self.reader, self.place.max_definition, rows, dim) {
            return Err(self.irregular());
        }
        T::T::store(&self.reader.values, element, &mut out[..rows * dim * element.bytes()]);
        self.place.row += rows as u64;
        Ok(rows)
    }
}

fn is_rectangular<T: DataType>(
    reader: &TypedReader<T>,
    max_definition: i16,
    rows: usize,
    dim: usize,
) -> bool {
    let (definition, repetition) = (&reader.definition, &reader.repetition);
    if dim == 0 {
        return definition.len() == rows && reader.values.is_empty();
    }
    definition.len() == rows * dim
        && reader.values.len() == definition.len()
        && definition.iter().all(|level| *level == max_definition)
        && repetition
            .chunks_exact(dim)
            .all(|row| row[0] == 0 && row[1..].iter().all(|level| *level != 0))
}

impl<T: DataType> Lists<T> {
    /// Finds the first row of the batch that is not right.
    fn irregular(&self) -> Error {
        let starts = self.reader.repetition.iter().enumerate().filter(|(_, level)| **level == 0);
        let starts: Vec<usize> = starts.map(|(position, _)| position).collect();
        let dim = self.place.vectors.dim;
        for (row, start) in starts.iter().enumerate() {
            let end = starts.get(row + 1).copied().unwrap_or(self.reader.definition.len());
            let levels = &self.reader.definition[*start..end];
            let nulls = levels.iter().filter(|level| **level < self.place.max_definition).count();
            let what = match (levels.len(), nulls) {
                (1, 1) if dim == 0 => continue,
                (1, 1) => "the vector is null, empty, or its only component is null".to_owned(),
                (_, 1..) => "a component of the vector is null".to_owned(),
                (found, _) if found != dim => {
                    format!("the vector has {found} components, those before it {dim}")
                }
                _ => continue,
            };
            return Error::bad_data(what).at_row(self.place.row + row as u64);
        }
        Error::malformed("the levels of the column do not fit its values").at_row(self.place.row)
    }
}

/// A column of byte strings that are raw numbers.
struct Blobs<T: DataType> {
    reader: TypedReader<T>,
    place: Place,
}

impl<T: DataType> VectorReader for Blobs<T>
where
    T::T: Bytes,
{
    fn skip(&mut self, rows: usize) -> Result<usize> {
        let skipped = self.reader.skip(rows)?;
        self.place.row += skipped as u64;
        Ok(skipped)
    }

    fn read(&mut self, rows: usize, out: &mut [u8]) -> Result<usize> {
        let rows = self.reader.read(rows)?;
        let Place { vectors, row: first, max_definition } = self.place;
        let row_bytes = vectors.row_bytes();
        if self.reader.values.len() != rows {
            let null = self.reader.definition.iter().position(|level| *level < max_definition);
            let row = first + null.unwrap_or(0) as u64;
            return Err(Error::bad_data("the vector is null").at_row(row));
        }
        for (row, value) in self.reader.values.iter().enumerate() {
            let found = value.bytes();
            if found.len() != row_bytes {
                return Err(Error::bad_data(format!(
                    "the vector takes {} bytes, those before it {row_bytes}",
                    found.len()
                ))
                .at_row(first + row as u64));
            }
            out[row * row_bytes..][..row_bytes].copy_from_slice(found);
        }
        if vectors.raw != Some(ByteOrder::NATIVE) {
            swap_bytes(&mut out[..rows * row_bytes], vectors.element.bytes());
        }
        self.place.row += rows as u64;
        Ok(rows)
    }
}

/// A physical value that is a component of a vector.
trait Component: Sized {
    /// Writes all values as `element` in native byte order.
    fn store(values: &[Self], element: Element, out: &mut [u8]);
}

impl Component for f32 {
    fn store(values: &[f32], _: Element, out: &mut [u8]) {
        out.copy_from_slice(bytemuck::cast_slice(values));
    }
}

impl Component for f64 {
    fn store(values: &[f64], _: Element, out: &mut [u8]) {
        out.copy_from_slice(bytemuck::cast_slice(values));
    }
}

impl Component for i64 {
    fn store(values: &[i64], _: Element, out: &mut [u8]) {
        out.copy_from_slice(bytemuck::cast_slice(values));
    }
}

impl Component for bool {
    fn store(values: &[bool], _: Element, out: &mut [u8]) {
        for (value, byte) in values.iter().zip(out) {
            *byte = u8::from(*value);
        }
    }
}

impl Component for i32 {
    fn store(values: &[i32], element: Element, out: &mut [u8]) {
        match element.bytes() {
            1 => {
                for (value, byte) in values.iter().zip(out) {
                    *byte = *value as u8;
                }
            }
            2 => {
                for (value, bytes) in values.iter().zip(out.as_chunks_mut::<2>().0) {
                    *bytes = (*value as u16).to_ne_bytes();
                }
            }
            _ => out.copy_from_slice(bytemuck::cast_slice(values)),
        }
    }
}

impl Component for FixedLenByteArray {
    /// Halves; the layout makes sure they have two bytes.
    fn store(values: &[FixedLenByteArray], element: Element, out: &mut [u8]) {
        for (value, bytes) in values.iter().zip(out.chunks_exact_mut(2)) {
            bytes.copy_from_slice(value.bytes());
        }
        if ByteOrder::NATIVE != ByteOrder::Little {
            swap_bytes(out, element.bytes());
        }
    }
}

/// A physical value that is a string of bytes.
pub(super) trait Bytes {
    /// The bytes.
    fn bytes(&self) -> &[u8];
}

impl Bytes for ByteArray {
    fn bytes(&self) -> &[u8] {
        self.data()
    }
}

impl Bytes for FixedLenByteArray {
    fn bytes(&self) -> &[u8] {
        self.data()
    }
}
