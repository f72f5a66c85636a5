//! Ids for the rows of an index that numbers them.

use crate::ann::{AnnIndex, Hit, Queries, Settings, TakeRows};
use crate::coded::no_row;
use crate::flat::Goal;
use anear_quant::How;
use anear_types::parts::Integers;
use anear_types::{Error, Result};
use std::collections::HashMap;
use std::sync::OnceLock;

/// An index whose rows have ids of their own.
pub(crate) struct Mapped {
    inner: Box<dyn AnnIndex>,
    ids: Integers,
    /// The number of the row with an id, found when first asked for.
    numbers: OnceLock<HashMap<i64, i64>>,
}

impl Mapped {
    pub(crate) fn new(inner: Box<dyn AnnIndex>, ids: Integers) -> Mapped {
        Mapped { inner, ids, numbers: OnceLock::new() }
    }

    /// The id of the row that the inner index calls so.
    fn id(&self, number: i64) -> Option<i64> {
        usize::try_from(number).ok().and_then(|number| self.ids.get(number))
    }

    fn known_id(&self, number: i64) -> Result<i64> {
        let rows = self.ids.len();
        let unknown = || Error::malformed(format!("row {number} of {rows} was found"));
        self.id(number).ok_or_else(unknown)
    }
}

impl AnnIndex for Mapped {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn rows(&self) -> u64 {
        self.inner.rows()
    }

    fn how(&self) -> How {
        self.inner.how()
    }

    fn search(
        &self,
        queries: Queries<'_>,
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let keep_number = |number| self.id(number).is_some_and(|id| settings.keeps(id));
        let mut inner_settings = *settings;
        if settings.keep.is_some() {
            inner_settings.keep = Some(&keep_number);
        }
        let mut found = self.inner.search(queries, goal, &inner_settings)?;
        for hit in found.iter_mut().flatten() {
            hit.id = self.known_id(hit.id)?;
        }
        Ok(found)
    }

    fn reconstruct(&self, id: i64, row: &mut [f32]) -> Result<()> {
        let numbers =
            self.numbers.get_or_init(|| self.ids.iter().zip(0..).collect::<HashMap<_, _>>());
        self.inner.reconstruct(*numbers.get(&id).ok_or_else(|| no_row(id))?, row)
    }

    fn each_rows(&self, take: &mut TakeRows<'_>) -> Result<()> {
        self.inner.each_rows(&mut |numbers, rows| {
            let ids = numbers.iter().map(|number| self.known_id(*number));
            take(&ids.collect::<Result<Vec<i64>>>()?, rows)
        })
    }

    fn is_lossless(&self) -> bool {
        self.inner.is_lossless()
    }
}
