//! Scores of codes in groups: what four signs make of a rounded query is looked up in tables of 16.
//!
//! With `w` the query as seen from the center and rounded to a few bits, a table has the sums of
//! `2 w / sqrt dim` over the signs that are set, from which the rough score follows. It is the rough score
//! of [`Rabitq`](super::Rabitq) but for the rounding of tables. Codes of several bits tell how far off that
//! may be; what may be near has its [fine](super::fine) score computed.

use super::fine::{Fine, Refining};
use super::packed::Packed;
use super::rounded::REACH;
use super::seen::dot;
use crate::codec::{Codec, Rounding, Scorer};
use crate::packed::{GROUP, Rounded, Tables, lowest, sum_at};
use anear_kernels::lookup::corrected::{self, Correction};
use anear_kernels::lookup::near::{self, Taker};
use anear_kernels::lookup::ones;
use anear_kernels::lookup::packed as lookup;
use anear_kernels::lookup::packed::ENTRIES;
use anear_kernels::lookup::subsets::{self, Values};
use anear_kernels::{Level, prefetch};

/// A query, looked up from one or several centers.
#[derive(Debug)]
pub(super) struct LookedUp<'a> {
    codec: &'a Packed,
    rounding: Rounding,
    query: Vec<f32>,
    /// The squared length of the query, which counts for inner products.
    square: f32,
    /// The query as seen from each center.
    views: Vec<View>,
    /// The rounded tables of each view.
    tables: Vec<[u8; ENTRIES]>,
    /// Where the sums of each view begin.
    starts: Vec<u32>,
    /// The view that codes are seen in.
    view: usize,
    /// What a sum is divided by, as its inverse, and what is added.
    inverse: f32,
    added: f32,
}

/// A query as seen from a center.
#[derive(Debug)]
struct View {
    moved: Vec<f32>,
    square: f32,
    /// What fine scores begin at.
    fine_start: f32,
    rough: Rough,
}

/// What makes the product of a query and the signs of a code of a sum.
#[derive(Clone, Copy, Debug)]
enum Rough {
    /// The sum less this.
    Less(f32),
    /// The first less twice the whole part of the sum, times the second.
    Whole(i64, f32),
}

impl<'a> LookedUp<'a> {
    pub(super) fn new(codec: &'a Packed, query: &[f32], rounding: Rounding) -> LookedUp<'a> {
        assert_eq!(query.len(), codec.dim());
        LookedUp {
            codec,
            rounding,
            query: query.to_vec(),
            square: dot(query, query),
            views: Vec::new(),
            tables: Vec::new(),
            starts: Vec::new(),
            view: 0,
            inverse: 0.0,
            added: 0.0,
        }
    }

    /// Sees the query from the codec's center, if no others were announced.
    fn be_ready(&mut self) {
        if self.views.is_empty() {
            self.see_from(&[&self.codec.rabitq.center], false);
        }
    }

    /// Sees the query from some centers, which are those of lists or the codec's own.
    fn see_from(&mut self, centers: &[&[f32]], are_of_lists: bool) {
        centers.iter().for_each(|center| prefetch(Level::best(), bytemuck::cast_slice(center)));
        let is_product = self.codec.rabitq.is_product;
        let mut all_steps = Vec::with_capacity(centers.len());
        self.views.clear();
        for center in centers {
            let moved: Vec<f32> = self.query.iter().zip(*center).map(|(x, y)| x - y).collect();
            let square = dot(&moved, &moved);
            let steps = Steps::new(&moved, square, self.rounding);
            let fine_start = if is_product { dot(&self.query, center) } else { square };
            self.views.push(View { moved, square, fine_start, rough: steps.rough });
            all_steps.push(steps);
        }
        let tables = match (self.rounding.centered, are_of_lists) {
            (true, _) => self.filled(&all_steps, differing),
            (false, true) => Tables::of_subsets(all_steps.iter().map(Steps::subsets).collect()),
            (false, false) => self.filled(&all_steps, products),
        };
        let widest_sum = tables.width_sums().iter().copied().fold(0.0, f32::max);
        let Rounded { tables: rounded, factor } = match self.rounding.centered {
            false => tables.round(widest_sum),
            true => tables.round_whole(widest_sum),
        };
        self.tables = rounded;
        self.added = lowest(tables.low_sums());
        let start = |begin: &f32| ((begin - self.added) * factor + 0.5).floor() as u32;
        self.starts = tables.low_sums().iter().map(start).collect();
        self.inverse = if factor > 0.0 { 1.0 / factor } else { 0.0 };
    }

    /// Tables as `fill` makes them of rounded components.
    fn filled(
        &self,
        all_steps: &[Steps],
        fill: fn(&Steps, &mut [[f32; ENTRIES]]),
    ) -> Tables<'static> {
        let parts = self.parts();
        let mut entries = vec![0.0; all_steps.len() * parts * ENTRIES];
        for (steps, entries) in all_steps.iter().zip(entries.chunks_exact_mut(parts * ENTRIES)) {
            fill(steps, entries.as_chunks_mut().0);
        }
        Tables::filled(entries, parts)
    }

