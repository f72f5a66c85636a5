//! Packed bits as they are, scored by how many differ.

use crate::codec::{Codec, How, Query, Scorer};
use anear_kernels::Level;
use anear_kernels::lookup::ones;
use anear_types::{Error, Measure, Result};

/// Rows of packed bits, the lowest bit of a byte first. Decoded, a bit is 0 or 1.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    dim: usize,
}

impl Bits {
    /// Rows of so many bits.
    ///
    /// # Panics
    /// If they are not whole bytes, or none.
    pub fn new(dim: usize) -> Bits {
        assert!(dim > 0 && dim.is_multiple_of(8));
        Bits { dim }
    }
}

impl Codec for Bits {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        self.dim / 8
    }

    fn is_lossless(&self) -> bool {
        true
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert_eq!(codes.len() * 8, rows.len());
        for (byte, row) in codes.iter().zip(rows.chunks_exact_mut(8)) {
            for (bit, component) in row.iter_mut().enumerate() {
                *component = f32::from(byte >> bit & 1);
            }
        }
    }

    /// Components above 0 become ones.
    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert_eq!(codes.len() * 8, rows.len());
        for (byte, row) in codes.iter_mut().zip(rows.chunks_exact(8)) {
            *byte =
                row.iter().rev().fold(0, |high, component| high << 1 | u8::from(*component > 0.0));
        }
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        if how.measure != Measure::Hamming {
            let what = format!("bits are compared by hamming, not by {}", how.measure);
            return Err(Error::unsupported(what));
        }
        let query = query.bits().to_vec();
        assert_eq!(query.len(), self.code_bytes());
        Ok(Box::new(Hamming { query }))
    }
}

/// Counts the bits that differ.
#[derive(Debug)]
pub(crate) struct Hamming {
    pub(crate) query: Vec<u8>,
}

impl Scorer for Hamming {
    fn center_at(&mut self, _: usize, _: &[f32]) {
        panic!("bits of differences");
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        ones::differing(Level::best(), &self.query, codes, scores);
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        ones::differing_at(Level::best(), &self.query, codes, numbers, scores);
    }
}
