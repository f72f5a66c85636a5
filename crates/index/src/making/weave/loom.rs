//! Batches of rows that come into a graph.

use super::links::Links;
use super::seek::{self, Seeker};
use super::space::{self, Space};
use crate::ann::AnnIndex;
use crate::graph::Scored;
use anear_quant::{Query, Work};
use anear_types::Result;
use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

/// Which share of the room is left free when neighbours have competed for it, as in FAISS.
const HEADROOM: f32 = 0.2;
/// Rows that a thread takes at a time.
const ROWS_AT_ONCE: usize = 4;

/// A graph that is being woven.
pub(super) struct Loom<'a> {
    pub(super) links: Links,
    index: &'a dyn AnnIndex,
    space: Space,
    /// How many rows are looked at for new neighbours.
    effort: usize,
    /// Memory that no thread uses.
    idle: Mutex<Vec<Scratch>>,
}

#[derive(Default)]
struct Scratch {
    seek: seek::Scratch,
    space: space::Scratch,
}

/// A row that comes in.
pub(super) struct Newcomer<'a> {
    pub(super) row: u32,
    /// Its highest level.
    pub(super) level: usize,
    pub(super) query: Query<'a>,
}

/// The neighbours of a row on a level.
struct Neighbors {
    row: u32,
    level: usize,
    rows: Vec<u32>,
}

impl<'a> Loom<'a> {
    pub(super) fn new(
        index: &'a dyn AnnIndex,
        space: Space,
        links: Links,
        effort: usize,
    ) -> Loom<'a> {
        Loom { links, index, space, effort, idle: Mutex::default() }
    }

    /// Weaves in some rows, which do not see each other.
    pub(super) fn add(&mut self, newcomers: Vec<Newcomer<'_>>, work: &Work<'_>) -> Result<()> {
        let found =
            self.side_by_side(&newcomers, work, |newcomer, scratch| self.near(newcomer, scratch))?;
        let found = found.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten();
        let mut offers = Vec::new();
        for Neighbors { row, level, rows } in found {
            self.links.set(row, level, rows.iter().copied());
            offers.extend(rows.into_iter().map(|to| (level, to, row)));
        }
        self.offer(offers, work)?;
        for newcomer in newcomers {
            if self.links.entry.is_none_or(|(_, max_level)| newcomer.level > max_level) {
                self.links.entry = Some((newcomer.row, newcomer.level));
            }
        }
        Ok(())
    }

    /// What becomes of each of some things, in their order.
    fn side_by_side<T: Sync, U: Send>(
        &self,
        items: &[T],
        work: &Work<'_>,
        job: impl Fn(&T, &mut Scratch) -> U + Sync,
    ) -> Result<Vec<U>> {
        let mut done: Vec<Option<U>> = items.iter().map(|_| None).collect();
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces = items.chunks(ROWS_AT_ONCE).zip(done.chunks_mut(ROWS_AT_ONCE)).collect();
        work.for_each(pieces, |(items, places): (&[T], &mut [Option<U>])| {
            let mut scratch = idle().pop().unwrap_or_default();
            for (item, place) in items.iter().zip(places) {
                *place = Some(job(item, &mut scratch));
            }
            idle().push(scratch);
        })?;
        Ok(done.into_iter().flatten().collect())
    }

    /// Which rows become neighbours of a new one, on each level.
    fn near(&self, newcomer: &Newcomer<'_>, scratch: &mut Scratch) -> Result<Vec<Neighbors>> {
        let Some((entry, max_level)) = self.links.entry else { return Ok(Vec::new()) };
        let (links, scorer) = (&self.links, self.index.bounded_scorer(newcomer.query)?);
        let mut seeker = Seeker { links, scorer, scratch: &mut scratch.seek };
        let nearest = seeker.descend(entry, max_level, newcomer.level);
        let mut near = Vec::new();
        for level in (0..=max_level.min(newcomer.level)).rev() {
            let room = links.room(level);
            let mut found = seeker.search(nearest, level, self.effort);
            if found.len() >= room {
                found = self.space.choose(found, room, &mut scratch.space);
            }
            found.sort_unstable_by_key(|found| Reverse(*found));
            near.push(Neighbors { row: newcomer.row, level, rows: rows(&found) });
        }
        Ok(near)
    }

    /// Makes rows the neighbours of others; where there is no more room, all neighbours compete with them.
    fn offer(&mut self, mut offers: Vec<(usize, u32, u32)>, work: &Work<'_>) -> Result<()> {
        offers.sort_by_key(|(level, to, _)| (*level, *to));
        let mut crowded = Vec::new();
        for offers in offers.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)) {
            let (level, row, _) = offers[0];
            let new = offers.iter().map(|(.., new)| *new);
            if !self.links.append(row, level, new.clone()) {
                let rows = new.chain(self.links.neighbors(row, level)).collect();
                crowded.push(Neighbors { row, level, rows });
            }
        }
        let settled = self.side_by_side(&crowded, work, |crowded, scratch| {
            let room = (self.links.room(crowded.level) as f32 * (1.0 - HEADROOM)) as usize;
            let rivals = crowded.rows.iter().copied();
            rows(&self.space.compete(crowded.row, rivals, room, &mut scratch.space))
        })?;
        for (Neighbors { row, level, .. }, rows) in crowded.into_iter().zip(settled) {
            self.links.set(row, level, rows.into_iter());
        }
        Ok(())
    }
}

/// The rows without their scores.
fn rows(scored: &[Scored]) -> Vec<u32> {
    scored.iter().map(|scored| scored.row).collect()
}