    /// Tables of a view.
    fn parts(&self) -> usize {
        self.codec.dim().div_ceil(4)
    }

    fn current(&self) -> (lookup::Tables<'_>, &View) {
        let parts = self.parts();
        let tables = lookup::Tables {
            entries: self.tables[self.view * parts..][..parts].as_flattened(),
            quarters: &[],
            start: self.starts[self.view],
            factor: 1.0,
            added: 0.0,
        };
        (tables, &self.views[self.view])
    }

    /// Makes rough scores of the rounded sums of signs of some codes in a group; `others` is what follows the signs
    /// of each. Of codes of several bits, what fine scores most likely are at least.
    fn correct(&self, view: &View, others: &[u8], scores: &mut [f32]) {
        let (mut factor, mut added, mut taken) = (1.0, 0.0, 0.0);
        match view.rough {
            Rough::Less(less) => (factor, added, taken) = (self.inverse, self.added, less),
            // Whole parts count, which rounding to f32 in between would change.
            Rough::Whole(most, scale) => {
                let (inverse, added) = (f64::from(self.inverse), f64::from(self.added));
                for score in &mut *scores {
                    let sum = (f64::from(*score) * inverse + added) as f32;
                    *score = (most - 2 * sum as i64) as f32 * scale;
                }
            }
        }
        let correction = Correction {
            factor,
            added,
            taken,
            square: view.square,
            product_of: self.codec.rabitq.is_product.then_some(self.square),
            margin: self.codec.leaves_out().then(|| view.square.sqrt()),
        };
        let stride = self.codec.code_bytes() - self.codec.rabitq.sign_bytes();
        corrected::correct(Level::best(), correction, others, stride, scores);
    }

    /// Writes rough scores, or for codes of several bits what their fine ones most likely are at least.
    fn rough_scores(&self, codes: &[u8], scores: &mut [f32]) {
        let (tables, view) = self.current();
        let (code_bytes, signs) = (self.codec.code_bytes(), self.codec.rabitq.sign_bytes());
        let (level, group_bytes) = (Level::best(), GROUP * code_bytes);
        let groups = codes.chunks_exact(group_bytes).zip(scores.chunks_mut(GROUP));
        for (number, (group, scores)) in groups.enumerate() {
            let next = codes[(number + 1) * group_bytes..].get(..GROUP * signs);
            prefetch(level, next.unwrap_or(&[]));
            lookup::scores(level, tables, group, group_bytes, scores);
            self.correct(view, &group[GROUP * signs..], scores);
        }
    }

    /// What scores codes by all their bits.
    fn fine<'c>(&'c self, codes: &'c [u8]) -> Fine<'c> {
        let view = &self.views[self.view];
        Fine::new(self.codec, &view.moved, view.fine_start, codes)
    }
}

