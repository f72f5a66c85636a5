//! Which rows meet a condition: by the columns in memory where those can tell, else by SQLite.

use super::picture::{Current, Shared};
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
        let Some(condition) = condition else { return Ok((moment, picture, Passed::All)) };
        let Some(parsed) = anear_filter::Condition::parse(condition.sql) else {
            let rows = rows_where(&moment, condition)?;
            return Ok((moment, picture, Passed::Listed(rows)));
        };
        if let Some(missing) = picture.columns.missing(&parsed).filter(|names| !names.is_empty()) {
            // They are read in the background, for the next search.
            self.want(missing);
            let rows = rows_where(&moment, condition)?;
            return Ok((moment, picture, Passed::Listed(rows)));
        }
        let passed = match parsed.evaluate(condition.params, &picture.columns) {
            Some(passing) => Passed::of(&passing),
            None => Passed::Listed(rows_where(&moment, condition)?),
        };
        Ok((moment, picture, passed))
    }
}
