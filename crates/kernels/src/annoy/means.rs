//! Moving means and placing planes: what a build does beside sums.

use super::Arithmetic;
use super::blocks::{Blocks, Narrow, Single, Wide};
use super::tail::{add_rest, add_rounded};
use super::target::Lanes;
use super::terms::Product;
use crate::arch::{Kernel, LANES, Simd};
use std::marker::PhantomData;

impl Arithmetic {
    /// Multiplies each component.
    pub fn scale(self, x: &mut [f32], factor: f32) {
        self.level.run(Scale { x, factor });
    }

    /// Takes a row, times `weight`, into the mean of `count` others. Returns the sum of squares of
    /// the mean if that is wanted, else 0.
    ///
    /// # Panics
    /// If mean and row are not of the same length.
    pub fn take_into_mean(
        self,
        mean: &mut [f32],
        count: f32,
        row: &[f32],
        weight: f32,
        with_squares: bool,
    ) -> f32 {
        assert_eq!(mean.len(), row.len());
        let share = 1.0 / (count + 1.0);
        let groups = self.target.groups.sums;
        let task = Take { mean, count, row, weight, share, groups, with_squares };
        match self.target.lanes {
            Lanes::Wide => self.level.run(Mean::<Wide>(task, PhantomData)),
            Lanes::Fused => self.level.run(Mean::<Narrow<true, true>>(task, PhantomData)),
            Lanes::Mixed => self.level.run(Mean::<Narrow<false, true>>(task, PhantomData)),
            Lanes::Rounded => self.level.run(Mean::<Narrow<false, false>>(task, PhantomData)),
            Lanes::Single => self.level.run(Mean::<Single>(task, PhantomData)),
        }
    }

    /// How far a plane is from the origin, which lies in the middle between two points and has
    /// this normal.
    ///
    /// # Panics
    /// If they are not of the same length.
    pub fn offset(self, normal: &[f32], p: &[f32], q: &[f32]) -> f32 {
        assert!(normal.len() == p.len() && normal.len() == q.len());
        let mut sum = 0.0;
        for ((normal, p), q) in normal.iter().zip(p).zip(q) {
            sum += (p + q) * -normal * 0.5;
        }
        sum
    }
}

struct Scale<'a> {
    x: &'a mut [f32],
    factor: f32,
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for x in self.x {
            *x *= self.factor;
        }
    }
}

struct Take<'a> {
    mean: &'a mut [f32],
    count: f32,
    row: &'a [f32],
    weight: f32,
    share: f32,
    groups: [usize; 2],
    with_squares: bool,
}

struct Mean<'a, B>(Take<'a>, PhantomData<B>);

impl<B: Blocks> Kernel for Mean<'_, B> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let Take { mean, count, row, weight, share, groups, with_squares } = self.0;
        if B::LANES == 1 {
            move_each::<B>(mean, row, (count, weight, share));
            return if with_squares { add_rounded::<Product>(0.0, mean, mean) } else { 0.0 };
        }
        let whole = mean.len() / B::LANES * B::LANES;
        let all = |value: f32| B::load(simd, &[value; LANES]);
        let (counts, weights, shares) = (all(count), all(weight), all(share));
        let mut squares = all(0.0);
        let (mean_blocks, mean_rest) = mean.split_at_mut(whole);
        let (row_blocks, row_rest) = row.split_at(whole);
        let rows = row_blocks.chunks_exact(B::LANES);
        for (mean, row) in mean_blocks.chunks_exact_mut(B::LANES).zip(rows) {
            let row = B::mul(simd, B::load(simd, row), weights);
            let old = B::load(simd, mean);
            let sum = match B::TAIL_FUSED {
                true => B::fused(simd, old, counts, row),
                false => B::add(simd, B::mul(simd, old, counts), row),
            };
            let moved = B::mul(simd, sum, shares);
            B::store(simd, moved, mean);
            squares = B::mul_add(simd, moved, moved, squares);
        }
        move_each::<B>(mean_rest, row_rest, (count, weight, share));
        if !with_squares {
            return 0.0;
        }
        let sum = if whole > 0 { B::total(simd, squares) } else { 0.0 };
        match B::TAIL_FUSED {
            true => add_rest::<Product>(sum, mean_rest, mean_rest, groups),
            false => add_rounded::<Product>(sum, mean_rest, mean_rest),
        }
    }
}

/// Takes the components of a row into those of a mean, one by one.
#[inline(always)]
fn move_each<B: Blocks>(mean: &mut [f32], row: &[f32], (count, weight, share): (f32, f32, f32)) {
    for (mean, x) in mean.iter_mut().zip(row) {
        let x = x * weight;
        *mean = if B::TAIL_FUSED { mean.mul_add(count, x) } else { *mean * count + x } * share;
    }
}
