//! Searching: near to a vector, matching a text, or both.

use super::filter::Passed;
use super::learning::pays;
use super::picture::Picture;
use super::request::condition_ms;
use super::{
    Collection, CollectionHit, CollectionReply, CollectionSearch, Sought, retrying, shown,
};
use crate::{CollectionColumn, Error, Goal, Ids, NonFinite, Result};
use anear_index::{Keep, Plan};
use anear_store::{Moment, StoredRow};
use anear_types::{Block, MatrixRef, Neighbor};
use std::collections::HashMap;

/// What reciprocal rank fusion adds to each rank, after Cormack, Clarke and Buettcher (SIGIR 2009).
const RANK_OFFSET: f64 = 60.0;
/// A hybrid search fuses so many times as many hits as asked for ..
const FUSED_FACTOR: usize = 4;
/// .. but no fewer than this.
const LEAST_FUSED: usize = 100;

impl Collection {
    /// For each query its hits, the nearest first, with their metadata: exactly `k` where so many
    /// rows pass.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if the dimension is another, an id or column is not
    /// there, or a condition cannot be evaluated; [`BadData`](crate::ErrorKind::BadData) if a query
    /// is not finite; [`Limit`](crate::ErrorKind::Limit) if a condition takes too long;
    /// [`Interrupted`](crate::ErrorKind::Interrupted).
    pub fn search(
        &self,
        sought: &Sought<'_>,
        request: &CollectionSearch<'_>,
    ) -> Result<CollectionReply> {
        let reply = retrying(|| self.search_once(sought, request));
        reply.map_err(|error| error.at_path(self.path()))
    }

    fn search_once(
        &self,
        sought: &Sought<'_>,
        request: &CollectionSearch<'_>,
    ) -> Result<CollectionReply> {
        let condition = request.condition.as_ref();
        let (moment, picture, passed) = self.shared.filtered(&self.store, condition)?;
        let search = Search { moment: &moment, picture: &picture, passed: &passed, request };
        let found = match sought {
            Sought::Vectors(queries) => search.near(*queries, request.goal)?,
            Sought::Ids(ids) => search.near(search.vectors_of(ids)?.matrix(), request.goal)?,
            Sought::Text(text) => vec![search.matching(text, search.k()?)?],
            Sought::Hybrid { vector, text } => vec![search.both(*vector, text)?],
        };
        let columns = shown(&picture.known, request.show)?;
        let exact = search.is_exact(sought);
        let to_learn = pays(&*picture.structure) || self.shared.is_wanting();
        drop(picture);
        if to_learn {
            self.learning.begin(&self.store, &self.shared);
        }
        let hits = |found: Vec<Neighbor>| self.hits(&moment, &columns, &found);
        let results = found.into_iter().map(hits).collect::<Result<_>>()?;
        Ok(CollectionReply { exact, columns, results })
    }

    fn hits(
        &self,
        moment: &Moment,
        columns: &[CollectionColumn],
        found: &[Neighbor],
    ) -> Result<Vec<CollectionHit>> {
        let rows: Vec<u64> = found.iter().map(|neighbor| neighbor.row).collect();
        let hit = |(neighbor, stored): (&Neighbor, Option<_>)| {
            let Neighbor { row, distance } = *neighbor;
            let StoredRow { id, values } = stored.ok_or_else(|| self.damaged(row))?;
            Ok(CollectionHit { row, id, distance, metadata: values })
        };
        found.iter().zip(moment.rows(&rows, columns)?).map(hit).collect()
    }
}

/// A search at one moment.
struct Search<'a> {
    moment: &'a Moment,
    picture: &'a Picture,
    passed: &'a Passed,
    request: &'a CollectionSearch<'a>,
}

