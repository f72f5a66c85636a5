//! The Jensen-Shannon divergence, roughly: each term to 1 part in 512, see [`ERROR`].
//!
//! With `d = (x - y) / (x + y)` a term is `(x + y) / 4` times
//! `(1 + d) ln(1 + d) + (1 - d) ln(1 - d)`. The latter is even in `d`, and divided by `d^2` it
//! runs from 1 at 0 to `2 ln 2` at 1, so that a polynomial in `d^2` gives all terms with the same
//! relative error, the smallest ones too; logarithms would leave nothing of terms where `x` and
//! `y` are near each other. The polynomial was fitted for the smallest largest relative error,
//! which is 0.0013; its end at 1, where the function has a vertical tangent, sets that.
//!
//! A negative component makes the score infinite or NaN.

use super::op::Op;
use crate::arch::Simd;

/// The largest relative error of a term, rounding in f32 included.
pub const ERROR: f64 = 1.0 / 512.0;

/// Coefficients of a quarter of the polynomial in `2 d^2 - 1`, the highest first.
const COEFFICIENTS: [f32; 9] = [
    0.064211495,
    0.025321737,
    -0.11046977,
    -0.029585283,
    0.066925764,
    0.018_399_31,
    0.00057457044,
    0.0337606,
    0.2769815,
];

pub(super) struct JensenShannon;

#[derive(Clone, Copy)]
pub(super) struct State<V> {
    sum: V,
    /// The most negative component with its sign changed, or 0.
    below_zero: V,
}

impl Op for JensenShannon {
    const VECTORS: usize = 3;

    type State<S: Simd> = State<S::F32s>;

    #[inline(always)]
    fn start<S: Simd>(simd: S) -> State<S::F32s> {
        State { sum: simd.splat(0.0), below_zero: simd.splat(0.0) }
    }

    #[inline(always)]
    fn step<S: Simd>(simd: S, state: State<S::F32s>, x: S::F32s, y: S::F32s) -> State<S::F32s> {
        let total = simd.add(x, y);
        let d = simd.div(simd.sub(x, y), simd.max(total, simd.splat(f32::from_bits(1))));
        let square = simd.mul_add(d, d, simd.splat(0.0));
        let z = simd.mul_add(square, simd.splat(2.0), simd.splat(-1.0));
        let mut bent = simd.splat(COEFFICIENTS[0]);
        for coefficient in &COEFFICIENTS[1..] {
            bent = simd.mul_add(bent, z, simd.splat(*coefficient));
        }
        let weight = simd.mul_add(square, bent, simd.splat(0.0));
        State {
            sum: simd.mul_add(total, weight, state.sum),
            below_zero: simd.max(state.below_zero, simd.sub(simd.splat(0.0), x)),
        }
    }

    #[inline(always)]
    fn join<S: Simd>(simd: S, a: State<S::F32s>, b: State<S::F32s>) -> State<S::F32s> {
        State { sum: simd.add(a.sum, b.sum), below_zero: simd.max(a.below_zero, b.below_zero) }
    }

    #[inline(always)]
    fn lanes<S: Simd>(simd: S, state: State<S::F32s>) -> S::F32s {
        let zero = simd.splat(0.0);
        let large = simd.splat(f32::MAX);
        // Zero stays zero; the smallest number overflows.
        let once = simd.mul_add(state.below_zero, large, zero);
        let twice = simd.mul_add(once, large, zero);
        let fault = simd.mul_add(twice, large, zero);
        simd.add(state.sum, fault)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, state: State<S::F32s>) -> f32 {
        let fault = if simd.largest(state.below_zero) > 0.0 { f32::INFINITY } else { 0.0 };
        simd.sum(state.sum) + fault
    }
}
