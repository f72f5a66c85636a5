//! Codes beside the floats in lists, from when it has paid to have them.

use super::lists::Lists;
use crate::coded::screen::{Asked, Codes, Coding, all_finite, matrix, metric_of};
use anear_quant::{Codec, How};
use anear_types::Metric;
use std::sync::OnceLock;

/// Fewer components are in a fast cache anyway.
const FEWEST_COMPONENTS: u64 = 1 << 18;

/// Codes of all lists, if they were made.
pub(super) struct Screen {
    metric: Metric,
    rows: u64,
    asked: Asked,
    /// `None` inside where there are rows that are not finite.
    coded: OnceLock<Option<CodedLists>>,
}

/// The codes of all lists.
pub(super) struct CodedLists {
    pub(super) coding: Coding,
    /// By the numbers of the lists.
    lists: Vec<Option<Codes>>,
}

impl Screen {
    /// Prepares for lists of floats; `None` for other codes, and where it is not worth while.
    pub(super) fn new(codec: &dyn Codec, how: How, rows: u64) -> Option<Screen> {
        let is_large = rows.saturating_mul(codec.dim() as u64) > FEWEST_COMPONENTS;
        let metric = metric_of(how).filter(|_| codec.is_raw() && is_large)?;
        Some(Screen { metric, rows, asked: Asked::default(), coded: OnceLock::new() })
    }

    /// The codes for a query, if it is finite and there were enough.
    pub(super) fn for_query(&self, lists: &Lists, query: &[f32]) -> Option<&CodedLists> {
        let has_paid = self.asked.for_some(self.rows);
        if !has_paid || !all_finite(query) {
            return None;
        }
        let encode = || {
            let filled = lists.filled();
            let rows: Vec<_> = filled.iter().map(|list| matrix(&list.codes, query.len())).collect();
            let coding = Coding::new(self.metric, &rows)?;
            let mut lists = Vec::new();
            lists.resize_with(filled.last()?.number + 1, || None);
            for (list, rows) in filled.iter().zip(rows) {
                lists[list.number] = Some(coding.encode(rows));
            }
            Some(CodedLists { coding, lists })
        };
        self.coded.get_or_init(encode).as_ref()
    }
}

impl CodedLists {
    pub(super) fn list(&self, number: usize) -> Option<&Codes> {
        self.lists.get(number)?.as_ref()
    }
}
