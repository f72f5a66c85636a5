//! Sums over the components of two vectors.

use super::Arithmetic;
use super::blocks::{Blocks, Narrow, Single, Wide};
use super::tail::{add_rest, add_rounded};
use super::target::Lanes;
use super::terms::{Difference, Product, Square, Term};
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

/// Rows that are summed up side by side.
const SIDE_BY_SIDE: usize = 4;
/// Words that stand before the vector of a node, at most.
const HEAD_WORDS: usize = 4;
/// Bytes in a cache line.
const LINE_BYTES: usize = 64;

/// What is summed up over the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Products.
    Products,
    /// Squares of differences.
    Squares,
    /// Absolute differences.
    Differences,
}

/// What a sum of squares is taken for: the compiler makes something else of it each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// A query, a mean or a normal.
    Vector,
    /// An item that is added.
    Item,
    /// An item, before and while trees are built.
    Weight,
}

/// Rows of one length, which lie anywhere.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// All that they lie in.
    pub words: &'a [f32],
    /// Where each of them begins.
    pub starts: &'a [usize],
    /// Where those begin that are wanted next, which are asked for meanwhile.
    pub ahead: &'a [usize],
    /// Components of a row.
    pub length: usize,
}

impl Arithmetic {
    /// A sum over the components of two vectors.
    ///
    /// # Panics
    /// If they are not of the same length.
    pub fn sum(self, sum: Sum, x: &[f32], y: &[f32]) -> f32 {
        assert_eq!(x.len(), y.len());
        self.run(sum, One { x, y, groups: self.groups(sum) })
    }

    /// The sums of a vector with each of two others.
    ///
    /// # Panics
    /// If they are not of the same length.
    pub fn two_sums(self, sum: Sum, xs: [&[f32]; 2], y: &[f32]) -> [f32; 2] {
        assert!(xs.iter().all(|x| x.len() == y.len()));
        self.run(sum, Two { xs, y, groups: self.groups(sum) })
    }

    /// The sum of squares of a vector.
    pub fn squares(self, x: &[f32], norm: Norm) -> f32 {
        let groups = match norm {
            Norm::Vector => self.target.groups.sums,
            Norm::Item => self.target.groups.items,
            Norm::Weight => self.target.groups.weights,
        };
        self.run(Sum::Products, One { x, y: x, groups })
    }

    /// The sums of a vector with each of some others, which begin at `starts` in `words`. Those that
    /// begin at `ahead` are asked for meanwhile.
    ///
    /// # Panics
    /// If one of them does not lie within, or there are not as many places for the sums.
    pub fn sums(
        self,
        sum: Sum,
        x: &[f32],
        (words, starts): (&[f32], &[usize]),
        ahead: &[usize],
        sums: &mut [f32],
    ) {
        assert_eq!(starts.len(), sums.len());
        let groups = self.groups(sum);
        self.run(sum, Many { x, words, starts, ahead, sums, groups });
    }

    /// The sums of pairs of vectors of some length, which begin at `x_starts` in `xs` and at
    /// `starts` in `words`.
    ///
    /// # Panics
    /// If one of them does not lie within, or there are not as many places for the sums.
    pub fn pair_sums(
        self,
        sum: Sum,
        (xs, x_starts): (&[f32], &[usize]),
        (words, starts): (&[f32], &[usize]),
        length: usize,
        sums: &mut [f32],
    ) {
        assert!(starts.len() == sums.len() && x_starts.len() == sums.len());
        let groups = self.groups(sum);
        self.run(sum, Pairs { xs, x_starts, words, starts, length, sums, groups });
    }

    /// The sums of rows with some vectors each. Rows begin at `starts` in `words`, vectors at
    /// `x_starts` in `xs`; those up to each of `ends` belong to one row. Rows that begin at `ahead`
    /// are asked for meanwhile.
    ///
    /// # Panics
    /// If one of them does not lie within, there are not as many ends as rows or not as many places
    /// for the sums as vectors, or ends are not ascending.
    pub fn shared_sums(
        self,
        sum: Sum,
        rows: Rows<'_>,
        (xs, x_starts, ends): (&[f32], &[usize], &[usize]),
        sums: &mut [f32],
    ) {
        assert!(rows.starts.len() == ends.len() && x_starts.len() == sums.len());
        let groups = self.groups(sum);
        self.run(sum, Shared { rows, xs, x_starts, ends, sums, groups });
    }

