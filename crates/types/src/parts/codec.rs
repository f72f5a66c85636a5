//! How rows are written as codes.

use super::{Bytes, IndexParts, TransformParts};

/// A codec and what it has learned.
#[derive(Clone, Debug, PartialEq)]
pub enum CodecParts {
    /// The floats themselves, little-endian.
    Raw,
    /// Packed bits, as they are.
    Bits,
    /// A number of few bits for each component.
    Scalar(ScalarParts),
    /// For each part of a row the number of a centroid.
    Product(ProductParts),
    /// The number of a coarse centroid, then a product code of the difference to it.
    TwoLevel(Box<TwoLevelParts>),
    /// A bit for each of some directions: on which side of a threshold the row lies.
    Lsh(Box<LshParts>),
    /// A bit or more for each component as seen from a center, and corrections.
    Rabitq(RabitqParts),
}

/// How a scalar quantizer writes a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    /// Steps between a least and a largest value: their number is 2 to the power of the bits.
    Steps {
        /// 4, 6 or 8.
        bits: u32,
        /// Whether the least and the largest value are those of all components together.
        uniform: bool,
    },
    /// Half precision.
    F16,
    /// The upper half of an f32.
    Bf16,
    /// Whole numbers from 0 to 255.
    Direct,
    /// Whole numbers from -128 to 127, stored from 0 to 255.
    DirectSigned,
}

impl ScalarKind {
    /// Bytes that a row of `dim` components takes.
    pub fn code_bytes(self, dim: usize) -> usize {
        match self {
            ScalarKind::Steps { bits, .. } => (dim * bits as usize).div_ceil(8),
            ScalarKind::F16 | ScalarKind::Bf16 => 2 * dim,
            ScalarKind::Direct | ScalarKind::DirectSigned => dim,
        }
    }

    /// How many numbers it learns for rows of `dim` components: least values, then extents.
    pub fn learned(self, dim: usize) -> usize {
        match self {
            ScalarKind::Steps { uniform: true, .. } => 2,
            ScalarKind::Steps { uniform: false, .. } => 2 * dim,
            _ => 0,
        }
    }
}

/// A scalar quantizer.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarParts {
    /// How it writes a component.
    pub kind: ScalarKind,
    /// The least value of each component, then the extent of each; one of both if uniform.
    pub learned: Vec<f32>,
    /// How FAISS finds the extents in training: the number of a method and its argument.
    pub training: (i32, f32),
}

/// A product quantizer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductParts {
    /// Parts of a row, all of the same length.
    pub parts: usize,
    /// Bits of a centroid's number.
    pub bits: usize,
    /// The centroids of the first part, then those of the second and so on.
    pub centroids: Vec<f32>,
}

impl ProductParts {
    /// Centroids of a part.
    pub fn part_centroids(&self) -> usize {
        1 << self.bits
    }

    /// Bytes that a row takes.
    pub fn code_bytes(&self) -> usize {
        self.parts.saturating_mul(self.bits).div_ceil(8)
    }
}

/// A coarse quantizer, and a product quantizer for the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoLevelParts {
    /// The coarse centroids, as rows.
    pub coarse: IndexParts,
    /// Whether the coarse quantizer is trained by itself: FAISS's number for how.
    pub trains_alone: u8,
    /// The codec of the differences.
    pub product: ProductParts,
}

impl TwoLevelParts {
    /// Bytes of a coarse centroid's number, which come first in a code, the lowest one first.
    pub fn coarse_bytes(&self) -> usize {
        let last = self.coarse.rows.saturating_sub(1);
        (u64::BITS - last.leading_zeros()).div_ceil(8) as usize
    }

    /// Bytes that a row takes.
    pub fn code_bytes(&self) -> usize {
        self.coarse_bytes().saturating_add(self.product.code_bytes())
    }
}

/// A quantizer to bits.
#[derive(Clone, Debug, PartialEq)]
pub struct LshParts {
    /// Bits of a code.
    pub bits: usize,
    /// Whether rows are rotated first; otherwise the first components count.
    pub rotate: bool,
    /// Whether thresholds are learned; otherwise they are 0.
    pub learn_thresholds: bool,
    /// The threshold of each bit.
    pub thresholds: Vec<f32>,
    /// The rotation, which FAISS stores in either case.
    pub rotation: TransformParts,
}

