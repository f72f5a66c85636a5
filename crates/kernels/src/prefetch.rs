//! Asking for memory before it is needed.

use crate::Level;
use crate::arch::{Kernel, Simd};

/// Bytes that come together.
const LINE_BYTES: usize = 64;

/// Asks for all of some bytes, which will be read soon. Changes nothing but the time it takes.
pub fn prefetch(level: Level, bytes: &[u8]) {
    level.run(Prefetch(bytes));
}

struct Prefetch<'a>(&'a [u8]);

impl Kernel for Prefetch<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        ask_for(simd, self.0);
    }
}

/// Asks for all lines in which bytes lie.
#[inline(always)]
pub(crate) fn ask_for<S: Simd>(simd: S, bytes: &[u8]) {
    for line in bytes.as_chunks::<LINE_BYTES>().0 {
        simd.prefetch(line.as_ptr());
    }
    if let Some(last) = bytes.last() {
        simd.prefetch(last);
    }
}

/// Rows with some numbers, which lie far from each other: the first ones are asked for at once, and each of
/// the others so many rows ahead.
#[derive(Clone, Copy)]
pub(crate) struct Scattered<'a> {
    bytes: &'a [u8],
    row_bytes: usize,
    numbers: &'a [u32],
    ahead: usize,
}

impl<'a> Scattered<'a> {
    #[inline(always)]
    pub(crate) fn new<S: Simd>(
        simd: S,
        (bytes, row_bytes): (&'a [u8], usize),
        numbers: &'a [u32],
        ahead: usize,
    ) -> Scattered<'a> {
        let rows = Scattered { bytes, row_bytes, numbers, ahead };
        for number in &numbers[..ahead.min(numbers.len())] {
            ask_for(simd, rows.row(*number));
        }
        rows
    }

    /// The row whose number is at a place of the list.
    ///
    /// # Panics
    /// If there is no such place, or no such row.
    #[inline(always)]
    pub(crate) fn at<S: Simd>(self, simd: S, place: usize) -> &'a [u8] {
        if let Some(next) = self.numbers.get(place + self.ahead) {
            ask_for(simd, self.row(*next));
        }
        self.row(self.numbers[place])
    }

    #[inline(always)]
    fn row(self, number: u32) -> &'a [u8] {
        &self.bytes[number as usize * self.row_bytes..][..self.row_bytes]
    }
}
