//! Codes of 4-bit numbers in groups of 32, scored by tables that are rounded to bytes.

use super::Product;
use super::centers::Centers;
use super::rounded::Rounded;
use crate::codec::{Codec, How, Query, Scorer};
use crate::packed::{GROUP, Layout, number_at};
use anear_types::parts::ProductParts;
use anear_types::{Error, Measure, Result};

/// A product quantizer whose codes lie together, as FAISS's fast scan has them.
///
/// Each 32 codes lie as in [`Blocks`](anear_types::parts::Blocks) of 32 rows; a last group is filled up.
#[derive(Clone, Debug)]
pub struct Packed {
    product: Product,
    /// What codes are differences to, where that is known.
    centers: Centers,
}

impl Packed {
    /// A quantizer that has its centroids.
    ///
    /// # Panics
    /// If numbers of centroids have other than 4 bits, or as [`Product::new`].
    pub fn new(dim: usize, parts: &ProductParts) -> Packed {
        assert_eq!(parts.bits, 4);
        Packed { product: Product::new(dim, parts), centers: Centers::default() }
    }

    fn layout(&self) -> Layout {
        Layout::of_groups(self.code_bytes(), self.code_bytes())
    }
}

impl Codec for Packed {
    fn dim(&self) -> usize {
        self.product.dim()
    }

    fn code_bytes(&self) -> usize {
        self.product.code_bytes()
    }

    fn codes_together(&self) -> usize {
        GROUP
    }

    fn packed_bytes(&self) -> usize {
        self.product.table_entries()
    }

    fn see_centers(&mut self, centers: &[f32]) {
        assert!(centers.len().is_multiple_of(self.dim()));
        self.centers = Centers::new(centers, self.dim(), self.product.table_entries());
    }

    fn is_lossless(&self) -> bool {
        false
    }

    fn decode(&self, codes: &[u8], rows: &mut [f32]) {
        assert!(rows.len().is_multiple_of(self.dim()));
        let count = rows.len() / self.dim();
        assert_eq!(codes.len(), count.next_multiple_of(GROUP) * self.code_bytes());
        self.product.decode(&self.layout().unpack(codes, count), rows);
    }

    fn decode_at(&self, codes: &[u8], number: usize, row: &mut [f32]) {
        let group_bytes = GROUP * self.code_bytes();
        let group = &codes[number / GROUP * group_bytes..][..group_bytes];
        let numbers = (0..self.product.parts).map(|part| number_at(group, number % GROUP, part));
        self.product.decode_numbers(numbers.map(usize::from), row);
    }

    fn encode(&self, rows: &[f32], codes: &mut [u8]) {
        assert!(rows.len().is_multiple_of(self.dim()));
        let mut plain = vec![0; rows.len() / self.dim() * self.code_bytes()];
        self.product.encode(rows, &mut plain);
        codes.copy_from_slice(&self.layout().pack(&plain));
    }

    fn scorer<'a>(&'a self, query: Query<'_>, how: How) -> Result<Box<dyn Scorer + 'a>> {
        let query = query.floats();
        assert_eq!(query.len(), self.dim());
        match how.measure {
            Measure::L2 | Measure::InnerProduct => {
                Ok(Box::new(Rounded::new(&self.product, &self.centers, query, how.measure)))
            }
            other => Err(Error::unsupported(format!(
                "codes of a product quantizer are not compared by {other}"
            ))),
        }
    }
}
