//! Which rows meet a condition: by the columns in memory where those can tell, else by SQLite.

use super::picture::{Current, Picture, Shared};
use super::{Condition, rows_where};
use crate::Result;
use anear_filter::Passing;
use anear_index::{Keep, RowSet};
use anear_store::{Moment, Store};

/// Of so many rows, one passes: then a list of them is shorter than a bit for each.
const LISTED_SHARE: u64 = 64;

/// The rows that pass.
#[derive(Debug)]
pub(super) enum Passed {
    /// All.
    All,
    /// Those on a list, rising.
    Listed(Vec<u64>),
    /// Those in a set.
    Set(RowSet),
}

impl Passed {
    /// As a search wants it.
    pub(super) fn keep(&self) -> Keep<'_> {
        match self {
            Passed::All => Keep::All,
            Passed::Listed(rows) => Keep::Listed(rows),
            Passed::Set(set) => Keep::Set(set),
        }
    }

    /// Whether a row passes.
    pub(super) fn contains(&self, row: u64) -> bool {
        match self {
            Passed::All => true,
            Passed::Listed(rows) => rows.binary_search(&row).is_ok(),
            Passed::Set(set) => set.contains(row),
        }
    }

    /// Rows on a list, rising, of so many.
    fn of_rows(listed: Vec<u64>, rows: u64) -> Passed {
        if listed.len() as u64 * LISTED_SHARE <= rows {
            return Passed::Listed(listed);
        }
        let mut set = RowSet::none_of(rows);
        for row in listed.into_iter().filter(|row| *row < rows) {
            set.insert(row);
        }
        Passed::Set(set)
    }

    fn of(passing: &Passing) -> Passed {
        if passing.count() * LISTED_SHARE <= passing.rows() {
            return Passed::Listed(passing.iter().collect());
        }
        Passed::Set(RowSet::from_words(passing.words().to_vec(), passing.rows()))
    }
}

impl Shared {
    /// A moment, its picture, and the rows that pass a condition.
    pub(super) fn filtered(
        &self,
        store: &Store,
        condition: Option<&Condition<'_>>,
    ) -> Result<(Moment, Current<'_>, Passed)> {
        let (moment, picture) = self.now(store)?;
        let passed = match condition {
            None => Passed::All,
            Some(condition) => match self.in_memory(&picture, condition) {
                Some(passing) => Passed::of(&passing),
                None => Passed::of_rows(rows_where(&moment, condition)?, moment.marks().next_row),
            },
        };
        Ok((moment, picture, passed))
    }

    /// What the columns in memory tell of a condition; `None` if SQLite has to be asked.
    fn in_memory(&self, picture: &Picture, condition: &Condition<'_>) -> Option<Passing> {
        let parsed = anear_filter::Condition::parse(condition.sql)?;
        let missing = picture.columns.missing(&parsed)?;
        if !missing.is_empty() {
            // They are read in the background, for the next search.
            self.want(missing);
            return None;
        }
        parsed.evaluate(condition.params, &picture.columns)
    }
}
