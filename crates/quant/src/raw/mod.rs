//! The floats themselves, at any alignment.

use crate::codec::{Codec, Decoding, How, Query, Scorer};
use crate::pairs::Pairs;
use anear_types::Result;

/// Rows as little-endian f32.
#[derive(Clone, Copy, Debug)]
pub struct Raw {
    dim: usize,
}

impl Raw {
    /// Rows of so many components.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(dim: usize) -> Raw {
        assert!(dim > 0);
        Raw { dim }
    }
}

impl Codec for Raw {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        self.dim * size_of::<f32>()
    }

    fn is_lossless(&self) -> bool {
        true
    }

    fn is_raw(&self) -> bool {
        true
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        let floats = codes.as_chunks().0;
        assert_eq!(floats.len(), rows.len());
        for (row, bytes) in rows.iter_mut().zip(floats) {
            *row = f32::from_le_bytes(*bytes);
        }
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        let places = codes.as_chunks_mut().0;
        assert_eq!(places.len(), rows.len());
        places.iter_mut().zip(rows).for_each(|(bytes, row)| *bytes = row.to_le_bytes());
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        Ok(Box::new(InPlace(Decoding::new(self, Pairs::new(query.floats(), how)))))
    }
}

/// Scores floats where they are, if the measure has a kernel and the machine their order of bytes.
struct InPlace<'a>(Decoding<'a, Raw>);

impl Scorer for InPlace<'_> {
    fn center_at(&mut self, number: usize, center: &[f32]) {
        self.0.center_at(number, center);
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        let is_native = cfg!(target_endian = "little");
        if !(is_native && self.0.pairs.score_bytes(codes, None, scores)) {
            self.0.block(codes, scores);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        let is_native = cfg!(target_endian = "little");
        if !(is_native && self.0.pairs.score_bytes(codes, Some(numbers), scores)) {
            self.0.gather(codes, numbers, scores);
        }
    }
}
