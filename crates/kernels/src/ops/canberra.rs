//! The sum of `|x - y| / (|x| + |y|)`.
//!
//! Where both are zero the divisor is raised to the smallest number there is, which makes 0/0 a
//! zero and changes no other quotient. A divisor that overflows would make a large quotient 0;
//! multiplied by zero and added it makes the score NaN instead.

use super::op::Op;
use crate::arch::Simd;

pub(super) struct Canberra;

impl Op for Canberra {
    const VECTORS: usize = 2;

    type State<S: Simd> = S::F32s;

    #[inline(always)]
    fn start<S: Simd>(simd: S) -> S::F32s {
        simd.splat(0.0)
    }

    #[inline(always)]
    fn step<S: Simd>(simd: S, state: S::F32s, x: S::F32s, y: S::F32s) -> S::F32s {
        let over = simd.abs(simd.sub(x, y));
        let under = simd.add(simd.abs(x), simd.abs(y));
        let quotient = simd.div(over, simd.max(under, simd.splat(f32::from_bits(1))));
        simd.mul_add(under, simd.splat(0.0), simd.add(state, quotient))
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
