//! Scores by all bits of codes, for those that may be near by their signs.

use super::packed::Packed;
use anear_kernels::lookup::near::{PIECE, Taker};

/// A query as seen from a center, compared with codes in groups by all their bits.
pub(super) struct Fine<'a> {
    codec: &'a Packed,
    moved: &'a [f32],
    /// What scores begin at.
    start: f32,
    codes: &'a [u8],
    /// Room for a code.
    code: Vec<u8>,
}

impl<'a> Fine<'a> {
    pub(super) fn new(
        codec: &'a Packed,
        moved: &'a [f32],
        start: f32,
        codes: &'a [u8],
    ) -> Fine<'a> {
        let code = vec![0; codec.layout().code_bytes()];
        Fine { codec, moved, start, codes, code }
    }

    /// The score of a code.
    pub(super) fn score(&mut self, number: usize) -> f32 {
        self.codec.layout().take(self.codes, number, &mut self.code);
        self.codec.rabitq.fine_score(self.moved, self.start, &self.code)
    }
}

/// Takes what scores most likely are at least, and tells of the scores of those that are below the limit.
pub(super) struct Refining<'a, F> {
    /// The score of a code by all its bits.
    pub(super) fine: F,
    /// The row of the first code.
    pub(super) first: usize,
    pub(super) limit: f32,
    pub(super) taker: &'a mut dyn Taker,
}

impl<F: FnMut(usize) -> f32> Taker for Refining<'_, F> {
    fn take(&mut self, first: usize, mut which: u32, least: &[f32; PIECE]) -> f32 {
        while which != 0 {
            let at = which.trailing_zeros() as usize;
            which &= which - 1;
            // As in FAISS, whose limit is lower after each code that is near.
            if least[at] < self.limit {
                let row = first + at;
                let score = (self.fine)(row - self.first);
                self.limit = self.taker.take(row, 1, &[score; PIECE]);
            }
        }
        self.limit
    }
}
