//! Distances of items from several queries that met them: an item is read once for all of them.

use super::ask::Scratch;
use super::nodes::Nodes;
use super::order;
use super::score::{is_there, norm, sum_of};
use anear_kernels::annoy::{Arithmetic, Norm, Rows};
use anear_types::Metric;

/// The most queries that share items: bits of a mark.
pub(super) const MOST: usize = Mark::BITS as usize;
/// Which queries met an item.
type Mark = u128;
/// Items that are summed up at a time.
const BLOCK: usize = 64;
/// How far ahead items are asked for.
const AHEAD: usize = 8;

/// Memory for that.
#[derive(Default)]
pub(super) struct Shared {
    /// For each item, the queries that met it: none between calls.
    marks: Vec<Mark>,
    /// The items that were met, once each, ..
    met: Vec<u32>,
    /// .. where their vectors begin, ..
    starts: Vec<usize>,
    /// .. and their marks.
    met_by: Vec<Mark>,
    queries: Vec<f32>,
    /// The sums of squares of queries, for angles.
    squares: Vec<f32>,
    asked: Asked,
}

/// The queries that met each item of a block, one behind the other.
#[derive(Default)]
struct Asked {
    /// Their numbers, ..
    askers: Vec<u8>,
    /// .. where they begin, ..
    starts: Vec<usize>,
    /// .. and their sums of squares.
    squares: Vec<f32>,
    /// Where those of the next item begin.
    ends: Vec<usize>,
    /// Their sums with the item.
    sums: Vec<f32>,
}

impl Shared {
    /// Finds the distances of the candidates of each scratch from its query.
    pub(super) fn measure(
        &mut self,
        nodes: Nodes<'_>,
        arithmetic: Arithmetic,
        scratches: &mut [Scratch],
    ) {
        let layout = nodes.layout;
        self.begin(nodes, arithmetic, scratches);
        let Shared { met, starts, met_by, queries, squares, asked, .. } = self;
        for (number, items) in met.chunks(BLOCK).enumerate() {
            let first = number * BLOCK;
            asked.gather(&met_by[first..][..items.len()], layout.length(), squares);
            let rows = Rows {
                words: nodes.floats(),
                starts: &starts[first..][..items.len()],
                ahead: starts.get(first + AHEAD..).unwrap_or_default(),
                length: layout.length(),
            };
            let Asked { askers, starts, squares, ends, sums } = &mut *asked;
            sums.resize(askers.len(), 0.0);
            arithmetic.shared_sums(sum_of(layout.metric), rows, (queries, starts, ends), sums);
            let mut first = 0;
            for (item, end) in items.iter().zip(&*ends) {
                let asked = first..*end;
                first = *end;
                // A root may list items that were never added.
                if !is_there(nodes, *item) {
                    continue;
                }
                let sums = &mut sums[asked.clone()];
                match layout.metric {
                    Metric::Angular => {
                        let norm = norm(nodes, arithmetic, *item as usize);
                        arithmetic.angles(norm, &squares[asked.clone()], sums);
                    }
                    Metric::InnerProduct => sums.iter_mut().for_each(|sum| *sum = -*sum),
                    _ => {}
                }
                for (asker, sum) in askers[asked].iter().zip(sums) {
                    scratches[usize::from(*asker)].found.push(order::key(*sum, *item));
                }
            }
        }
    }

    /// Marks which queries met which items, and gathers what is known of queries.
    fn begin(&mut self, nodes: Nodes<'_>, arithmetic: Arithmetic, scratches: &mut [Scratch]) {
        let layout = nodes.layout;
        let Shared { marks, met, starts, met_by, queries, squares, .. } = self;
        marks.resize(nodes.items, 0);
        met.clear();
        queries.clear();
        squares.clear();
        for (asker, scratch) in scratches.iter_mut().enumerate() {
            let query = bytemuck::cast_slice(&scratch.query);
            queries.extend_from_slice(query);
            squares.push(arithmetic.squares(query, Norm::Vector));
            scratch.found.clear();
            scratch.found.reserve(scratch.walk.candidates.len());
            for item in &scratch.walk.candidates {
                let mark = &mut marks[*item as usize];
                if *mark == 0 {
                    met.push(*item);
                }
                *mark |= 1 << asker;
            }
        }
        starts.clear();
        starts.extend(met.iter().map(|item| *item as usize * layout.words + layout.vector));
        met_by.clear();
        met_by.extend(met.iter().map(|item| std::mem::take(&mut marks[*item as usize])));
    }
}

impl Asked {
    /// Lists the queries in the marks of some items.
    fn gather(&mut self, marks: &[Mark], length: usize, squares: &[f32]) {
        self.askers.clear();
        self.ends.clear();
        for mark in marks {
            let mut mark = *mark;
            while mark != 0 {
                self.askers.push(mark.trailing_zeros() as u8);
                mark &= mark - 1;
            }
            self.ends.push(self.askers.len());
        }
        self.starts.clear();
        self.starts.extend(self.askers.iter().map(|asker| usize::from(*asker) * length));
        self.squares.clear();
        self.squares.extend(self.askers.iter().map(|asker| squares[usize::from(*asker)]));
    }
}
