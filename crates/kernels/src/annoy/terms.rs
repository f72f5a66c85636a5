//! What one pair of components adds to a sum.

use super::blocks::Blocks;
use crate::arch::Simd;

/// A term of a sum.
pub(super) trait Term {
    /// The term.
    fn of(x: f32, y: f32) -> f32;

    /// The term added, rounded once.
    fn fused(sum: f32, x: f32, y: f32) -> f32;

    /// The terms of a block added.
    fn block<S: Simd, B: Blocks>(
        simd: S,
        sum: B::Vector<S>,
        x: B::Vector<S>,
        y: B::Vector<S>,
    ) -> B::Vector<S>;
}

/// A product.
pub(super) struct Product;

/// The square of a difference.
pub(super) struct Square;

/// An absolute difference.
pub(super) struct Difference;

impl Term for Product {
    #[inline(always)]
    fn of(x: f32, y: f32) -> f32 {
        x * y
    }

    #[inline(always)]
    fn fused(sum: f32, x: f32, y: f32) -> f32 {
        x.mul_add(y, sum)
    }

    #[inline(always)]
    fn block<S: Simd, B: Blocks>(
        simd: S,
        sum: B::Vector<S>,
        x: B::Vector<S>,
        y: B::Vector<S>,
    ) -> B::Vector<S> {
        B::mul_add(simd, x, y, sum)
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

    #[inline(always)]
    fn block<S: Simd, B: Blocks>(
        simd: S,
        sum: B::Vector<S>,
        x: B::Vector<S>,
        y: B::Vector<S>,
    ) -> B::Vector<S> {
        let difference = B::sub(simd, x, y);
        B::mul_add(simd, difference, difference, sum)
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

    #[inline(always)]
    fn block<S: Simd, B: Blocks>(
        simd: S,
        sum: B::Vector<S>,
        x: B::Vector<S>,
        y: B::Vector<S>,
    ) -> B::Vector<S> {
        B::add(simd, sum, B::abs(simd, B::sub(simd, x, y)))
    }
}