/// A RaBitQ quantizer.
#[derive(Clone, Debug, PartialEq)]
pub struct RabitqParts {
    /// Bits of a component, 1 to 9.
    pub bits: usize,
    /// Bits that components of a query are rounded to, up to 8; 0 for not at all.
    pub query_bits: u8,
    /// Whether the steps that they are rounded to lie about zero, and not between the least and the largest
    /// component; files say so of codes in blocks, and mean of others that they do not.
    pub centered: bool,
    /// What rows are seen from where it is the same for all; empty in lists.
    pub center: Vec<f32>,
}

impl RabitqParts {
    /// Bytes of a code: signs and two numbers; with more bits a third, the other bits, and two more.
    pub fn code_bytes_of(dim: usize, bits: usize) -> usize {
        let numbers = if bits > 1 { 5 } else { 2 };
        let others = dim.saturating_mul(bits.saturating_sub(1)).div_ceil(8);
        dim.div_ceil(8).saturating_add(others).saturating_add(numbers * size_of::<f32>())
    }
}

impl CodecParts {
    /// Bytes that a row of `dim` components takes.
    pub fn code_bytes(&self, dim: usize) -> usize {
        match self {
            CodecParts::Raw => dim * size_of::<f32>(),
            CodecParts::Bits => dim / 8,
            CodecParts::Scalar(scalar) => scalar.kind.code_bytes(dim),
            CodecParts::Product(product) => product.code_bytes(),
            CodecParts::TwoLevel(parts) => parts.code_bytes(),
            CodecParts::Lsh(lsh) => lsh.bits.div_ceil(8),
            CodecParts::Rabitq(rabitq) => RabitqParts::code_bytes_of(dim, rabitq.bits),
        }
    }

    /// How many bytes at the beginning of a code are numbers of 4 bits that can be looked up in
    /// [`Blocks`]; `None` if there are no such numbers.
    pub fn looked_up_bytes(&self, dim: usize) -> Option<usize> {
        match self {
            CodecParts::Product(product) if product.bits == 4 => Some(product.code_bytes()),
            CodecParts::Rabitq(_) => Some(dim.div_ceil(8)),
            _ => None,
        }
    }
}

/// Codes of all rows, one behind another.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// How rows are written.
    pub codec: CodecParts,
    /// The codes.
    pub codes: Bytes,
    /// How codes lie if not one behind another.
    pub blocks: Option<Blocks>,
    /// What FAISS keeps of how a product quantizer's codes are searched.
    pub product_search: Option<ProductSearch>,
}

/// Codes in blocks, as FAISS's fast scan has them: their numbers of 4 bits are looked up in tables that are
/// rounded to bytes, 32 codes at a time.
///
/// A number is that of a product quantizer's centroid, or the signs of four components. A block holds the
/// codes of so many rows, of which every 32 lie together, pair of numbers by pair: 16 bytes of the first
/// number and 16 of the second. Byte `j` of these holds that of row `p[j]` of the 32 in its lower half and
/// that of row `p[j] + 16` in its upper one, where `p` is 0, 8, 1, 9 and so on up to 7, 15. What codes have
/// beside these numbers follows, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Rows in a block, a multiple of 32.
    pub rows: usize,
    /// FAISS's number for how blocks are scanned; 0 is as it likes.
    pub implementation: i32,
    /// How many queries are looked up together, a digit each in base 16; 0 is as it likes.
    pub queries: u64,
}

impl Blocks {
    /// Bytes of a block of codes of so many bytes.
    pub fn block_bytes(&self, code_bytes: usize) -> usize {
        self.rows.saturating_mul(code_bytes)
    }

    /// Bytes of so many rows.
    pub fn bytes(&self, rows: usize, code_bytes: usize) -> usize {
        rows.div_ceil(self.rows).saturating_mul(self.block_bytes(code_bytes))
    }
}

/// Settings of the search over product codes that a file keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductSearch {
    /// FAISS's number for how codes are compared; 0 is by the distance to each centroid.
    pub kind: i32,
    /// Whether the signs of components were encoded instead.
    pub encodes_signs: bool,
    /// How many bits codes may differ in to be compared at all, for one of the kinds.
    pub bit_threshold: i32,
}
