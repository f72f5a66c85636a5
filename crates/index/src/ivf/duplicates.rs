//! Rows that are equal to one in the lists, and not in the lists themselves.

use crate::ann::{Hit, TakeRows};
use crate::flat::Goal;
use anear_types::Result;
use anear_types::parts::Integers;
use std::collections::HashMap;

/// The ids of rows by the id of the equal one in the lists.
pub(super) struct Duplicates {
    by_original: HashMap<i64, Vec<i64>>,
    originals: HashMap<i64, i64>,
}

impl Duplicates {
    /// Pairs of an id in the lists and one that is not.
    pub(super) fn new(pairs: &Integers) -> Duplicates {
        let (mut by_original, mut originals) = (HashMap::<_, Vec<i64>>::new(), HashMap::new());
        for (original, id) in pairs.iter().step_by(2).zip(pairs.iter().skip(1).step_by(2)) {
            by_original.entry(original).or_default().push(id);
            originals.insert(id, original);
        }
        by_original.values_mut().for_each(|ids| ids.sort_unstable());
        Duplicates { by_original, originals }
    }

    /// The id in the lists of a row equal to this one.
    pub(super) fn original(&self, id: i64) -> i64 {
        self.originals.get(&id).copied().unwrap_or(id)
    }

    /// Hits with their duplicates behind them, no more than wanted.
    pub(super) fn beside(&self, found: &[Hit], goal: Goal) -> Vec<Hit> {
        let wanted = if let Goal::Nearest { k } = goal { k } else { usize::MAX };
        let with_duplicates = |hit: &Hit| {
            let duplicates = self.by_original.get(&hit.id).into_iter().flatten();
            let (id, score) = (hit.id, hit.score);
            std::iter::once(id).chain(duplicates.copied()).map(move |id| Hit { id, score })
        };
        found.iter().flat_map(with_duplicates).take(wanted).collect()
    }

    /// Passes on the duplicates of rows with these ids.
    pub(super) fn each_rows(
        &self,
        ids: &[i64],
        rows: &[f32],
        take: &mut TakeRows<'_>,
    ) -> Result<()> {
        for (id, row) in ids.iter().zip(rows.chunks_exact(rows.len() / ids.len())) {
            for duplicate in self.by_original.get(id).into_iter().flatten() {
                take(&[*duplicate], row)?;
            }
        }
        Ok(())
    }
}