impl Search<'_> {
    fn near(&self, queries: MatrixRef<'_>, goal: Goal) -> Result<Vec<Vec<Neighbor>>> {
        let plan = Plan {
            goal,
            keep: self.keep(),
            nonfinite: NonFinite::Refuse,
            exact: self.request.exact,
            threads: self.request.threads,
            interrupt: self.request.interrupt,
        };
        self.picture.structure.search(queries, &plan)
    }

    /// Whether no near row can be missing.
    fn is_exact(&self, sought: &Sought<'_>) -> bool {
        let is_by_text = matches!(sought, Sought::Text(_));
        let is_within = matches!(self.request.goal, Goal::Within { .. });
        is_by_text || is_within || self.request.exact || self.picture.structure.info().is_exact
    }

    fn keep(&self) -> Keep<'_> {
        self.passed.keep()
    }

    /// The vectors of rows by id, as queries.
    fn vectors_of(&self, ids: &Ids) -> Result<Block> {
        let rows = self.picture.structure.rows();
        let mut vectors = Block::try_new(rows.element(), rows.dim(), ids.len())?;
        for (position, row) in self.moment.rows_of(ids)?.into_iter().enumerate() {
            let missing =
                || Error::usage(format!("there is no row with the id {}", ids.get(position)));
            let row = row.ok_or_else(missing)?;
            if row >= rows.len() {
                return Err(Error::malformed(format!("row {row} has no vector")));
            }
            vectors.push_row(rows.row(row).bytes());
        }
        Ok(vectors)
    }

    fn k(&self) -> Result<usize> {
        match self.request.goal {
            Goal::Nearest { k: 0 } => {
                Err(Error::usage("k is 0").help("ask for one neighbour at least"))
            }
            Goal::Nearest { k } => Ok(k),
            Goal::Within { .. } => Err(Error::usage("a search for text has no radius")),
        }
    }

    fn matching(&self, text: &str, most: usize) -> Result<Vec<Neighbor>> {
        let passes = |row| self.passed.contains(row);
        let found = self.moment.matching(text, most, condition_ms(), passes)?;
        Ok(found.into_iter().map(|(row, distance)| Neighbor { row, distance }).collect())
    }

    /// Hits by vector and by text, fused.
    fn both(&self, vector: MatrixRef<'_>, text: &str) -> Result<Vec<Neighbor>> {
        let k = self.k()?;
        if vector.rows() != 1 {
            let what = format!("{} vectors and one text", vector.rows());
            return Err(Error::usage(what).help("search with one vector and one text"));
        }
        let most = k.saturating_mul(FUSED_FACTOR).max(LEAST_FUSED);
        let near = self.near(vector, Goal::Nearest { k: most })?.swap_remove(0);
        let matching = self.matching(text, most)?;
        let mut fused = fuse(&[near, matching]);
        fused.truncate(k);
        Ok(fused)
    }
}

/// Reciprocal rank fusion: the distance is minus the sum of `1 / (60 + rank)`, ranks from 1.
fn fuse(rankings: &[Vec<Neighbor>]) -> Vec<Neighbor> {
    let mut scores: HashMap<u64, f64> = HashMap::new();
    for ranking in rankings {
        for (position, neighbor) in ranking.iter().enumerate() {
            *scores.entry(neighbor.row).or_default() -= 1.0 / (RANK_OFFSET + 1.0 + position as f64);
        }
    }
    let mut fused: Vec<Neighbor> =
        scores.into_iter().map(|(row, distance)| Neighbor { row, distance }).collect();
    fused.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_high_in_both_rankings_come_first() {
        let ranking = |rows: &[u64]| -> Vec<Neighbor> {
            rows.iter().map(|row| Neighbor { row: *row, distance: 0.0 }).collect()
        };
        let fused = fuse(&[ranking(&[5, 7, 9]), ranking(&[7, 3])]);
        let rows: Vec<u64> = fused.iter().map(|neighbor| neighbor.row).collect();
        assert_eq!(rows, [7, 5, 3, 9]);
        assert_eq!(fused[0].distance, -(1.0 / 62.0 + 1.0 / 61.0));
    }
}
