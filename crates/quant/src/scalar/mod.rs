//! A number of few bits for each component: FAISS's scalar quantizer.
//!
//! | kind | a component is |
//! | --- | --- |
//! | steps | `least + extent * (code + 0.5) / (2^bits - 1)` |
//! | f16, bf16 | a float of 16 bits |
//! | direct | the byte |
//! | direct, signed | the byte less 128 |
//!
//! Codes of 4 bits lie two to a byte, the first in the lower half; codes of 6 bits four to three
//! bytes, the first in the lowest bits.

mod score;
mod steps;
mod train;

use crate::codec::{Codec, How, Query, Scorer};
use crate::pairs::op_of;
use anear_kernels::ops::Op;
use anear_kernels::{Level, StepQuery, Written, convert};
use anear_types::parts::ScalarKind;
use anear_types::{Element, Error, MatrixRef, Measure, Result};
use half::f16;
use score::Stepped;
use steps::Steps;

pub use train::train;

/// A scalar quantizer.
#[derive(Clone, Debug)]
pub struct Scalar {
    dim: usize,
    kind: ScalarKind,
    level: Level,
    /// How steps are decoded, where there are steps.
    steps: Option<Steps>,
}

impl Scalar {
    /// A quantizer that has learned what its kind needs: the least value of each component, then
    /// the extent of each, or one of both for all.
    ///
    /// # Panics
    /// If there are no components or another number of learned values.
    pub fn new(kind: ScalarKind, dim: usize, learned: &[f32]) -> Scalar {
        assert!(dim > 0);
        assert_eq!(learned.len(), kind.learned(dim));
        let steps = match kind {
            ScalarKind::Steps { bits, .. } => Some(Steps::new(bits, written(kind), dim, learned)),
            _ => None,
        };
        Scalar { dim, kind, level: Level::best(), steps }
    }

    /// What the query's components are rounded to, if they are.
    ///
    /// FAISS compares direct codes byte by byte where its vector instructions hold whole rows,
    /// which takes the whole part of a query's components, modulo 256.
    fn rounding(&self) -> Option<fn(f32) -> f32> {
        match self.kind {
            ScalarKind::Direct if self.dim.is_multiple_of(16) => {
                Some(|component| f32::from(component as i32 as u8))
            }
            ScalarKind::DirectSigned if self.dim.is_multiple_of(16) => {
                Some(|component| f32::from(component as i32 as i8))
            }
            _ => None,
        }
    }

    /// What each component is worth: `first + code * step`.
    fn worth(&self) -> impl Iterator<Item = (f32, f32)> {
        let same = match self.kind {
            ScalarKind::DirectSigned => (-128.0, 1.0),
            _ => (0.0, 1.0),
        };
        (0..self.dim).map(move |at| self.steps.as_ref().map_or(same, |steps| steps.worth(at)))
    }

    /// A query for distances.
    fn distances(&self, written: Written, query: &[f32]) -> StepQuery {
        let terms = query.iter().zip(self.worth());
        let (froms, steps): (Vec<f32>, Vec<f32>) =
            terms.map(|(query, (first, step))| (query - first, step)).unzip();
        StepQuery::distances(written, &froms, &steps)
    }

    /// A query for inner products, and minus what the first values add to each.
    fn products(&self, written: Written, query: &[f32]) -> (StepQuery, f32) {
        let terms = || query.iter().zip(self.worth());
        let steps: Vec<f32> = terms().map(|(query, (_, step))| query * step).collect();
        let offset = -terms().map(|(query, (first, _))| query * first).sum::<f32>();
        (StepQuery::products(written, &steps), offset)
    }

    fn widen(&self, codes: &[u8], element: Element, rows: &mut [f32]) {
        let codes = MatrixRef::new(codes, element, rows.len() / self.dim, self.dim);
        convert::to_f32(self.level, codes, rows);
    }
}

impl Codec for Scalar {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        self.kind.code_bytes(self.dim)
    }

    fn is_lossless(&self) -> bool {
        false
    }

    /// Not for direct codes, for which queries are rounded.
    fn row_op(&self, how: How) -> Option<Op> {
        match self.kind {
            ScalarKind::Direct | ScalarKind::DirectSigned => None,
            _ => op_of(how.measure),
        }
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        match (self.kind, &self.steps) {
            (ScalarKind::Steps { .. }, None) => unreachable!("made together"),
            (_, Some(steps)) => steps.decode(codes, rows),
            (ScalarKind::F16, None) => self.widen(codes, Element::F16, rows),
            (ScalarKind::Bf16, None) => self.widen(codes, Element::Bf16, rows),
            (ScalarKind::Direct, None) => self.widen(codes, Element::U8, rows),
            (ScalarKind::DirectSigned, None) => {
                self.widen(codes, Element::U8, rows);
                rows.iter_mut().for_each(|component| *component -= 128.0);
            }
        }
    }

    /// Direct codes take the whole part of a component, modulo 256.
    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let whole = |component: f32| component as i32 as u8;
        match (self.kind, &self.steps) {
            (ScalarKind::Steps { .. }, None) => unreachable!("made together"),
            (_, Some(steps)) => steps.encode(rows, codes),
            (ScalarKind::F16, None) => pairs_of_bytes(rows, codes, |x| f16::from_f32(x).to_bits()),
            (ScalarKind::Bf16, None) => pairs_of_bytes(rows, codes, upper_half),
            (ScalarKind::Direct, None) => {
                codes.iter_mut().zip(rows).for_each(|(code, x)| *code = whole(*x));
            }
            (ScalarKind::DirectSigned, None) => {
                codes.iter_mut().zip(rows).for_each(|(code, x)| *code = whole(*x + 128.0));
            }
        }
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        if !matches!(how.measure, Measure::L2 | Measure::InnerProduct) {
            let what = format!("codes of a scalar quantizer are not compared by {}", how.measure);
            return Err(Error::unsupported(what));
        }
        Ok(Box::new(Stepped::new(self, query.floats(), how)))
    }
}

/// How codes are written.
fn written(kind: ScalarKind) -> Written {
    match kind {
        ScalarKind::Steps { bits: 8, .. } => Written::Byte,
        ScalarKind::Steps { bits: 4, .. } => Written::Nibble,
        ScalarKind::Steps { bits: 6, .. } => Written::SixBits,
        ScalarKind::Steps { bits, .. } => unreachable!("{bits} bits"),
        ScalarKind::F16 => Written::F16,
        ScalarKind::Bf16 => Written::Bf16,
        ScalarKind::Direct | ScalarKind::DirectSigned => Written::Byte,
    }
}

fn pairs_of_bytes(rows: &[f32], codes: &mut [u8], bits: impl Fn(f32) -> u16) {
    let places = codes.as_chunks_mut().0.iter_mut();
    places.zip(rows).for_each(|(code, component)| *code = bits(*component).to_le_bytes());
}

/// The upper half of the bits, rounded to the nearest as FAISS does.
fn upper_half(component: f32) -> u16 {
    (component.to_bits().wrapping_add(0x8000) >> 16) as u16
}
