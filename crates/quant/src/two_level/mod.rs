//! The number of a coarse centroid, then a product code of the difference to it.

use crate::codec::{Codec, Decoding, How, Query, Scorer};
use crate::kmeans::Assigner;
use crate::pairs::Pairs;
use crate::product::Product;
use anear_types::{Error, Measure, Result};

/// A coarse quantizer and a product quantizer.
#[derive(Clone, Debug)]
pub struct TwoLevel {
    /// The coarse centroids, one behind another.
    centroids: Vec<f32>,
    /// Bytes of a centroid's number.
    coarse_bytes: usize,
    product: Product,
}

impl TwoLevel {
    /// Codes of so many bytes for one of the centroids, the lowest byte first, and the rest.
    ///
    /// # Panics
    /// If the centroids are not whole ones.
    pub fn new(centroids: Vec<f32>, coarse_bytes: usize, product: Product) -> TwoLevel {
        assert!(centroids.len().is_multiple_of(product.dim()));
        TwoLevel { centroids, coarse_bytes, product }
    }
}

impl Codec for TwoLevel {
    fn dim(&self) -> usize {
        self.product.dim()
    }

    fn code_bytes(&self) -> usize {
        self.coarse_bytes + self.product.code_bytes()
    }

    fn is_lossless(&self) -> bool {
        false
    }

    /// # Panics
    /// Also if a code is of a centroid that is not there.
    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        let dim = self.dim();
        assert_eq!(codes.len() * dim, rows.len() * self.code_bytes());
        for (code, row) in codes.chunks_exact(self.code_bytes()).zip(rows.chunks_exact_mut(dim)) {
            let (number, code) = code.split_at(self.coarse_bytes);
            let number = number.iter().rev().fold(0, |high, byte| high << 8 | usize::from(*byte));
            self.product.decode(code, row);
            let centroid = &self.centroids[number * dim..][..dim];
            row.iter_mut().zip(centroid).for_each(|(component, center)| *component += center);
        }
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        let (dim, code_bytes) = (self.dim(), self.code_bytes());
        assert_eq!(codes.len() * dim, rows.len() * code_bytes);
        let how = How { measure: Measure::L2, argument: 0.0 };
        let (mut numbers, mut distances) = (vec![0; rows.len() / dim], vec![0.0; rows.len() / dim]);
        Assigner::new(&self.centroids, dim, how).assign_piece(rows, &mut numbers, &mut distances);
        let codes = codes.chunks_exact_mut(code_bytes);
        for ((row, code), number) in rows.chunks_exact(dim).zip(codes).zip(numbers) {
            let (first, rest) = code.split_at_mut(self.coarse_bytes);
            first.copy_from_slice(&number.to_le_bytes()[..self.coarse_bytes]);
            let centroid = &self.centroids[number as usize * dim..][..dim];
            self.product.encode_from(centroid, row, rest);
        }
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        if !matches!(how.measure, Measure::L2 | Measure::InnerProduct) {
            let what = format!("codes of two levels are not compared by {}", how.measure);
            return Err(Error::unsupported(what));
        }
        Ok(Box::new(Decoding::new(self, Pairs::new(query.floats(), how))))
    }
}
