//! The sum of squared differences.

use super::op::Op;
use crate::arch::Simd;

pub(super) struct L2;

impl Op for L2 {
    const VECTORS: usize = 1;

    type State<S: Simd> = S::F32s;

    #[inline(always)]
    fn start<S: Simd>(simd: S) -> S::F32s {
        simd.splat(0.0)
    }

    #[inline(always)]
    fn step<S: Simd>(simd: S, state: S::F32s, x: S::F32s, y: S::F32s) -> S::F32s {
        let difference = simd.sub(x, y);
        simd.mul_add(difference, difference, state)
    }

    #[inline(always)]
    fn join<S: Simd>(simd: S, a: S::F32s, b: S::F32s) -> S::F32s {
        simd.add(a, b)
    }

    #[inline(always)]
    fn lanes<S: Simd>(_simd: S, state: S::F32s) -> S::F32s {
        state
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, state: S::F32s) -> f32 {
        simd.sum(state)
    }
}
