//! Moving means and placing planes: what a build does beside sums.

use super::Arithmetic;
use super::blocks::{Blocks, Narrow, Single, Wide};
use super::sums::sum;
use super::target::Lanes;
use super::terms::Product;
use crate::arch::{Kernel, Simd};
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
        for (mean, x) in mean.iter_mut().zip(row) {
            let x = x * weight;
            *mean = if B::TAIL_FUSED { mean.mul_add(count, x) } else { *mean * count + x } * share;
        }
        if with_squares { sum::<S, Product, B>(simd, mean, mean, groups) } else { 0.0 }
    }
}
