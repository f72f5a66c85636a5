//! Which items a search may find, beyond what Annoy can do.

use crate::error::Result;
use crate::filter::Filter;
use anear::forest::{Ask, Forest};
use anear::{Error, Ids, Keep, RowSet};
use pyo3::prelude::*;

/// Items that may be found.
pub(super) enum Passing {
    All,
    Mask(RowSet),
    /// Ascending.
    Listed(Vec<u64>),
}

impl Passing {
    /// `None` for all, one truth value an item, or the numbers of some.
    pub(super) fn of(filter: Option<&Bound<'_, PyAny>>) -> Result<Passing> {
        Ok(match Filter::of(filter, None)? {
            Filter::All => Passing::All,
            Filter::Mask(mask) => Passing::Mask(mask),
            Filter::Rows(rows) => listed(rows),
            Filter::Ids(Ids::Ints(items)) => {
                listed(items.into_iter().filter_map(|item| u64::try_from(item).ok()).collect())
            }
            Filter::Ids(Ids::Texts(_)) => {
                let error = Error::usage("items have numbers, the filter holds strings");
                return Err(error.into());
            }
        })
    }
}

/// What is asked for each vector, with Annoy's numbers.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) n: i32,
    pub(super) search_k: i32,
    pub(super) passing: &'a Passing,
}

impl<'a> Question<'a> {
    /// The same for a forest: with a filter, exactly `n` items if so many pass it.
    ///
    /// # Errors
    /// [`Usage`](anear::ErrorKind::Usage) if there is not one truth value an item.
    pub(super) fn ask(&self, forest: &Forest) -> anear::Result<Ask<'a>> {
        let keep = match self.passing {
            Passing::All => Keep::All,
            Passing::Mask(mask) if mask.rows() != forest.len() as u64 => {
                let (flags, items) = (mask.rows(), forest.len());
                let what = format!("the filter has {flags} truth values, there are {items} items");
                return Err(Error::usage(what));
            }
            Passing::Mask(mask) => Keep::Set(mask),
            Passing::Listed(items) => Keep::Listed(items),
        };
        let fill = !matches!(keep, Keep::All);
        // A negative count is a huge one in Annoy, that is, all.
        Ok(Ask { count: self.n as usize, search_k: self.search_k, fill, keep })
    }
}

fn listed(mut items: Vec<u64>) -> Passing {
    items.sort_unstable();
    items.dedup();
    Passing::Listed(items)
}