    /// The sizes of groups of rounded terms in a tail.
    fn groups(self, sum: Sum) -> [usize; 2] {
        match sum {
            Sum::Squares => self.target.groups.squares,
            Sum::Products | Sum::Differences => self.target.groups.sums,
        }
    }

    fn run<K: Summing>(self, sum: Sum, task: K) -> K::Output {
        match sum {
            Sum::Products => self.run_terms::<Product, K>(task),
            Sum::Squares => self.run_terms::<Square, K>(task),
            Sum::Differences => self.run_terms::<Difference, K>(task),
        }
    }

    fn run_terms<T: Term, K: Summing>(self, task: K) -> K::Output {
        let level = self.level;
        match self.target.lanes {
            Lanes::Wide => level.run(Run::<T, Wide, K>(task, PhantomData)),
            Lanes::Fused => level.run(Run::<T, Narrow<true, true>, K>(task, PhantomData)),
            Lanes::Mixed => level.run(Run::<T, Narrow<false, true>, K>(task, PhantomData)),
            Lanes::Rounded => level.run(Run::<T, Narrow<false, false>, K>(task, PhantomData)),
            Lanes::Single => level.run(Run::<T, Single, K>(task, PhantomData)),
        }
    }
}

/// The sum over two vectors of the same length.
#[inline(always)]
pub(super) fn sum<S: Simd, T: Term, B: Blocks>(
    simd: S,
    x: &[f32],
    y: &[f32],
    groups: [usize; 2],
) -> f32 {
    let [sum] = sum_each::<S, T, B, 1>(simd, [x], y, groups);
    sum
}

/// The sums of `R` vectors with one of the same length: side by side, since an addition takes
/// several times as long as it takes until the next can begin.
#[inline(always)]
pub(super) fn sum_each<S: Simd, T: Term, B: Blocks, const R: usize>(
    simd: S,
    rows: [&[f32]; R],
    y: &[f32],
    groups: [usize; 2],
) -> [f32; R] {
    sum_pairs::<S, T, B, R>(simd, rows, [y; R], groups)
}

/// The sums of `R` pairs of vectors, all of the same length.
#[inline(always)]
fn sum_pairs<S: Simd, T: Term, B: Blocks, const R: usize>(
    simd: S,
    xs: [&[f32]; R],
    ys: [&[f32]; R],
    groups: [usize; 2],
) -> [f32; R] {
    let length = ys[0].len();
    let mut sums = [0.0; R];
    let mut whole = 0;
    if B::LANES > 1 && length >= B::LANES {
        let zero = B::load(simd, &[0.0; LANES]);
        let mut vectors = [zero; R];
        while whole + B::LANES <= length {
            for r in 0..R {
                let x = B::load(simd, &xs[r][whole..whole + B::LANES]);
                let y = B::load(simd, &ys[r][whole..whole + B::LANES]);
                vectors[r] = T::block::<S, B>(simd, vectors[r], x, y);
            }
            whole += B::LANES;
        }
        for r in 0..R {
            sums[r] = B::total(simd, vectors[r]);
        }
    }
    if whole < length {
        for r in 0..R {
            let (x, y) = (&xs[r][whole..length], &ys[r][whole..length]);
            sums[r] = match B::TAIL_FUSED {
                true => add_rest::<T>(sums[r], x, y, groups),
                false => add_rounded::<T>(sums[r], x, y),
            };
        }
    }
    sums
}

/// A task written over terms and orders.
trait Summing {
    type Output;

    /// To be marked `#[inline(always)]`.
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) -> Self::Output;
}

struct Run<T, B, K>(K, PhantomData<(T, B)>);

impl<T: Term, B: Blocks, K: Summing> Kernel for Run<T, B, K> {
    type Output = K::Output;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> K::Output {
        self.0.run::<S, T, B>(simd)
    }
}

struct One<'a> {
    x: &'a [f32],
    y: &'a [f32],
    groups: [usize; 2],
}

impl Summing for One<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) -> f32 {
        sum::<S, T, B>(simd, self.x, self.y, self.groups)
    }
}

struct Two<'a> {
    xs: [&'a [f32]; 2],
    y: &'a [f32],
    groups: [usize; 2],
}

impl Summing for Two<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) -> [f32; 2] {
        sum_each::<S, T, B, 2>(simd, self.xs, self.y, self.groups)
    }
}

struct Many<'a> {
    x: &'a [f32],
    words: &'a [f32],
    starts: &'a [usize],
    ahead: &'a [usize],
    sums: &'a mut [f32],
    groups: [usize; 2],
}

