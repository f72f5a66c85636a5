//! Packed codes, list by list: a list stays in a fast cache for all queries that look at it, up to four of
//! which look at its groups together.

use super::InvertedIndex;
use crate::ann::{Collector, FEWEST, Hit, Queries, Settings};
use crate::coded::BLOCK_CODES;
use crate::flat::Goal;
use anear_kernels::Level;
use anear_kernels::lookup::packed::{self, Asked, Groups, Leaving};
use anear_quant::Scorer;
use anear_types::Result;
use anear_types::parts::List;
use std::ops::Range;

/// What the tables of the queries may take that go through the lists together.
const QUERIES_BYTES: usize = 1 << 20;
/// So many of them at most.
const QUERIES_AT_ONCE: usize = 256;

/// A query and what is found for it.
struct Seeker<'a> {
    scorer: Box<dyn Scorer + 'a>,
    collector: Collector,
}

/// A query that looks at a list, and the place of the list among those of the query. As one number these are
/// sorted faster: the list in the upper half, then 9 bits for the query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Visit(u64);

const PLACE_BITS: u32 = 23;
const _: () = assert!(QUERIES_AT_ONCE <= 1 << (32 - PLACE_BITS));

impl Visit {
    fn new(list: i64, query: usize, place: usize) -> Visit {
        Visit((list as u64) << 32 | (query << PLACE_BITS | place) as u64)
    }

    fn list(self) -> i64 {
        (self.0 >> 32) as i64
    }

    fn query(self) -> usize {
        (self.0 as u32 >> PLACE_BITS) as usize
    }

    fn place(self) -> usize {
        self.0 as usize & ((1 << PLACE_BITS) - 1)
    }
}

impl InvertedIndex {
    /// Whether queries are worth going through the lists together, which look at so many of them.
    pub(super) fn is_packed_for(&self, lists: &[Vec<i64>]) -> bool {
        let is_worth_while = lists.len() >= FEWEST && self.codec.packed_bytes() > 0;
        let fits = self.lists.count() <= 1 << 31
            && lists.iter().all(|lists| lists.len() < 1 << PLACE_BITS);
        self.finds_plainly() && is_worth_while && fits
    }

    /// Scores the lists that were found for each of some queries.
    pub(super) fn search_packed(
        &self,
        queries: Queries<'_>,
        lists: &[Vec<i64>],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Vec<Hit>>> {
        let most = lists.iter().map(Vec::len).max().unwrap_or(0);
        let centers = if self.centroids.is_some() { most } else { 1 };
        let at_once = QUERIES_BYTES / (self.codec.packed_bytes() * centers.max(1));
        let at_once = at_once.clamp(FEWEST, QUERIES_AT_ONCE);
        let mut found = Vec::with_capacity(queries.len());
        for (number, lists) in lists.chunks(at_once).enumerate() {
            let first = number * at_once;
            let some = queries.range(first, first + lists.len());
            let mut seekers = self.seekers(some, lists, goal, settings)?;
            // The nearest lists first, which tell how far the nearest rows are.
            for places in [0..1, 1..most] {
                self.visit(&mut seekers, &visits(lists, places), settings);
            }
            found.extend(seekers.into_iter().map(|seeker| seeker.collector.into_hits()));
        }
        Ok(found)
    }

    fn seekers<'a>(
        &'a self,
        queries: Queries<'_>,
        lists: &[Vec<i64>],
        goal: Goal,
        settings: &Settings<'_>,
    ) -> Result<Vec<Seeker<'a>>> {
        let mut seekers = Vec::with_capacity(lists.len());
        for (query, lists) in queries.iter().zip(lists) {
            let mut scorer = self.scorer(query, settings)?;
            scorer.announce(&self.centers(lists));
            seekers.push(Seeker { scorer, collector: Collector::new(goal, self.how) });
        }
        Ok(seekers)
    }

    fn visit(&self, seekers: &mut [Seeker<'_>], visits: &[Visit], settings: &Settings<'_>) {
        let mut leaving = Leaving::default();
        // A list that a query is told to look at twice is taken twice.
        let is_beside = |visit: &Visit, next: &Visit| {
            visit.list() == next.list() && visit.query() < next.query()
        };
        for visits in visits.chunk_by(is_beside) {
            let Some(list) = self.lists.get(visits[0].list()) else { continue };
            let mut visitors = picked(seekers, visits.iter().map(|visit| visit.query()));
            if let Some(center) = self.center(list.number) {
                for (seeker, visit) in visitors.iter_mut().zip(visits) {
                    seeker.scorer.center_at(visit.place(), center);
                }
            }
            let ids = list.ids.bytes().as_chunks().0;
            self.look_together(&mut visitors, list, &mut leaving, |at| {
                let id = i64::from_le_bytes(ids[at]);
                settings.keeps(id).then_some(id)
            });
        }
    }

    /// Looks at the groups of a list for several queries.
    fn look_together(
        &self,
        visitors: &mut [&mut Seeker<'_>],
        list: &List,
        leaving: &mut Leaving,
        id: impl Fn(usize) -> Option<i64> + Copy,
    ) {
        let mut split = Vec::with_capacity(visitors.len());
        for Seeker { scorer, collector } in visitors.iter_mut().map(|seeker| &mut **seeker) {
            // Of four queries one is likely to be near to something in a group, so that a rough look seldom spares the
            // exact one.
            let tables = scorer.packed(false).expect("tables for each query");
            split.push((tables, collector.limit(), collector.taker(id)));
        }
        let mut asked: Vec<Asked<'_>> = split
            .iter_mut()
            .map(|(tables, limit, taker)| Asked {
                tables: *tables,
                limit: *limit,
                leaving: *leaving,
                taker,
            })
            .collect();
        for first in (0..list.ids.len()).step_by(BLOCK_CODES) {
            let count = BLOCK_CODES.min(list.ids.len() - first);
            let groups = Groups::Packed(self.codes_of(list, first, count));
            packed::near(Level::best(), &mut asked, groups, count, first);
        }
        *leaving = asked[0].leaving;
    }
}

/// Who looks at what, of the lists at some places of each query, list by list.
fn visits(lists: &[Vec<i64>], places: Range<usize>) -> Vec<Visit> {
    let mut visits = Vec::with_capacity(lists.len() * places.len());
    for (query, lists) in lists.iter().enumerate() {
        let those = lists.iter().enumerate().take(places.end).skip(places.start);
        visits.extend(those.map(|(place, list)| Visit::new(*list, query, place)));
    }
    visits.sort_unstable();
    visits
}

/// Those at some places, which ascend.
fn picked<T>(all: &mut [T], places: impl Iterator<Item = usize>) -> Vec<&mut T> {
    let mut all = all.iter_mut();
    let mut next = 0;
    let picked = places.map(|place| {
        let one = all.nth(place - next).expect("a place in the slice");
        next = place + 1;
        one
    });
    picked.collect()
}
