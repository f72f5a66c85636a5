//! Rows of short codes, each component on its own, against one query.
//!
//! A component is `first + step * number` with numbers of its own for each component; the query has
//! taken in what does not depend on the row. So the sum of squared differences is that of
//! `(from - step * number)^2`, where `from` is the query less `first`, and an inner product that of
//! `step * number`, where `step` is multiplied by the query.

mod decode;
mod number;
mod score;

use crate::arch::LANES;

pub use decode::StepDecoder;
pub use score::StepQuery;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A byte.
    Byte,
    /// Four bits, the first of two in the lower half of a byte.
    Nibble,
    /// Six bits, the lowest ones of a byte first.
    SixBits,
    /// Half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
}

impl Written {
    /// Bytes in a row of so many components.
    pub fn row_bytes(self, dim: usize) -> usize {
        match self {
            Written::Byte => dim,
            Written::Nibble => dim.div_ceil(2),
            Written::SixBits => (6 * dim).div_ceil(8),
            Written::F16 | Written::Bf16 => 2 * dim,
        }
    }
}

/// As many zeros more as fill the last vector.
fn filled_up(values: &[f32]) -> Vec<[f32; LANES]> {
    let mut filled = vec![[0.0; LANES]; values.len().div_ceil(LANES)];
    filled.as_flattened_mut()[..values.len()].copy_from_slice(values);
    filled
}
