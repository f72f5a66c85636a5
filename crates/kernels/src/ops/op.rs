//! What an operation is, to the loops that run it.

use crate::arch::Simd;

/// An operation on pairs of components. A pair of zeros changes nothing, so that the last, partly
/// filled vector of a row may be padded with them.
pub(super) trait Op {
    /// Vectors in a state, and those that a step needs beside it.
    const VECTORS: usize;

    /// What is kept while a row is read.
    type State<S: Simd>: Copy;

    /// The state before the first pair.
    fn start<S: Simd>(simd: S) -> Self::State<S>;

    /// Takes a pair of components into each lane.
    fn step<S: Simd>(simd: S, state: Self::State<S>, x: S::F32s, y: S::F32s) -> Self::State<S>;

    /// The state after the pairs of both.
    fn join<S: Simd>(simd: S, a: Self::State<S>, b: Self::State<S>) -> Self::State<S>;

    /// A score for each lane.
    fn lanes<S: Simd>(simd: S, state: Self::State<S>) -> S::F32s;

    /// One score for all lanes together.
    fn total<S: Simd>(simd: S, state: Self::State<S>) -> f32;
}
