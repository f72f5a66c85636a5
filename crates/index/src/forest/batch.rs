//! Searching many queries.
//!
//! A walk waits for memory most of the time: for a node, which it does not know before it has seen
//! the one above. So walks for several queries take turns: while one waits, the others go on. What
//! they find is summed up together, each item with all the queries that met it, and queries that
//! are near to each other are searched one after the other, so that they meet the same nodes and
//! items.

use super::shared::{self, Shared};
use super::walk::{End, Sides, Split, Step};
use super::{Ask, Forest, Hit, Scratch, score};
use crate::flat::side_by_side;
use crate::{Interrupt, Keep};
use anear_kernels::annoy::Sum;
use anear_kernels::{bits, convert};
use anear_types::{Error, MatrixRef, Metric, Result};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Walks that take turns.
const TURNS: usize = 16;
/// Queries a thread takes at a time.
const GROUP: usize = shared::MOST;

impl Forest {
    /// For each of some queries, one behind the other, the items nearest to it: what
    /// [`nearest`](Forest::nearest) finds for one. Threads of 0 count as 1.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if the queries have another dimension;
    /// [`Malformed`](anear_types::ErrorKind::Malformed) if a search comes across damage;
    /// [`Interrupted`](anear_types::ErrorKind::Interrupted).
    pub fn nearest_each(
        &self,
        queries: &[f32],
        ask: &Ask<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        if !queries.len().is_multiple_of(self.layout.dim) {
            let (count, dim) = (queries.len(), self.layout.dim);
            let what = format!("{count} numbers are no queries of {dim} components");
            return Err(Error::usage(what));
        }
        let mut words = vec![0; queries.len() / self.layout.dim * self.layout.length()];
        let packed = words.chunks_exact_mut(self.layout.length());
        for (query, words) in queries.chunks_exact(self.layout.dim).zip(packed) {
            self.layout.pack(query, words);
        }
        self.search_each(&words, ask, threads, interrupt)
    }

    /// For each of some items, the items nearest to it: what
    /// [`nearest_to_item`](Forest::nearest_to_item) finds for one.
    ///
    /// # Errors
    /// As for [`nearest_each`](Forest::nearest_each), or if a number is that of no item.
    pub fn nearest_to_each_item(
        &self,
        items: &[u32],
        ask: &Ask<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        let mut words = Vec::with_capacity(items.len() * self.layout.length());
        for item in items {
            words.extend_from_slice(self.nodes().vector(self.check_item(*item)?));
        }
        self.search_each(&words, ask, threads, interrupt)
    }

    /// The same for queries of any element; for `hamming`, bits as [`bits::pack`] has them.
    ///
    /// # Errors
    /// As for [`nearest_each`](Forest::nearest_each); and
    /// [`BadData`](anear_types::ErrorKind::BadData) if a query is not finite.
    pub fn nearest_rows(
        &self,
        queries: MatrixRef<'_>,
        ask: &Ask<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        self.layout.metric.check_rows(queries)?;
        let level = self.arithmetic.level();
        let length = self.layout.length();
        if self.layout.metric == Metric::Hamming {
            let bits = bits::bits(queries.element(), queries.dim());
            if 2 * bits::words(bits) != length {
                let what = format!("the queries have {bits} bits, the items {}", self.layout.dim);
                return Err(Error::usage(what));
            }
            let mut packed = Vec::new();
            bits::pack(level, queries, &mut packed).expect("the queries were checked");
            return self.search_each(bytemuck::cast_slice(&packed), ask, threads, interrupt);
        }
        if queries.dim() != length {
            let what = format!("the queries have {} components, the items {length}", queries.dim());
            return Err(Error::usage(what));
        }
        let mut values = vec![0.0; queries.rows() * length];
        convert::to_f32(level, queries, &mut values);
        self.search_each(bytemuck::cast_slice(&values), ask, threads, interrupt)
    }