impl Summing for Many<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) {
        let Many { x, words, starts, ahead, sums, groups } = self;
        let (fours, rest) = starts.as_chunks::<SIDE_BY_SIDE>();
        let (sum_fours, sum_rest) = sums.as_chunks_mut::<SIDE_BY_SIDE>();
        let mut ahead = ahead.chunks(SIDE_BY_SIDE);
        for (starts, sums) in fours.iter().zip(sum_fours) {
            for start in ahead.next().unwrap_or_default() {
                ask_for(simd, words, *start, x.len());
            }
            let mut rows = [x; SIDE_BY_SIDE];
            for (row, start) in rows.iter_mut().zip(starts) {
                *row = &words[*start..][..x.len()];
            }
            *sums = sum_each::<S, T, B, SIDE_BY_SIDE>(simd, rows, x, groups);
        }
        for (start, row_sum) in rest.iter().zip(sum_rest) {
            *row_sum = sum::<S, T, B>(simd, &words[*start..][..x.len()], x, groups);
        }
    }
}

/// Asks for the cache lines of a row, and of what stands before it.
#[inline(always)]
fn ask_for<S: Simd>(simd: S, words: &[f32], start: usize, length: usize) {
    let end = words.as_ptr().wrapping_add(start + length).cast::<u8>();
    let first = words.as_ptr().wrapping_add(start).wrapping_sub(HEAD_WORDS).cast::<u8>();
    let mut line = first.wrapping_sub(first.addr() % LINE_BYTES);
    while line < end {
        simd.prefetch(line.cast());
        line = line.wrapping_add(LINE_BYTES);
    }
}

struct Pairs<'a> {
    xs: &'a [f32],
    x_starts: &'a [usize],
    words: &'a [f32],
    starts: &'a [usize],
    length: usize,
    sums: &'a mut [f32],
    groups: [usize; 2],
}

impl Summing for Pairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) {
        let Pairs { xs, x_starts, words, starts, length, sums, groups } = self;
        let row = |start: &usize| &words[*start..][..length];
        let other = |start: &usize| &xs[*start..][..length];
        let mut first = 0;
        while first + SIDE_BY_SIDE <= starts.len() {
            let mut rows: [&[f32]; SIDE_BY_SIDE] = [&[]; SIDE_BY_SIDE];
            let mut others: [&[f32]; SIDE_BY_SIDE] = [&[]; SIDE_BY_SIDE];
            for r in 0..SIDE_BY_SIDE {
                rows[r] = row(&starts[first + r]);
                others[r] = other(&x_starts[first + r]);
            }
            let found = sum_pairs::<S, T, B, SIDE_BY_SIDE>(simd, rows, others, groups);
            sums[first..first + SIDE_BY_SIDE].copy_from_slice(&found);
            first += SIDE_BY_SIDE;
        }
        for at in first..starts.len() {
            sums[at] = sum::<S, T, B>(simd, row(&starts[at]), other(&x_starts[at]), groups);
        }
    }
}

struct Shared<'a> {
    rows: Rows<'a>,
    xs: &'a [f32],
    x_starts: &'a [usize],
    ends: &'a [usize],
    sums: &'a mut [f32],
    groups: [usize; 2],
}

impl Summing for Shared<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, T: Term, B: Blocks>(self, simd: S) {
        let Shared { rows, xs, x_starts, ends, sums, groups } = self;
        let Rows { words, starts, ahead, length } = rows;
        let other = |start: &usize| &xs[*start..][..length];
        let mut first = 0;
        for (at, end) in ends.iter().enumerate() {
            if let Some(start) = ahead.get(at) {
                ask_for(simd, words, *start, length);
            }
            let row = &words[starts[at]..][..length];
            while first + SIDE_BY_SIDE <= *end {
                let mut others = [row; SIDE_BY_SIDE];
                for (other_row, start) in others.iter_mut().zip(&x_starts[first..]) {
                    *other_row = other(start);
                }
                let found = sum_each::<S, T, B, SIDE_BY_SIDE>(simd, others, row, groups);
                sums[first..first + SIDE_BY_SIDE].copy_from_slice(&found);
                first += SIDE_BY_SIDE;
            }
            for at in first..*end {
                sums[at] = sum::<S, T, B>(simd, other(&x_starts[at]), row, groups);
            }
            first = *end;
        }
    }
}
