//! What stays the same from one pickled array to the next.
//!
//! Arrays of one type and length, pickled by one program, differ in nothing but their data. So
//! after one has been read in full, the bytes before and after its data are kept; a pickle that
//! has the same ones is taken apart by comparing them, without running the machine. This is safe
//! because the data is a byte string to the machine: it cannot change what the rest means.

use super::opcode as op;
use super::text::push_latin1;
use super::vector::PickledVector;
use anear_io::ByteOrder;
use anear_types::Element;
use std::ops::Range;

/// Data shorter than this could by accident also be a name that the pickle uses again.
const SHORTEST_DATA: usize = 16;

#[derive(Debug)]
pub(super) struct Template {
    before: Box<[u8]>,
    after: Box<[u8]>,
    /// Bytes of data.
    data_bytes: usize,
    /// Whether the data is text whose characters are the bytes, so that its length varies.
    latin1: bool,
    element: Element,
    order: ByteOrder,
    shape: Box<[u64]>,
    fortran: bool,
}

impl Template {
    /// Learns from `vector`, which was read from `blob` with its data at `start..start + length`
    /// there; `None` if it is not worth it.
    pub(super) fn learn(
        blob: &[u8],
        start: usize,
        length: usize,
        latin1: bool,
        vector: &PickledVector<'_>,
    ) -> Option<Template> {
        let mut before = blob.get(..start)?;
        if latin1 {
            let (opcode, count) = before.split_at_checked(start.checked_sub(4)?)?;
            let counted = u32::from_le_bytes(count.try_into().ok()?) as usize == length;
            before = opcode;
            if !counted || before.last() != Some(&op::BINUNICODE) {
                return None;
            }
        }
        (vector.bytes.len() >= SHORTEST_DATA).then(|| Template {
            before: before.into(),
            after: blob[start + length..].into(),
            data_bytes: vector.bytes.len(),
            latin1,
            element: vector.element,
            order: vector.order,
            shape: vector.shape.into(),
            fortran: vector.fortran,
        })
    }

    /// Where the data of `blob` is, if it differs in nothing else: a range of the blob, or all of
    /// `scratch` for data that had to be decoded.
    pub(super) fn locate(&self, blob: &[u8], scratch: &mut Vec<u8>) -> Option<Located> {
        let rest = blob.strip_prefix(&*self.before)?;
        let data = rest.strip_suffix(&*self.after)?;
        if !self.latin1 {
            let start = self.before.len();
            return (data.len() == self.data_bytes)
                .then(|| Located::InBlob(start..start + data.len()));
        }
        let (count, text) = data.split_first_chunk()?;
        scratch.clear();
        let counted = u32::from_le_bytes(*count) as usize == text.len();
        (counted && push_latin1(text, scratch).is_ok() && scratch.len() == self.data_bytes)
            .then_some(Located::InScratch)
    }

    /// The vector with this data.
    pub(super) fn vector<'a>(&'a self, bytes: &'a [u8]) -> PickledVector<'a> {
        PickledVector {
            element: self.element,
            order: self.order,
            shape: &self.shape,
            fortran: self.fortran,
            bytes,
        }
    }
}

/// Where the data of a recognised pickle is.
#[derive(Debug)]
pub(super) enum Located {
    /// In the pickle itself.
    InBlob(Range<usize>),
    /// In the buffer that was given.
    InScratch,
}
