//! For each part of a row the number of a centroid: FAISS's product quantizer.
//!
//! Numbers lie one behind another, each in as many bits as it needs, the lowest first, across
//! the borders of bytes. A query is compared with every centroid once; the score of a code is then
//! a sum of what is found in these tables.

mod centers;
mod numbers;
mod packed;
mod rounded;
mod tables;
mod train;

pub use packed::Packed;
pub use train::train;

use crate::codec::{Codec, How, Query, Scorer};
use crate::kmeans::Assigner;
use anear_kernels::Level;
use anear_kernels::ops::{Columns, Op};
use anear_types::parts::ProductParts;
use anear_types::{Error, Measure, Result};
use numbers::{numbers, put};
use tables::Tables;

/// A product quantizer.
#[derive(Clone, Debug)]
pub struct Product {
    dim: usize,
    parts: usize,
    bits: usize,
    /// The centroids of the first part, then those of the second and so on.
    centroids: Vec<f32>,
    /// The same, to be compared with queries.
    columns: Columns,
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
        let columns = Columns::new(centroids, dim / parts, 1 << bits);
        Product { dim, parts, bits, centroids: centroids.clone(), columns }
    }

    /// Entries of the tables of all parts.
    fn table_entries(&self) -> usize {
        self.parts * self.columns.stride()
    }

    /// Scores every centroid of every part.
    fn fill(&self, op: Op, query: &[f32], scores: &mut [f32]) {
        self.columns.scores(Level::best(), op, query, scores);
    }

    /// Components in a part.
    fn part_dim(&self) -> usize {
        self.dim / self.parts
    }

    /// The centroids of each part.
    fn part_centroids(&self) -> impl Iterator<Item = &[f32]> {
        self.centroids.chunks_exact(self.part_dim() << self.bits)
    }

    /// Writes the numbers of one part of rows.
    fn encode_part(&self, rows: &[f32], part: usize, centroids: &[f32], codes: &mut [u8]) {
        let (part_dim, code_bytes) = (self.part_dim(), self.code_bytes());
        let how = How { measure: Measure::L2, argument: 0.0 };
        let assigner = Assigner::new(centroids, part_dim, how);
        let row = |row: &'_ [f32]| row[part * part_dim..(part + 1) * part_dim].to_vec();
        let parts: Vec<f32> = rows.chunks_exact(self.dim).flat_map(row).collect();
        let count = parts.len() / part_dim;
        let (mut numbers, mut distances) = (vec![0; count], vec![0.0; count]);
        assigner.assign_piece(&parts, &mut numbers, &mut distances);
        for (number, code) in numbers.into_iter().zip(codes.chunks_exact_mut(code_bytes)) {
            put(code, part * self.bits, self.bits, number);
        }
    }

    /// Writes the row of centroids with these numbers.
    fn decode_numbers(&self, numbers: impl Iterator<Item = usize>, row: &mut [f32]) {
        let part_dim = self.part_dim();
        let parts = row.chunks_exact_mut(part_dim).zip(self.part_centroids());
        for ((part, centroids), number) in parts.zip(numbers) {
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

    fn query_bytes(&self) -> usize {
        self.table_entries() * size_of::<f32>()
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
            .for_each(|(code, row)| self.decode_numbers(numbers(code, self.bits), row));
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert_eq!(codes.len() * self.dim, rows.len() * self.code_bytes());
        codes.fill(0);
        for (part, centroids) in self.part_centroids().enumerate() {
            self.encode_part(rows, part, centroids, codes);
        }
    }

    fn own_terms(&self, center: &[f32], codes: &[u8], how: How) -> Option<Vec<f32>> {
        (how.measure == Measure::L2).then(|| {
            let code_bytes = self.code_bytes();
            assert!(center.len() == self.dim && codes.len().is_multiple_of(code_bytes));
            let table = centers::table_of(center, &self.columns);
            let mut terms = vec![0.0; codes.len() / code_bytes];
            tables::sum(&table, self, 0.0, codes, &mut terms);
            terms
        })
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        let query = query.floats();
        assert_eq!(query.len(), self.dim);
        match how.measure {
            Measure::L2 | Measure::InnerProduct => {
                Ok(Box::new(Tables::new(self, query, how.measure)))
            }
            other => Err(Error::unsupported(format!(
                "codes of a product quantizer are not compared by {other}"
            ))),
        }
    }
}
