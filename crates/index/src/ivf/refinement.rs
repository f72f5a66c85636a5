//! A second product quantizer, for what the codes in the lists leave out.

use super::InvertedIndex;
use super::lists::Place;
use crate::ann::{AnnIndex, Collector, Hit, Settings};
use crate::composed::wider;
use crate::flat::Goal;
use anear_quant::Codec;
use anear_quant::product::Product;
use anear_types::parts::{Bytes, ProductParts};
use anear_types::{Error, Measure, Result};

/// Codes of rows 0, 1 and so on, for the differences between rows and what the lists tell of them.
pub(super) struct Refinement {
    product: Product,
    codes: Bytes,
    factor: f32,
}

impl Refinement {
    pub(super) fn new(dim: usize, product: &ProductParts, codes: Bytes, factor: f32) -> Refinement {
        Refinement { product: Product::new(dim, product), codes, factor }
    }

    /// What the lists are to be searched for.
    pub(super) fn base_goal(&self, goal: Goal, settings: &Settings<'_>) -> Goal {
        match goal {
            Goal::Nearest { k } => {
                Goal::Nearest { k: wider(k, settings.factor.unwrap_or(self.factor)) }
            }
            within => within,
        }
    }

    /// Adds what a row's code in the lists leaves out.
    pub(super) fn add_to(&self, id: i64, row: &mut [f32]) {
        let code_bytes = self.product.code_bytes();
        let mut rest = vec![0.0; row.len()];
        self.product.decode(&self.codes[id as usize * code_bytes..][..code_bytes], &mut rest);
        row.iter_mut().zip(rest).for_each(|(component, rest)| *component += rest);
    }

    /// Orders what was found in the lists, by place, by the whole of the codes.
    pub(super) fn refine(
        &self,
        index: &InvertedIndex,
        query: &[f32],
        found: &[Hit],
        goal: Goal,
    ) -> Result<Vec<Hit>> {
        if index.how().measure != Measure::L2 {
            let what = "refined inverted lists are searched by Euclidean distance only";
            return Err(Error::unsupported(what));
        }
        let mut collector = Collector::new(goal, index.how());
        let mut row = vec![0.0; query.len()];
        for hit in found {
            let Place { list, offset } = Place::unpack(hit.id);
            let list = index.lists.get(list as i64).expect("found there");
            index.decode(list, offset, &mut row);
            let squares = query.iter().zip(&row).map(|(query, row)| (query - row) * (query - row));
            collector.offer(squares.sum(), list.ids.get(offset).expect("found there"));
        }
        Ok(collector.into_hits())
    }
}
