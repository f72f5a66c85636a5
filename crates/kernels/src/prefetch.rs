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
