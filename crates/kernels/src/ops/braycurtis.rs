//! `sum |x - y| / sum |x + y|`. The divisor is treated as in `canberra`; that either sum overflows
//! says nothing of the quotient, so it makes the score NaN.

use super::op::Op;
use crate::arch::Simd;

pub(super) struct BrayCurtis;

#[derive(Clone, Copy)]
pub(super) struct State<V> {
    over: V,
    under: V,
}

impl Op for BrayCurtis {
    const VECTORS: usize = 2;

    type State<S: Simd> = State<S::F32s>;

    #[inline(always)]
    fn start<S: Simd>(simd: S) -> State<S::F32s> {
        State { over: simd.splat(0.0), under: simd.splat(0.0) }
    }

    #[inline(always)]
    fn step<S: Simd>(simd: S, state: State<S::F32s>, x: S::F32s, y: S::F32s) -> State<S::F32s> {
        State {
            over: simd.add(state.over, simd.abs(simd.sub(x, y))),
            under: simd.add(state.under, simd.abs(simd.add(x, y))),
        }
    }

    #[inline(always)]
    fn join<S: Simd>(simd: S, a: State<S::F32s>, b: State<S::F32s>) -> State<S::F32s> {
        State { over: simd.add(a.over, b.over), under: simd.add(a.under, b.under) }
    }

    #[inline(always)]
    fn lanes<S: Simd>(simd: S, state: State<S::F32s>) -> S::F32s {
        let under = simd.max(state.under, simd.splat(f32::from_bits(1)));
        let zero = simd.splat(0.0);
        let zero_or_nan = simd.mul_add(simd.add(state.over, state.under), zero, zero);
        simd.add(simd.div(state.over, under), zero_or_nan)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, state: State<S::F32s>) -> f32 {
        let (over, under) = (simd.sum(state.over), simd.sum(state.under));
        let divisor = if under == 0.0 { f32::from_bits(1) } else { under };
        over / divisor + (over + under) * 0.0
    }
}
