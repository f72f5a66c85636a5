//! The largest absolute difference.
//!
//! A vector maximum forgets NaN, so a second sum is kept that is 0 while all differences are
//! finite and NaN afterwards.

use super::op::Op;
use crate::arch::Simd;

pub(super) struct Chebyshev;

#[derive(Clone, Copy)]
pub(super) struct State<V> {
    largest: V,
    zero_or_nan: V,
}

impl Op for Chebyshev {
    const VECTORS: usize = 2;

    type State<S: Simd> = State<S::F32s>;

    #[inline(always)]
    fn start<S: Simd>(simd: S) -> State<S::F32s> {
        State { largest: simd.splat(0.0), zero_or_nan: simd.splat(0.0) }
    }

    #[inline(always)]
    fn step<S: Simd>(simd: S, state: State<S::F32s>, x: S::F32s, y: S::F32s) -> State<S::F32s> {
        let difference = simd.sub(x, y);
        State {
            largest: simd.max(state.largest, simd.abs(difference)),
            zero_or_nan: simd.mul_add(difference, simd.splat(0.0), state.zero_or_nan),
        }
    }

    #[inline(always)]
    fn join<S: Simd>(simd: S, a: State<S::F32s>, b: State<S::F32s>) -> State<S::F32s> {
        State {
            largest: simd.max(a.largest, b.largest),
            zero_or_nan: simd.add(a.zero_or_nan, b.zero_or_nan),
        }
    }

    #[inline(always)]
    fn lanes<S: Simd>(simd: S, state: State<S::F32s>) -> S::F32s {
        simd.add(state.largest, state.zero_or_nan)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, state: State<S::F32s>) -> f32 {
        simd.largest(state.largest) + simd.sum(state.zero_or_nan)
    }
}
