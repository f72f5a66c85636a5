//! Scores that are not above a limit, picked out of many.

use crate::Level;
use crate::arch::{Kernel, LANES, Simd};

/// Scores that are looked at together.
pub const PIECE: usize = 32;

/// What is told of scores that are not above a limit.
pub trait Taker {
    /// Takes some of the scores of rows from `first` on: bit `i` of `which` is set for each `scores[i]`
    /// that may be near enough; one that is not a number may be among them. Returns the limit for those
    /// that follow.
    fn take(&mut self, first: usize, which: u32, scores: &[f32; PIECE]) -> f32;
}

/// Tells of the scores of rows from `first` on that are not above `limit`, or whatever limit the taker
/// says instead. Returns the last of them.
pub fn offer(level: Level, scores: &[f32], first: usize, limit: f32, taker: &mut dyn Taker) -> f32 {
    level.run(Offer { scores, first, limit, taker })
}

struct Offer<'a> {
    scores: &'a [f32],
    first: usize,
    limit: f32,
    taker: &'a mut dyn Taker,
}

const _: () = assert!(PIECE == 2 * LANES);

impl Kernel for Offer<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let Offer { scores, mut first, mut limit, taker } = self;
        let (pieces, rest) = scores.as_chunks::<PIECE>();
        for piece in pieces {
            let which = not_above(simd, piece, limit);
            if which != 0 {
                limit = taker.take(first, which, piece);
            }
            first += PIECE;
        }
        let mut piece = [f32::INFINITY; PIECE];
        piece[..rest.len()].copy_from_slice(rest);
        let which = not_above(simd, &piece, limit) & ((1 << rest.len()) - 1);
        if which != 0 {
            limit = taker.take(first, which, &piece);
        }
        limit
    }
}

/// A bit for each score that is not above the limit.
#[inline(always)]
fn not_above<S: Simd>(simd: S, piece: &[f32; PIECE], limit: f32) -> u32 {
    let (halves, limit) = (piece.as_chunks::<LANES>().0, simd.splat(limit));
    let low = simd.not_above(simd.load(&halves[0]), limit);
    let high = simd.not_above(simd.load(&halves[1]), limit);
    u32::from(low) | u32::from(high) << LANES
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Takes every score as the new limit until a number of them is there.
    pub(in crate::lookup) struct Lowering {
        pub(in crate::lookup) limit: f32,
        pub(in crate::lookup) taken: Vec<(usize, f32)>,
    }

    impl Taker for Lowering {
        fn take(&mut self, first: usize, which: u32, scores: &[f32; PIECE]) -> f32 {
            assert_ne!(which, 0);
            for (at, score) in scores.iter().enumerate() {
                if which >> at & 1 == 1 && *score <= self.limit {
                    self.taken.push((first + at, *score));
                    self.limit = self.limit.min(*score + 20.0);
                }
            }
            self.limit
        }
    }

    /// The same of all scores, one by one.
    pub(in crate::lookup) fn lowered(scores: &[f32], limit: f32) -> Vec<(usize, f32)> {
        let mut lowering = Lowering { limit, taken: Vec::new() };
        for (at, score) in scores.iter().enumerate() {
            let mut piece = [f32::NAN; PIECE];
            piece[0] = *score;
            lowering.take(at, 1, &piece);
        }
        lowering.taken
    }

    #[test]
    fn every_level_tells_of_what_is_not_above() {
        for count in [0, 1, 31, 32, 33, 100] {
            let score = |at: usize| ((at * 7919) % 101) as f32;
            let mut scores: Vec<f32> = (0..count).map(score).collect();
            scores.iter_mut().skip(5).step_by(9).for_each(|score| *score = f32::NAN);
            for limit in [f32::MAX, 50.0, -1.0] {
                let expected = lowered(&scores, limit);
                for level in Level::available() {
                    let mut taker = Lowering { limit, taken: Vec::new() };
                    let last = offer(level, &scores, 3, limit, &mut taker);
                    assert_eq!(last, taker.limit, "{} {count}", level.name());
                    let found = taker.taken.iter().map(|(at, score)| (at - 3, *score));
                    assert_eq!(found.collect::<Vec<_>>(), expected, "{} {count}", level.name());
                }
            }
        }
    }
}
