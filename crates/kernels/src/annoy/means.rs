//! Moving means and placing planes: what a build does beside sums.

use super::Arithmetic;
use super::sums::{Product, sum};
use super::target::Blocks;
use crate::arch::{Kernel, Simd};

impl Arithmetic {
    /// Multiplies each component.
    pub fn scale(self, x: &mut [f32], factor: f32) {
        self.level.run(Scale { x, factor });
    }

    /// Takes a row, times `weight`, into the mean of `count` others, and returns the sum of
    /// squares of the mean.
    ///
    /// # Panics
    /// If mean and row are not of the same length.
    pub fn take_into_mean(self, mean: &mut [f32], count: f32, row: &[f32], weight: f32) -> f32 {
        assert_eq!(mean.len(), row.len());
        let share = 1.0 / (count + 1.0);
        let task = Take { mean, count, row, weight, share, groups: self.target.groups.sums };
        match self.target.blocks {
            Blocks::Wide => self.level.run(Mean::<16, true, true>(task)),
            Blocks::Fused => self.level.run(Mean::<8, true, true>(task)),
            Blocks::Mixed => self.level.run(Mean::<8, false, true>(task)),
            Blocks::Rounded => self.level.run(Mean::<8, false, false>(task)),
            Blocks::Single => self.level.run(Mean::<1, false, false>(task)),
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
}

struct Mean<'a, const LANES: usize, const FUSED: bool, const TAIL: bool>(Take<'a>);

impl<const LANES: usize, const FUSED: bool, const TAIL: bool> Kernel
    for Mean<'_, LANES, FUSED, TAIL>
{
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f32 {
        let Take { mean, count, row, weight, share, groups } = self.0;
        for (mean, x) in mean.iter_mut().zip(row) {
            let x = x * weight;
            *mean = if TAIL { mean.mul_add(count, x) } else { *mean * count + x } * share;
        }
        sum::<Product, LANES, FUSED, TAIL>(mean, mean, groups)
    }
}
