//! The signs of a row's components as seen from a center, finer ones where there are more bits, and
//! numbers that make good for what they leave out (RaBitQ, Gao and Long 2024).
//!
//! | bits | a code is |
//! | --- | --- |
//! | 1 | signs, a bit a component; then f32: the start and the factor of the rough score |
//! | more | the same and f32: how far off; then the other bits of each component; then f32: the start and the factor of the fine score |
//!
//! With `v` the query as seen from the center, and `s` the signs, the rough score is
//! `start + |v|^2 - 2 factor (s.v) / sqrt dim`, for which the components of `v` may be rounded to a few
//! bits. With `u` the whole numbers that signs and other bits make, less their middle, the fine score is
//! `start + |v|^2 + factor (u.v)`, or for inner products that of the query and the center in place of
//! `|v|^2`.

mod encode;
mod fine;
mod looked_up;
mod packed;
mod query;
mod rounded;
mod seen;

use crate::codec::{Codec, How, Query, Rounding, Scorer};
use anear_types::parts::RabitqParts;
use anear_types::{Error, Measure, Result};
use query::Estimate;

pub use encode::center;
pub use packed::Packed;

/// A RaBitQ quantizer.
#[derive(Clone, Debug)]
pub struct Rabitq {
    dim: usize,
    /// Bits of a component.
    bits: usize,
    /// How queries are rounded where nothing else is said.
    rounding: Rounding,
    /// Whether codes are for inner products.
    is_product: bool,
    /// What rows are seen from, unless a scorer is told otherwise.
    center: Vec<f32>,
}

/// The parts of a code.
struct Code<'a> {
    signs: &'a [u8],
    /// Of the rough score.
    factor: f32,
    /// The other bits, start and factor of the fine score.
    fine: Option<(&'a [u8], f32, f32)>,
}

impl Rabitq {
    /// A quantizer for rows of `dim` components, seen from a center if there is one. Codes are for
    /// the Euclidean distance or the inner product.
    ///
    /// # Panics
    /// If bits are not 1 to 9, or the center has another dimension.
    pub fn new(dim: usize, parts: &RabitqParts, measure: Measure) -> Rabitq {
        let RabitqParts { bits, query_bits, centered, ref center } = *parts;
        assert!((1..=9).contains(&bits) && query_bits <= 8);
        assert!(center.is_empty() || center.len() == dim);
        let center = if center.is_empty() { vec![0.0; dim] } else { center.clone() };
        let is_product = measure == Measure::InnerProduct;
        let rounding = Rounding { bits: query_bits, centered };
        Rabitq { dim, bits, rounding, is_product, center }
    }

    /// Bytes of signs.
    fn sign_bytes(&self) -> usize {
        self.dim.div_ceil(8)
    }

    fn parts_of<'a>(&self, code: &'a [u8]) -> Code<'a> {
        let end = self.sign_bytes();
        let (signs, factor) = (&code[..end], float(code, end + 4));
        let fine = (self.bits > 1).then(|| {
            let first = end + 3 * size_of::<f32>();
            let last = first + (self.dim * (self.bits - 1)).div_ceil(8);
            (&code[first..last], float(code, last), float(code, last + 4))
        });
        Code { signs, factor, fine }
    }
}

fn float(bytes: &[u8], at: usize) -> f32 {
    f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"))
}

/// Bit `at` of some bytes, the lowest first.
fn bit(bytes: &[u8], at: usize) -> bool {
    bytes[at / 8] >> (at % 8) & 1 != 0
}

impl Codec for Rabitq {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        RabitqParts::code_bytes_of(self.dim, self.bits)
    }

    fn is_lossless(&self) -> bool {
        false
    }

    fn leaves_out(&self) -> bool {
        self.bits > 1
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let codes = codes.chunks_exact(self.code_bytes());
        for (code, row) in codes.zip(rows.chunks_exact_mut(self.dim)) {
            let code = self.parts_of(code);
            let size = code.factor / (self.dim as f32).sqrt();
            for (at, (component, center)) in row.iter_mut().zip(&self.center).enumerate() {
                *component = if bit(code.signs, at) { center + size } else { center - size };
            }
        }
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        self.encode_from(&self.center, rows, codes);
    }

    /// The length of a row counts for inner products, not only that of the difference.
    fn encode_from(&self, center: &[f32], rows: &[f32], codes: &mut [u8]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let codes = codes.chunks_exact_mut(self.code_bytes());
        for (row, code) in rows.chunks_exact(self.dim).zip(codes) {
            self.encode_row(center, row, code);
        }
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        self.rounding_scorer(query, how, self.rounding)
    }

    fn rounding_scorer<'a>(
        &'a self,
        query: Query<'_>,
        how: How,
        rounding: Rounding,
    ) -> Result<Box<dyn Scorer + 'a>> {
        if rounding.bits > 8 {
            let bits = rounding.bits;
            return Err(Error::usage(format!(
                "queries rounded to {bits} bits; 0 to 8 are possible"
            )));
        }
        match how.measure {
            Measure::L2 | Measure::InnerProduct => {
                Ok(Box::new(Estimate::new(self, query.floats(), how.measure, rounding)))
            }
            other => Err(Error::unsupported(format!("RaBitQ codes are not compared by {other}"))),
        }
    }
}
