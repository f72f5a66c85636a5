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
        Ok(Box::new(Decoding::new(self, Pairs::new(query.floats(), how))))
    }
}