impl Scorer for LookedUp<'_> {
    fn announce(&mut self, centers: &[(usize, &[f32])]) {
        let centers: Vec<&[f32]> = centers.iter().map(|(_, center)| *center).collect();
        self.see_from(&centers, true);
    }

    fn center_at(&mut self, number: usize, _: &[f32]) {
        self.view = number;
    }

    fn block(&mut self, codes: &[u8], scores: &mut [f32]) {
        self.be_ready();
        if self.codec.leaves_out() {
            let mut fine = self.fine(codes);
            scores.iter_mut().enumerate().for_each(|(at, score)| *score = fine.score(at));
        } else {
            self.rough_scores(codes, scores);
        }
    }

    fn near(
        &mut self,
        codes: &[u8],
        scores: &mut [f32],
        first: usize,
        limit: f32,
        taker: &mut dyn Taker,
    ) {
        self.be_ready();
        self.rough_scores(codes, scores);
        if self.codec.leaves_out() {
            let mut fine = self.fine(codes);
            let fine = |number| fine.score(number);
            let mut refining = Refining { fine, first, limit, taker };
            near::offer(Level::best(), scores, first, limit, &mut refining);
        } else {
            near::offer(Level::best(), scores, first, limit, taker);
        }
    }

    fn gather(&mut self, codes: &[u8], numbers: &[u32], scores: &mut [f32]) {
        assert_eq!(numbers.len(), scores.len());
        self.be_ready();
        if self.codec.leaves_out() {
            let mut fine = self.fine(codes);
            let scored = numbers.iter().zip(scores);
            scored.for_each(|(number, score)| *score = fine.score(*number as usize));
            return;
        }
        let (tables, view) = self.current();
        let (code_bytes, signs) = (self.codec.code_bytes(), self.codec.rabitq.sign_bytes());
        for (number, score) in numbers.iter().zip(scores) {
            let number = *number as usize;
            let group = &codes[number / GROUP * GROUP * code_bytes..][..GROUP * code_bytes];
            let sum = tables.start + sum_at(tables.entries.as_chunks().0, group, number % GROUP);
            let others = &group[GROUP * signs..][number % GROUP * (code_bytes - signs)..];
            *score = sum as f32;
            self.correct(view, others, std::slice::from_mut(score));
        }
    }
}

/// A query rounded to a few bits.
struct Steps {
    /// How many steps each component is above the lowest.
    numbers: Vec<u8>,
    /// The largest of these that there can be.
    last: u8,
    /// Twice a step and twice the lowest component, for rows of length 1.
    step: f32,
    low: f32,
    rough: Rough,
}

impl Steps {
    fn new(moved: &[f32], square: f32, rounding: Rounding) -> Steps {
        let (dim, Rounding { bits, centered }) = (moved.len() as f32, rounding);
        let last = ((1u32 << bits) - 1) as u8;
        let (low, high) = if centered {
            let reach = REACH[usize::from(bits) - 1] * (square / dim).sqrt();
            (-reach, reach)
        } else {
            ones::extremes(Level::best(), moved)
        };
        let step = (high - low) / f32::from(last);
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let numbers = ones::steps(Level::best(), moved, low, inverse, f32::from(last));
        let root = 1.0 / dim.sqrt();
        let rough = if centered {
            let whole = |number: &u8| i64::from(*number) * 2 - i64::from(last);
            let squares: i64 = numbers.iter().map(|number| whole(number).pow(2)).sum();
            let scale = (square / (squares as f32 * dim)).sqrt();
            Rough::Whole(i64::from(last) * moved.len() as i64, scale)
        } else {
            let sum: u32 = numbers.iter().map(|number| u32::from(*number)).sum();
            Rough::Less(root * (step * sum as f32 + dim * low))
        };
        Steps { numbers, last, step: 2.0 * step * root, low: 2.0 * low * root, rough }
    }

    /// What tables of four components each are sums of, which FAISS adds up for lists one after another.
    fn subsets(&self) -> Values<'_> {
        Values { numbers: &self.numbers, step: self.step, low: self.low, from_numbers: false }
    }
}

/// Tables for steps around 0: how far from the one or the other end components are, by their sign.
fn differing(steps: &Steps, tables: &mut [[f32; ENTRIES]]) {
    let (numbers, low) = (&steps.numbers, f32::from(steps.last));
    subsets::sums(Level::best(), Values { numbers, step: -2.0, low, from_numbers: true }, tables);
}

/// Tables as FAISS has them where all rows are seen from one center: of whole numbers.
fn products(steps: &Steps, tables: &mut [[f32; ENTRIES]]) {
    for (table, four) in tables.iter_mut().zip(steps.numbers.chunks(4)) {
        *table = std::array::from_fn(|signs| {
            let set = || four.iter().enumerate().filter(|(at, _)| signs >> at & 1 != 0);
            let sum: u32 = set().map(|(_, number)| u32::from(*number)).sum();
            steps.step * sum as f32 + steps.low * set().count() as f32
        });
    }
}
