//! For each part of a row the number of a centroid: FAISS's product quantizer.
//!
//! Numbers lie one behind another, each in as many bits as it needs, the lowest first, across
//! the borders of bytes. A query is compared with every centroid once; the score of a code is then
//! a sum of what is found in these tables.

mod blocks;
mod numbers;
mod rounded;
mod tables;

pub use blocks::unpack;

use crate::codec::{Codec, How, Query, Scorer};
use anear_types::parts::ProductParts;
use anear_types::{Error, Measure, Result};
use numbers::numbers;
use rounded::Rounded;
use tables::Tables;

/// A product quantizer.
#[derive(Clone, Debug)]
pub struct Product {
    dim: usize,
    parts: usize,
    bits: usize,
    /// The centroids of the first part, then those of the second and so on.
    centroids: Vec<f32>,
    /// Whether tables are rounded to bytes.
    rounds: bool,
}

impl Product {
    /// A quantizer that has its centroids.
    ///
    /// # Panics
    /// If the parts do not divide the components, or there is another number of centroids.
    pub fn new(dim: usize, parts: &ProductParts) -> Product {
        let ProductParts { parts, bits, ref centroids } = *parts;
        assert!(parts > 0 && dim > 0 && dim.is_multiple_of(parts) && (1..=24).contains(&bits));
        assert_eq!(centroids.len(), dim << bits);
        Product { dim, parts, bits, centroids: centroids.clone(), rounds: false }
    }

    /// The same with scores by tables that are rounded to bytes, as FAISS's fast scan has them.
    ///
    /// # Panics
    /// If numbers of centroids have other than 4 bits.
    pub fn with_rounded_tables(self) -> Product {
        assert_eq!(self.bits, 4);
        Product { rounds: true, ..self }
    }

    /// Components in a part.
    fn part_dim(&self) -> usize {
        self.dim / self.parts
    }

    /// The centroids of each part.
    fn part_centroids(&self) -> impl Iterator<Item = &[f32]> {
        self.centroids.chunks_exact(self.part_dim() << self.bits)
    }

    fn decode_row(&self, code: &[u8], row: &mut [f32]) {
        let part_dim = self.part_dim();
        let parts = row.chunks_exact_mut(part_dim).zip(self.part_centroids());
        for ((part, centroids), number) in parts.zip(numbers(code, self.bits)) {
            part.copy_from_slice(&centroids[number * part_dim..][..part_dim]);
        }
    }
}

impl Codec for Product {
    fn dim(&self) -> usize {
        self.dim
    }

    fn code_bytes(&self) -> usize {
        (self.parts * self.bits).div_ceil(8)
    }

    fn is_lossless(&self) -> bool {
        false
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        let rows = rows.chunks_exact_mut(self.dim);
        codes
            .chunks_exact(self.code_bytes())
            .zip(rows)
            .for_each(|(code, row)| self.decode_row(code, row));
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        let query = query.floats();
        assert_eq!(query.len(), self.dim);
        match how.measure {
            Measure::L2 | Measure::InnerProduct if self.rounds => {
                Ok(Box::new(Rounded::new(self, query, how.measure)))
            }
            Measure::L2 | Measure::InnerProduct => {
                Ok(Box::new(Tables::new(self, query, how.measure)))
            }
            other => Err(Error::unsupported(format!(
                "codes of a product quantizer are not compared by {other}"
            ))),
        }
    }
}
