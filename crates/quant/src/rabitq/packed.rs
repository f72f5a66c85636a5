//! Codes in groups of 32, whose signs are looked up four at a time.

use super::Rabitq;
use super::looked_up::LookedUp;
use crate::codec::{Codec, How, Query, Rounding, Scorer};
use crate::packed::{GROUP, Layout};
use anear_types::parts::RabitqParts;
use anear_types::{Error, Measure, Result};

/// A RaBitQ quantizer whose codes lie together, as FAISS's fast scan has them.
///
/// Each 32 codes lie as in [`Blocks`](anear_types::parts::Blocks) of 32 rows; a last group is filled up.
/// Codes of several bits are scored by their signs first, and by all bits if they may be near.
#[derive(Clone, Debug)]
pub struct Packed {
    pub(super) rabitq: Rabitq,
}

impl Packed {
    /// A quantizer as [`Rabitq::new`] makes it.
    ///
    /// # Panics
    /// If queries are not rounded, or as there.
    pub fn new(dim: usize, parts: &RabitqParts, measure: Measure) -> Packed {
        assert!(parts.query_bits > 0);
        Packed { rabitq: Rabitq::new(dim, parts, measure) }
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::of_groups(self.rabitq.sign_bytes(), self.code_bytes())
    }
}

impl Codec for Packed {
    fn dim(&self) -> usize {
        self.rabitq.dim()
    }

    fn code_bytes(&self) -> usize {
        self.rabitq.code_bytes()
    }

    fn codes_together(&self) -> usize {
        GROUP
    }

    fn is_lossless(&self) -> bool {
        false
    }

    fn leaves_out(&self) -> bool {
        self.rabitq.bits > 1
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert!(rows.len().is_multiple_of(self.dim()));
        let count = rows.len() / self.dim();
        assert_eq!(codes.len(), count.next_multiple_of(GROUP) * self.code_bytes());
        self.rabitq.decode(&self.layout().unpack(codes, count), rows);
    }

    fn decode_at(&self, codes: &[u8], number: usize, row: &mut [f32]) {
        let mut code = vec![0; self.code_bytes()];
        self.layout().take(codes, number, &mut code);
        self.rabitq.decode(&code, row);
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert!(rows.len().is_multiple_of(self.dim()));
        let mut plain = vec![0; rows.len() / self.dim() * self.code_bytes()];
        self.rabitq.encode(rows, &mut plain);
        codes.copy_from_slice(&self.layout().pack(&plain));
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        self.rounding_scorer(query, how, self.rabitq.rounding)
    }

    fn rounding_scorer<'a>(
        &'a self,
        query: Query<'_>,
        how: How,
        rounding: Rounding,
    ) -> Result<Box<dyn Scorer + 'a>> {
        let Rounding { bits, .. } = rounding;
        if bits > 8 {
            return Err(Error::usage(format!(
                "queries rounded to {bits} bits; up to 8 are possible"
            )));
        }
        // As in FAISS, where 0 bits stand for what the index says.
        let rounding = if bits == 0 { self.rabitq.rounding } else { rounding };
        match how.measure {
            Measure::L2 | Measure::InnerProduct => {
                Ok(Box::new(LookedUp::new(self, query.floats(), rounding)))
            }
            other => Err(Error::unsupported(format!("RaBitQ codes are not compared by {other}"))),
        }
    }
}
