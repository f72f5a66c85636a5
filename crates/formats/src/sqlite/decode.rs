//! From the value of a cell to a vector.

use super::numbers;
use crate::npy::header as npy;
use crate::pickle::VectorDecoder;
use anear_io::{ByteOrder, swap_bytes};
use anear_types::{Element, Error, Limits, Result};
use rusqlite::types::ValueRef;

/// How the vectors of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The components themselves.
    Raw(Element, ByteOrder),
    /// Python's `pickle.dumps` of an array or list.
    Pickle,
    /// What `numpy.save` writes.
    Npy,
    /// Numbers as text, such as a JSON array.
    Text,
}

/// The array in one cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored<'a> {
    pub(super) element: Element,
    pub(super) order: ByteOrder,
    pub(super) shape: &'a [u64],
    pub(super) fortran: bool,
    pub(super) bytes: &'a [u8],
}

/// Decodes one cell after the other; keeps what they have in common.
pub(super) struct Decoder {
    encoding: Encoding,
    limits: Limits,
    pickles: VectorDecoder,
    /// The header of the last `.npy` file, and what it says.
    header: Option<(Box<[u8]>, npy::Header)>,
    numbers: Vec<u8>,
    shape: [u64; 1],
}

impl Encoding {
    /// What a cell holds, for messages.
    pub(super) fn name(self) -> String {
        match self {
            Encoding::Raw(element, _) => format!("raw {element} bytes"),
            Encoding::Pickle => "a pickle".to_owned(),
            Encoding::Npy => "an array saved by NumPy".to_owned(),
            Encoding::Text => "a list of numbers as text".to_owned(),
        }
    }
}

impl Decoder {
    pub(super) fn new(encoding: Encoding, limits: &Limits) -> Decoder {
        Decoder {
            encoding,
            limits: limits.clone(),
            pickles: VectorDecoder::new(limits),
            header: None,
            numbers: Vec::new(),
            shape: [0],
        }
    }

    /// Decodes a vector of `element` components into `row`.
    ///
    /// # Errors
    /// If the cell holds something else or another number of components.
    pub(super) fn row(
        &mut self,
        value: ValueRef<'_>,
        element: Element,
        row: &mut [u8],
    ) -> Result<()> {
        let encoding = self.encoding;
        let stored = self.array(value)?;
        let vector = stored.vector()?;
        let (dim, expected) = (vector.len() / stored.element.bytes(), row.len() / element.bytes());
        if stored.element != element {
            let found = stored.element;
            return Err(Error::bad_data(format!(
                "the vector is of type {found}, the first one is of type {element}"
            )));
        }
        if dim != expected || vector.len() != row.len() {
            return Err(Error::bad_data(format!(
                "{} with {dim} numbers, the first vector has {expected}",
                encoding.name()
            )));
        }
        row.copy_from_slice(vector);
        if stored.order != ByteOrder::NATIVE {
            swap_bytes(row, element.bytes());
        }
        Ok(())
    }

    /// The array in a cell, whatever its shape.
    ///
    /// # Errors
    /// If the cell holds something else.
    pub(super) fn array<'s>(&'s mut self, value: ValueRef<'s>) -> Result<Stored<'s>> {
        match (self.encoding, value) {
            (Encoding::Raw(element, order), ValueRef::Blob(bytes)) => {
                self.raw(element, order, bytes)
            }
            (Encoding::Pickle, ValueRef::Blob(bytes)) => {
                let found = self.pickles.decode(bytes)?;
                Ok(Stored {
                    element: found.element,
                    order: found.order,
                    shape: found.shape,
                    fortran: found.fortran,
                    bytes: found.bytes,
                })
            }
            (Encoding::Npy, ValueRef::Blob(bytes)) => self.npy(bytes),
            (Encoding::Text, ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => self.text(bytes),
            (encoding, found) => Err(Error::bad_data(format!(
                "{} where {} is expected",
                describe(found),
                encoding.name()
            ))),
        }
    }

    fn raw<'s>(
        &'s mut self,
        element: Element,
        order: ByteOrder,
        bytes: &'s [u8],
    ) -> Result<Stored<'s>> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(element.bytes()) {
            return Err(Error::bad_data(format!(
                "a BLOB of {} bytes is no vector of type {element}",
                bytes.len()
            )));
        }
        self.shape = [(bytes.len() / element.bytes()) as u64];
        Ok(Stored { element, order, shape: &self.shape, fortran: false, bytes })
    }

    fn npy<'s>(&'s mut self, bytes: &'s [u8]) -> Result<Stored<'s>> {
        let known = self.header.as_ref().is_some_and(|(known, _)| bytes.starts_with(known));
        if !known {
            let header = npy::parse(bytes, &self.limits)?;
            let text = bytes.get(..header.data_offset).unwrap_or_default();
            self.header = Some((text.into(), header));
        }
        let (_, header) = self.header.as_ref().expect("parsed above");
        let length = header.schema.total_bytes();
        let data = &bytes[header.data_offset..];
        let data = usize::try_from(length).ok().and_then(|length| data.get(..length));
        let data = data.ok_or_else(|| {
            Error::malformed(format!("an array of {length} bytes in a BLOB of {}", bytes.len()))
        })?;
        Ok(Stored {
            element: header.schema.element,
            order: header.order,
            shape: &header.schema.shape,
            fortran: header.fortran,
            bytes: data,
        })
    }

    fn text(&mut self, text: &[u8]) -> Result<Stored<'_>> {
        self.numbers.clear();
        numbers::parse(text, &mut self.numbers)?;
        self.shape = [(self.numbers.len() / size_of::<f64>()) as u64];
        Ok(Stored {
            element: Element::F64,
            order: ByteOrder::NATIVE,
            shape: &self.shape,
            fortran: false,
            bytes: &self.numbers,
        })
    }
}

impl<'a> Stored<'a> {
    /// The components, if this is one vector.
    ///
    /// # Errors
    /// If it is a matrix or a single number.
    pub(super) fn vector(&self) -> Result<&'a [u8]> {
        let (last, leading) = self.shape.split_last().unwrap_or((&0, &[]));
        if self.shape.is_empty() || leading.iter().any(|axis| *axis != 1) || *last == 0 {
            let what = match self.shape {
                [] => "a single number".to_owned(),
                [0] => "a vector without components".to_owned(),
                shape => format!("an array of shape {shape:?}"),
            };
            return Err(Error::bad_data(format!("{what} where one vector is expected")));
        }
        Ok(self.bytes)
    }
}

/// What a cell holds, for messages.
pub(super) fn describe(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "no vector (NULL)".to_owned(),
        ValueRef::Integer(number) => format!("the integer {number}"),
        ValueRef::Real(number) => format!("the number {number}"),
        ValueRef::Text(text) => format!("a text of {} bytes", text.len()),
        ValueRef::Blob(bytes) => format!("a BLOB of {} bytes", bytes.len()),
    }
}
