//! Rows that are equal to one in the lists, and not in the lists themselves.

use crate::ann::Hit;
use crate::flat::Goal;
use anear_types::parts::Integers;
use std::collections::HashMap;

/// The ids of rows by the id of the equal one in the lists.
pub(super) struct Duplicates {
    by_original: HashMap<i64, Vec<i64>>,
    originals: HashMap<i64, i64>,
    pairs: Integers,
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
        Duplicates { by_original, originals, pairs: pairs.clone() }
    }

    /// The id of one of the rows.
    pub(super) fn id(&self, number: u64) -> Option<i64> {
        self.pairs.get(2 * usize::try_from(number).ok()? + 1)
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
}
