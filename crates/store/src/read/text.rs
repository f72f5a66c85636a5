//! Searching text.

use super::Moment;
use crate::error::sql;
use crate::sql::numbers::number;
use crate::sql::text::{TEXT_TABLE, query};
use anear_types::{Error, Result};

impl Moment {
    /// Rows that hold any word of `text` (or phrase, in double quotes), the best first by BM25, with
    /// their scores: the lower the better, as SQLite counts. Of those that `passes`, the first
    /// `most`.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if no column is searched as text;
    /// [`Limit`](anear_types::ErrorKind::Limit) if it takes longer than `time_ms`.
    pub fn matching(
        &self,
        text: &str,
        most: usize,
        time_ms: u64,
        passes: impl Fn(u64) -> bool,
    ) -> Result<Vec<(u64, f64)>> {
        if !self.columns()?.iter().any(|column| column.text) {
            return Err(self
                .locate(Error::usage("no column of this collection is searched as text").help(
                    "name columns when creating it, or with: anear index COLL --text COLUMN",
                )));
        }
        let Some(words) = query(text) else { return Ok(Vec::new()) };
        let clock = self.reader().conditions.clock();
        clock.set(time_ms);
        let found = self.first_matches(&words, most, passes);
        clock.set(u64::MAX);
        found.map_err(|error| self.locate(sql(error)))
    }

    fn first_matches(
        &self,
        words: &str,
        most: usize,
        passes: impl Fn(u64) -> bool,
    ) -> rusqlite::Result<Vec<(u64, f64)>> {
        let query = format!(
            "SELECT rowid, rank FROM {TEXT_TABLE} WHERE {TEXT_TABLE} MATCH ? ORDER BY rank, rowid"
        );
        let mut statement = self.connection().prepare_cached(&query)?;
        let mut rows = statement.query([words])?;
        let mut found = Vec::new();
        while found.len() < most {
            let Some(row) = rows.next()? else { break };
            let number = number(row, 0)?;
            if passes(number) {
                found.push((number, row.get(1)?));
            }
        }
        Ok(found)
    }
}
