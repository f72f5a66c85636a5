//! Sums over the components of two vectors.

use super::Arithmetic;
use super::tail::{add_rest, add_rounded};
use super::target::Blocks;
use crate::arch::{Kernel, Simd};
use std::marker::PhantomData;

/// Rows that are asked for ahead of the one that is read.
const ROWS_AHEAD: usize = 8;
/// Components in a cache line.
const LINE_COMPONENTS: usize = 16;

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

    /// The sums of a vector with each of some others, which begin at `starts` in `words`.
    ///
    /// # Panics
    /// If one of them does not lie within, or there are not as many places for the sums.
    pub fn sums(self, sum: Sum, x: &[f32], words: &[f32], starts: &[usize], sums: &mut [f32]) {
        assert_eq!(starts.len(), sums.len());
        let groups = self.groups(sum);
        self.run(sum, Many { x, words, starts, sums, groups });
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
        match self.target.blocks {
            Blocks::Wide => level.run(Run::<T, 16, true, true, K>(task, PhantomData)),
            Blocks::Fused => level.run(Run::<T, 8, true, true, K>(task, PhantomData)),
            Blocks::Mixed => level.run(Run::<T, 8, false, true, K>(task, PhantomData)),
            Blocks::Rounded => level.run(Run::<T, 8, false, false, K>(task, PhantomData)),
            Blocks::Single => level.run(Run::<T, 1, false, false, K>(task, PhantomData)),
        }
    }
}

/// What one pair of components adds.
pub(super) trait Term {
    /// The term.
    fn of(x: f32, y: f32) -> f32;

    /// The term added, rounded once.
    fn fused(sum: f32, x: f32, y: f32) -> f32;
}

pub(super) struct Product;
struct Square;
struct Difference;

impl Term for Product {
    #[inline(always)]
    fn of(x: f32, y: f32) -> f32 {
        x * y
    }

    #[inline(always)]
    fn fused(sum: f32, x: f32, y: f32) -> f32 {
        x.mul_add(y, sum)
    }
}

impl Term for Square {
    #[inline(always)]
    fn of(x: f32, y: f32) -> f32 {
        (x - y) * (x - y)
    }

    #[inline(always)]
    fn fused(sum: f32, x: f32, y: f32) -> f32 {
        (x - y).mul_add(x - y, sum)
    }
}

impl Term for Difference {
    #[inline(always)]
    fn of(x: f32, y: f32) -> f32 {
        (x - y).abs()
    }

    #[inline(always)]
    fn fused(sum: f32, x: f32, y: f32) -> f32 {
        sum + (x - y).abs()
    }
}

/// The sum over two vectors of the same length.
#[inline(always)]
pub(super) fn sum<T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool>(
    x: &[f32],
    y: &[f32],
    groups: [usize; 2],
) -> f32 {
    let [sum] = sum_each::<T, LANES, FUSED, TAIL, 1>([x], y, groups);
    sum
}

/// The sums of `R` vectors with one of the same length: side by side, since an addition takes
/// several times as long as it takes until the next can begin.
#[inline(always)]
pub(super) fn sum_each<
    T: Term,
    const LANES: usize,
    const FUSED: bool,
    const TAIL: bool,
    const R: usize,
>(
    rows: [&[f32]; R],
    y: &[f32],
    groups: [usize; 2],
) -> [f32; R] {
    let (blocks, y_rest) = y.as_chunks::<LANES>();
    if LANES == 1 {
        return std::array::from_fn(|r| add_rounded::<T>(0.0, rows[r], y));
    }
    let mut lanes = [[0.0; LANES]; R];
    let mut row_blocks: [&[[f32; LANES]]; R] = [&[]; R];
    let mut rests: [&[f32]; R] = [&[]; R];
    for r in 0..R {
        (row_blocks[r], rests[r]) = rows[r][..y.len()].as_chunks();
        row_blocks[r] = &row_blocks[r][..blocks.len()];
    }
    for (at, block) in blocks.iter().enumerate() {
        for r in 0..R {
            for lane in 0..LANES {
                let (x, y) = (row_blocks[r][at][lane], block[lane]);
                lanes[r][lane] = match FUSED {
                    true => T::fused(lanes[r][lane], x, y),
                    false => lanes[r][lane] + T::of(x, y),
                };
            }
        }
    }
    std::array::from_fn(|r| {
        let sum = if blocks.is_empty() { 0.0 } else { halved(lanes[r]) };
        match TAIL {
            true => add_rest::<T>(sum, rests[r], y_rest, groups),
            false => add_rounded::<T>(sum, rests[r], y_rest),
        }
    })
}

/// Adds the upper half of the lanes to the lower, until one is left.
#[inline(always)]
fn halved<const LANES: usize>(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// A task written over terms and orders.
trait Summing {
    type Output;

    /// To be marked `#[inline(always)]`.
    fn run<S: Simd, T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool>(
        self,
        simd: S,
    ) -> Self::Output;
}

struct Run<T, const LANES: usize, const FUSED: bool, const TAIL: bool, K>(K, PhantomData<T>);

impl<T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool, K: Summing> Kernel
    for Run<T, LANES, FUSED, TAIL, K>
{
    type Output = K::Output;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> K::Output {
        self.0.run::<S, T, LANES, FUSED, TAIL>(simd)
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
    fn run<S: Simd, T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool>(
        self,
        _: S,
    ) -> f32 {
        sum::<T, LANES, FUSED, TAIL>(self.x, self.y, self.groups)
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
    fn run<S: Simd, T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool>(
        self,
        _: S,
    ) -> [f32; 2] {
        sum_each::<T, LANES, FUSED, TAIL, 2>(self.xs, self.y, self.groups)
    }
}

struct Many<'a> {
    x: &'a [f32],
    words: &'a [f32],
    starts: &'a [usize],
    sums: &'a mut [f32],
    groups: [usize; 2],
}

impl Many<'_> {
    #[inline(always)]
    fn row(&self, start: usize) -> &[f32] {
        &self.words[start..][..self.x.len()]
    }
}

impl Summing for Many<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd, T: Term, const LANES: usize, const FUSED: bool, const TAIL: bool>(
        self,
        simd: S,
    ) {
        const SIDE_BY_SIDE: usize = 4;
        let mut first = 0;
        while first < self.starts.len() {
            let ahead = self.starts.iter().skip(first + ROWS_AHEAD).take(SIDE_BY_SIDE);
            for start in ahead {
                for line in self.row(*start).chunks(LINE_COMPONENTS) {
                    simd.prefetch(line.as_ptr().cast());
                }
            }
            let starts = &self.starts[first..];
            let sums: &mut [f32] = &mut self.sums[first..];
            match starts.first_chunk::<SIDE_BY_SIDE>() {
                Some(starts) => {
                    let rows = starts.map(|start| &self.words[start..][..self.x.len()]);
                    let found =
                        sum_each::<T, LANES, FUSED, TAIL, SIDE_BY_SIDE>(rows, self.x, self.groups);
                    sums[..SIDE_BY_SIDE].copy_from_slice(&found);
                    first += SIDE_BY_SIDE;
                }
                None => {
                    let row = &self.words[starts[0]..][..self.x.len()];
                    sums[0] = sum::<T, LANES, FUSED, TAIL>(row, self.x, self.groups);
                    first += 1;
                }
            }
        }
    }
}