    /// The same for queries as items have them.
    pub(super) fn search_each(
        &self,
        queries: &[u32],
        ask: &Ask<'_>,
        threads: usize,
        interrupt: Option<Interrupt<'_>>,
    ) -> Result<Vec<Vec<Hit>>> {
        let order = self.order(queries);
        let threads = threads.max(1);
        let size = order.len().div_ceil(threads).clamp(1, GROUP);
        let groups: Vec<&[u32]> = order.chunks(size).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = |interrupt: Option<Interrupt<'_>>| -> Result<Vec<(u32, Vec<Hit>)>> {
            let mut desk = Desk::default();
            let mut done = Vec::new();
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(group) = groups.get(position) else { return Ok(done) };
                if failed.load(Ordering::Relaxed) || interrupt.is_some_and(|asked| asked()) {
                    failed.store(true, Ordering::Relaxed);
                    return Err(Error::interrupted());
                }
                let found = self.search_group(queries, group, ask, &mut desk);
                let found = found.inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
                done.extend(group.iter().copied().zip(found));
            }
        };
        let work = &work;
        let threads = threads.min(groups.len().max(1));
        // The interrupt is asked on the caller's own thread, as signal handlers of Python want it.
        let tasks = (0..threads).map(|at| move || work(interrupt.filter(|_| at == 0)));
        let mut answers = vec![Vec::new(); order.len()];
        let mut error = None::<Error>;
        for outcome in side_by_side(tasks) {
            match outcome {
                Ok(done) => done.into_iter().for_each(|(at, found)| answers[at as usize] = found),
                // One that was only stopped says nothing about why.
                Err(other) if error.as_ref().is_none_or(is_interrupted) => error = Some(other),
                Err(_) => {}
            }
        }
        match error {
            Some(error) => Err(error),
            None => Ok(answers),
        }
    }

    /// Searches some of the queries.
    fn search_group(
        &self,
        queries: &[u32],
        group: &[u32],
        ask: &Ask<'_>,
        desk: &mut Desk,
    ) -> Result<Vec<Vec<Hit>>> {
        let (nodes, end, length) = (self.nodes(), self.end(ask), self.layout.length());
        let is_scanned = self.scanned(ask.keep, end);
        let Desk { scratches, turns, shared } = desk;
        scratches.resize_with(scratches.len().max(group.len()), Scratch::default);
        let scratches = &mut scratches[..group.len()];
        for (scratch, query) in scratches.iter_mut().zip(group) {
            scratch.query.clear();
            scratch.query.extend_from_slice(&queries[*query as usize * length..][..length]);
            scratch.walk.begin(nodes, &self.roots);
            if is_scanned {
                scratch.walk.take(self.items, ask.keep);
            }
        }
        if !is_scanned {
            for scratches in scratches.chunks_mut(TURNS) {
                self.walk_together(scratches, ask.keep, end, turns)?;
            }
        }
        if self.layout.metric == Metric::Hamming {
            let nearest = |scratch| score::nearest(nodes, self.arithmetic, scratch, ask.count);
            return Ok(scratches.iter_mut().map(nearest).collect());
        }
        shared.measure(nodes, self.arithmetic, scratches);
        let rank = |scratch| score::rank(self.layout.metric, scratch, ask.count);
        Ok(scratches.iter_mut().map(rank).collect())
    }

    /// Lets the walks of some scratches go on by turns until all have ended.
    fn walk_together(
        &self,
        scratches: &mut [Scratch],
        keep: Keep<'_>,
        end: End,
        turns: &mut Turns,
    ) -> Result<()> {
        let (nodes, arithmetic, level) = (self.nodes(), self.arithmetic, self.arithmetic.level());
        let (layout, length) = (self.layout, self.layout.length());
        let Turns { queries, walking, splits, query_starts, starts, products } = turns;
        queries.clear();
        scratches.iter().for_each(|scratch| queries.extend_from_slice(&scratch.query));
        walking.clear();
        walking.extend(0..scratches.len());
        while !walking.is_empty() {
            splits.clear();
            let mut failed = None;
            walking.retain(|at| match scratches[*at].walk.step(nodes, keep, end) {
                Ok(Step::Split(split)) => {
                    splits.push((*at, split));
                    true
                }
                Ok(Step::Items) => true,
                Ok(Step::End) => false,
                Err(error) => {
                    failed = Some(error);
                    false
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
            if layout.metric == Metric::Hamming {
                for (at, split) in &*splits {
                    let Scratch { walk, query, .. } = &mut scratches[*at];
                    walk.branch(*split, Sides::of_bit(nodes, query, *split)?);
                }
            } else {
                query_starts.clear();
                query_starts.extend(splits.iter().map(|(at, _)| at * length));
                starts.clear();
                let start = |split: &Split| split.node * layout.words + layout.vector;
                starts.extend(splits.iter().map(|(_, split)| start(split)));
                products.resize(splits.len(), 0.0);
                let queries = (bytemuck::cast_slice(queries), &query_starts[..]);
                let planes = (nodes.floats(), &starts[..]);
                arithmetic.pair_sums(Sum::Products, queries, planes, length, products);
                for ((at, split), product) in splits.iter().zip(&*products) {
                    let sides = Sides::of_plane(nodes, arithmetic, *split, *product);
                    scratches[*at].walk.branch(*split, sides);
                }
            }
            for at in &*walking {
                scratches[*at].walk.ask_ahead(nodes, level);
            }
        }
        Ok(())
    }
}

/// Memory for a group of queries.
#[derive(Default)]
struct Desk {
    scratches: Vec<Scratch>,
    turns: Turns,
    shared: Shared,
}

/// Memory of walks that take turns.
#[derive(Default)]
struct Turns {
    queries: Vec<u32>,
    /// The walks that have not ended.
    walking: Vec<usize>,
    /// Those that have come to a split, and to which.
    splits: Vec<(usize, Split)>,
    query_starts: Vec<usize>,
    starts: Vec<usize>,
    products: Vec<f32>,
}

fn is_interrupted(error: &Error) -> bool {
    error.kind() == anear_types::ErrorKind::Interrupted
}
