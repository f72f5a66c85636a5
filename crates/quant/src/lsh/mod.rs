//! A bit for each of some directions: on which side of a threshold a row lies. Codes are compared by
//! how many bits differ, whatever the measure of the index is called.

use crate::bits::Hamming;
use crate::codec::{Codec, Decoding, How, Query, Scorer};
use crate::pairs::Pairs;
use crate::transform::Transform;
use anear_types::parts::LshParts;
use anear_types::{Error, Measure, Result};

/// A quantizer to bits.
#[derive(Clone, Debug)]
pub struct Lsh {
    dim: usize,
    bits: usize,
    /// Without one, directions are the first components.
    rotation: Option<Transform>,
    /// The threshold of each bit, or none where all are 0.
    thresholds: Vec<f32>,
}

impl Lsh {
    /// A quantizer that was checked.
    ///
    /// # Panics
    /// If there are not enough components or thresholds for the bits.
    pub fn new(dim: usize, parts: &LshParts) -> Lsh {
        let rotation = parts.rotate.then(|| Transform::new(&parts.rotation));
        let thresholds = if parts.learn_thresholds { parts.thresholds.clone() } else { Vec::new() };
        assert!(parts.bits > 0 && (rotation.is_some() || parts.bits <= dim));
        assert!(thresholds.is_empty() || thresholds.len() == parts.bits);
        Lsh { dim, bits: parts.bits, rotation, thresholds }
    }

    /// Where a row lies in each direction.
    fn places(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.dim);
        let mut places = match &self.rotation {
            Some(rotation) => rotation.apply(row).into_owned(),
            None => row[..self.bits].to_vec(),
        };
        places.iter_mut().zip(&self.thresholds).for_each(|(place, threshold)| *place -= threshold);
        places
    }

    fn code(&self, row: &[f32]) -> Vec<u8> {
        let byte = |places: &[f32]| {
            let bits = places.iter().zip(0..);
            bits.fold(0, |byte, (place, bit)| byte | u8::from(*place >= 0.0) << bit)
        };
        self.places(row).chunks(8).map(byte).collect()
    }

    fn decode_row(&self, code: &[u8], row: &mut [f32]) {
        let threshold = |bit: usize| self.thresholds.get(bit).copied().unwrap_or(0.0);
        let side = |bit: usize| f32::from(code[bit / 8] >> (bit % 8) & 1) * 2.0 - 1.0;
        let places: Vec<f32> = (0..self.bits).map(|bit| side(bit) + threshold(bit)).collect();
        row.fill(0.0);
        match &self.rotation {
            None => row[..self.bits].copy_from_slice(&places),
            Some(rotation) => {
                row.copy_from_slice(&rotation.undo(&places).expect("one that can be undone"));
            }
        }
    }
}

/// Learns the threshold of each bit from rows, if it has any: the median of where they lie.
///
/// # Errors
/// [`Usage`](anear_types::ErrorKind::Usage) if there are no rows to learn thresholds from.
pub fn train(parts: &mut LshParts, dim: usize, rows: &[f32]) -> Result<()> {
    if !parts.learn_thresholds {
        return Ok(());
    }
    if rows.is_empty() {
        return Err(Error::usage("thresholds cannot be learned from 0 rows"));
    }
    let without = Lsh::new(dim, &LshParts { learn_thresholds: false, ..parts.clone() });
    let mut columns = vec![Vec::with_capacity(rows.len() / dim); parts.bits];
    for row in rows.chunks_exact(dim) {
        let places = without.places(row);
        columns.iter_mut().zip(places).for_each(|(column, place)| column.push(place));
    }
    parts.thresholds = columns.into_iter().map(median).collect();
    Ok(())
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle] + values[middle - 1]) / 2.0 }
}

impl Codec for Lsh {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }

    fn is_lossless(&self) -> bool {
        false
    }

    fn can_decode(&self) -> bool {
        let undoes = |rotation: &Transform| rotation.undo(&vec![0.0; self.bits]).is_some();
        self.rotation.as_ref().is_none_or(undoes)
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let rows = rows.chunks_exact_mut(self.dim);
        let codes = codes.chunks_exact(self.code_bytes());
        codes.zip(rows).for_each(|(code, row)| self.decode_row(code, row));
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let codes = codes.chunks_exact_mut(self.code_bytes());
        for (row, code) in rows.chunks_exact(self.dim).zip(codes) {
            code.copy_from_slice(&self.code(row));
        }
    }

    fn row_scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        if !self.can_decode() {
            return Err(Error::unsupported("rows cannot be told from these bits"));
        }
        Ok(Box::new(Decoding::new(self, Pairs::new(query.floats(), how))))
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        if how.measure != Measure::L2 {
            let what = format!("bits of a row's places are not compared by {}", how.measure);
            return Err(Error::unsupported(what));
        }
        Ok(Box::new(Hamming { query: self.code(query.floats()) }))
    }
}
