//! The kinds of fields that FAISS's files are made of.
//!
//! A vector is a u64 count followed by its elements. All numbers are little-endian.

use super::ListFiles;
use anear_io::{Cursor, Input};
use anear_types::parts::{Bytes, Integers, SharedBytes};
use anear_types::{Error, Result};
use std::sync::Arc;

/// Reads fields of a file one behind another. What is large stays in the file.
#[derive(Clone)]
pub(in super::super) struct Fields<'a> {
    pub(in super::super) cursor: Cursor<'a>,
    memory: SharedBytes,
    pub(super) input: &'a Input,
    pub(super) list_files: ListFiles,
}

impl<'a> Fields<'a> {
    /// Begins at the first byte. Lists may be in such a file.
    pub(in super::super) fn new(input: &'a Input, list_files: ListFiles) -> Fields<'a> {
        let memory = Arc::new(input.clone());
        Fields { cursor: Cursor::new(input.bytes()), memory, input, list_files }
    }

    /// A number of things.
    pub(super) fn size(&mut self, what: &str) -> Result<usize> {
        let size = self.cursor.u64(what)?;
        usize::try_from(size).map_err(|_| Error::malformed(format!("{what} is {size}")))
    }

    pub(super) fn bool(&mut self, what: &str) -> Result<bool> {
        match self.cursor.u8(what)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Error::malformed(format!("{what} is neither 0 nor 1 but {other}"))),
        }
    }

    pub(super) fn float(&mut self, what: &str) -> Result<f32> {
        Ok(f32::from_le_bytes(self.cursor.array(what)?))
    }

    /// A vector of floats, copied.
    pub(super) fn floats(&mut self, what: &str) -> Result<Vec<f32>> {
        self.vector(what, f32::from_le_bytes)
    }

    /// A vector of f64, copied.
    pub(super) fn doubles(&mut self, what: &str) -> Result<Vec<f64>> {
        self.vector(what, f64::from_le_bytes)
    }

    /// A vector of i32, copied.
    pub(super) fn small_integers(&mut self, what: &str) -> Result<Vec<i32>> {
        self.vector(what, i32::from_le_bytes)
    }

    fn vector<T, const SIZE: usize>(
        &mut self,
        what: &str,
        from: impl Fn([u8; SIZE]) -> T,
    ) -> Result<Vec<T>> {
        let count = self.cursor.u64(what)?;
        let bytes = self.cursor.take(count.saturating_mul(SIZE as u64), what)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| from(*bytes)).collect())
    }

    /// A vector of 64-bit integers, in place.
    pub(super) fn integers(&mut self, what: &str) -> Result<Integers> {
        Ok(Integers::new(self.elements(size_of::<i64>() as u64, what)?))
    }

    /// A vector of elements of so many bytes, in place.
    pub(super) fn elements(&mut self, element_bytes: u64, what: &str) -> Result<Bytes> {
        let count = self.cursor.u64(what)?;
        self.bytes(count.saturating_mul(element_bytes), what)
    }

    /// Goes behind these bytes, if they are the next ones.
    pub(super) fn skip<const COUNT: usize>(&mut self, bytes: &[u8; COUNT]) -> bool {
        let mut ahead = self.cursor.clone();
        let is_next = ahead.array("bytes").is_ok_and(|found: [u8; COUNT]| found == *bytes);
        if is_next {
            self.cursor = ahead;
        }
        is_next
    }

    /// So many bytes, in place.
    pub(super) fn bytes(&mut self, count: u64, what: &str) -> Result<Bytes> {
        let start = self.cursor.position();
        self.cursor.take(count, what)?;
        Ok(Bytes::new(Arc::clone(&self.memory), start..self.cursor.position()))
    }
}
