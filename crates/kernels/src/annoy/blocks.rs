//! Blocks of components whose terms are added side by side.

use crate::arch::{HALF, LANES, Simd};

/// How many lanes a block has, and whether products are rounded in it.
pub(super) trait Blocks {
    /// Components in a block; 1 where there are no blocks.
    const LANES: usize;
    /// Whether products are fused with the addition.
    const FUSED: bool;
    /// Whether they are in what is left behind the last block.
    const TAIL_FUSED: bool;

    type Vector<S: Simd>: Copy;

    /// The first lanes of a slice that has as many.
    fn load<S: Simd>(simd: S, lanes: &[f32]) -> Self::Vector<S>;
    fn store<S: Simd>(simd: S, vector: Self::Vector<S>, lanes: &mut [f32]);
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn sub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn abs<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;

    /// `a * b + c`, rounded once.
    fn fused<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// The sum of the lanes: halves are added to halves.
    fn total<S: Simd>(simd: S, a: Self::Vector<S>) -> f32;

    /// `a * b + c`.
    #[inline(always)]
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S> {
        match Self::FUSED {
            true => Self::fused(simd, a, b, c),
            false => Self::add(simd, c, Self::mul(simd, a, b)),
        }
    }
}

/// Sixteen lanes, products fused.
pub(super) struct Wide;

/// Eight lanes, products in blocks and behind them fused or not.
pub(super) struct Narrow<const FUSED: bool, const TAIL_FUSED: bool>;

/// No blocks, products rounded.
pub(super) struct Single;

impl Blocks for Wide {
    const LANES: usize = LANES;
    const FUSED: bool = true;
    const TAIL_FUSED: bool = true;

    type Vector<S: Simd> = S::F32s;

    #[inline(always)]
    fn load<S: Simd>(simd: S, lanes: &[f32]) -> S::F32s {
        simd.load(lanes.first_chunk().expect("a whole block"))
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, vector: S::F32s, lanes: &mut [f32]) {
        simd.store(vector, lanes.first_chunk_mut().expect("a whole block"));
    }

    #[inline(always)]
    fn add<S: Simd>(simd: S, a: S::F32s, b: S::F32s) -> S::F32s {
        simd.add(a, b)
    }

    #[inline(always)]
    fn sub<S: Simd>(simd: S, a: S::F32s, b: S::F32s) -> S::F32s {
        simd.sub(a, b)
    }

    #[inline(always)]
    fn mul<S: Simd>(simd: S, a: S::F32s, b: S::F32s) -> S::F32s {
        simd.mul(a, b)
    }

    #[inline(always)]
    fn abs<S: Simd>(simd: S, a: S::F32s) -> S::F32s {
        simd.abs(a)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::F32s, b: S::F32s, c: S::F32s) -> S::F32s {
        simd.fused(a, b, c)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, a: S::F32s) -> f32 {
        simd.sum(a)
    }
}

impl<const F: bool, const T: bool> Blocks for Narrow<F, T> {
    const LANES: usize = HALF;
    const FUSED: bool = F;
    const TAIL_FUSED: bool = T;

    type Vector<S: Simd> = S::Half;

    #[inline(always)]
    fn load<S: Simd>(simd: S, lanes: &[f32]) -> S::Half {
        simd.load_half(lanes.first_chunk().expect("a whole block"))
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, vector: S::Half, lanes: &mut [f32]) {
        simd.store_half(vector, lanes.first_chunk_mut().expect("a whole block"));
    }

    #[inline(always)]
    fn add<S: Simd>(simd: S, a: S::Half, b: S::Half) -> S::Half {
        simd.add_halves(a, b)
    }

    #[inline(always)]
    fn sub<S: Simd>(simd: S, a: S::Half, b: S::Half) -> S::Half {
        simd.sub_halves(a, b)
    }

    #[inline(always)]
    fn mul<S: Simd>(simd: S, a: S::Half, b: S::Half) -> S::Half {
        simd.mul_halves(a, b)
    }

    #[inline(always)]
    fn abs<S: Simd>(simd: S, a: S::Half) -> S::Half {
        simd.abs_half(a)
    }

    #[inline(always)]
    fn fused<S: Simd>(simd: S, a: S::Half, b: S::Half, c: S::Half) -> S::Half {
        simd.fused_halves(a, b, c)
    }

    #[inline(always)]
    fn total<S: Simd>(simd: S, a: S::Half) -> f32 {
        let mut lanes = [0.0; HALF];
        simd.store_half(a, &mut lanes);
        let four: [f32; 4] = std::array::from_fn(|lane| lanes[lane + 4] + lanes[lane]);
        (four[0] + four[2]) + (four[1] + four[3])
    }
}

impl Blocks for Single {
    const LANES: usize = 1;
    const FUSED: bool = false;
    const TAIL_FUSED: bool = false;

    type Vector<S: Simd> = f32;

    #[inline(always)]
    fn load<S: Simd>(_: S, lanes: &[f32]) -> f32 {
        lanes[0]
    }

    #[inline(always)]
    fn store<S: Simd>(_: S, vector: f32, lanes: &mut [f32]) {
        lanes[0] = vector;
    }

    #[inline(always)]
    fn add<S: Simd>(_: S, a: f32, b: f32) -> f32 {
        a + b
    }

    #[inline(always)]
    fn sub<S: Simd>(_: S, a: f32, b: f32) -> f32 {
        a - b
    }

    #[inline(always)]
    fn mul<S: Simd>(_: S, a: f32, b: f32) -> f32 {
        a * b
    }

    #[inline(always)]
    fn abs<S: Simd>(_: S, a: f32) -> f32 {
        a.abs()
    }

    #[inline(always)]
    fn fused<S: Simd>(_: S, a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn total<S: Simd>(_: S, a: f32) -> f32 {
        a
    }
}
