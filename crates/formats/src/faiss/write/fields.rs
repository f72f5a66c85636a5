//! The kinds of fields that FAISS's files are made of, as [`read`](super::super::read) has them.

use std::io::{Result, Write};

/// Writes fields one behind another.
pub(super) struct Fields<'a> {
    pub(super) out: &'a mut dyn Write,
    /// Where lists are written, if not among the fields.
    pub(super) apart: Option<Apart<'a>>,
}

/// A file of lists.
pub(super) struct Apart<'a> {
    pub(super) out: &'a mut dyn Write,
    /// What the index calls the file.
    pub(super) name: &'a str,
    /// Bytes that are written.
    pub(super) bytes: u64,
}

impl Apart<'_> {
    /// Writes so many bytes, of which these come first.
    pub(super) fn put(&mut self, bytes: &[u8], count: u64) -> Result<()> {
        self.bytes += count;
        self.out.write_all(bytes)?;
        (bytes.len() as u64..count).try_for_each(|_| self.out.write_all(&[0]))
    }
}

impl Fields<'_> {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes)
    }

    pub(super) fn byte(&mut self, byte: u8) -> Result<()> {
        self.bytes(&[byte])
    }

    pub(super) fn bool(&mut self, value: bool) -> Result<()> {
        self.byte(u8::from(value))
    }

    pub(super) fn small_integer(&mut self, number: i32) -> Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// A dimension, which was checked.
    pub(super) fn dim(&mut self, dim: usize) -> Result<()> {
        self.small_integer(i32::try_from(dim).expect("a checked dimension"))
    }

    /// A number of things.
    pub(super) fn size(&mut self, size: usize) -> Result<()> {
        self.bytes(&(size as u64).to_le_bytes())
    }

    pub(super) fn float(&mut self, number: f32) -> Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// A vector of floats.
    pub(super) fn floats(&mut self, numbers: &[f32]) -> Result<()> {
        self.size(numbers.len())?;
        numbers.iter().try_for_each(|number| self.float(*number))
    }

    /// A vector of f64.
    pub(super) fn doubles(&mut self, numbers: &[f64]) -> Result<()> {
        self.size(numbers.len())?;
        numbers.iter().try_for_each(|number| self.bytes(&number.to_le_bytes()))
    }

    /// A vector of i32.
    pub(super) fn small_integers(&mut self, numbers: &[i32]) -> Result<()> {
        self.size(numbers.len())?;
        numbers.iter().try_for_each(|number| self.small_integer(*number))
    }

    /// A vector of elements of so many bytes, which are little-endian already.
    pub(super) fn elements(&mut self, element_bytes: usize, bytes: &[u8]) -> Result<()> {
        self.size(bytes.len() / element_bytes)?;
        self.bytes(bytes)
    }
}
