//! The four letters by which FAISS names the kinds of indexes, and what follows their header.

use anear_types::Measure;
use anear_types::parts::{
    Beside, CodecParts, IndexParts, RabitqParts, ScalarKind, StorageKind, Structure,
};

/// What stands where an index may be and there is none.
pub(super) const NO_INDEX: &[u8; 4] = b"null";

/// What a kind of index has after its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Vectors as floats.
    Flat,
    /// Another index, then ids; whether rows are found by their ids as well.
    IdMap { both_ways: bool },
    /// Transforms, then another index.
    Transforms,
    /// Two other indexes, then how many times as many rows the first finds.
    Refine,
    /// A product quantizer, codes, and settings of the search where files are not too old.
    Product { settings: bool },
    /// A product quantizer, then codes in blocks.
    Blocks,
    /// A scalar quantizer, then codes.
    Scalar,
    /// A coarse quantizer, which is an index, a product quantizer, and codes.
    TwoLevel,
    /// A rotation and thresholds, then codes of bits; whether the size of codes is in words of 64 bits.
    Lsh { in_words: bool },
    /// A RaBitQ quantizer, which says its bits or has one, then codes.
    Rabitq { says_bits: bool },
    /// A RaBitQ quantizer, then codes in blocks; whether what is not looked up lies before them instead.
    RabitqBlocks { apart: bool },
    /// Inverted lists: number of lists, a coarse quantizer; then what the part says.
    Inverted(Part),
    /// The same as old versions wrote them: the ids of all lists first, then what the part says, then the
    /// codes of each list.
    OldInverted(Part),
    /// An HNSW graph, then another index, which keeps rows so, or that there is none.
    Hnsw(StorageKind),
    /// A binary index: vectors of bits.
    BinaryFlat,
    /// A binary index over another one.
    BinaryIdMap { both_ways: bool },
    /// A binary index with inverted lists.
    BinaryInverted,
    /// A binary index with an HNSW graph.
    BinaryHnsw,
    /// A binary index of another kind.
    Binary,
    /// Fields that are not read.
    Other,
}

/// What follows the coarse quantizer of inverted lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Lists of floats.
    Flat,
    /// Pairs of rows that are equal, then lists of floats.
    Duplicates,
    /// A scalar quantizer, then lists; whether they say if they hold residuals.
    Scalar { says_residual: bool },
    /// A product quantizer, then lists.
    Product,
    /// A product quantizer, then lists of codes in blocks.
    Blocks,
    /// A product quantizer, lists, and another product quantizer with codes.
    Refinement,
    /// A RaBitQ quantizer, which says its bits or has one, then lists.
    Rabitq { says_bits: bool },
    /// A RaBitQ quantizer, then lists of codes in blocks; whether what is not looked up lies before them
    /// instead.
    RabitqBlocks { apart: bool },
    /// Something that is not read.
    Other,
}

impl Layout {
    /// Whether the header is that of binary indexes.
    pub(super) fn is_binary(self) -> bool {
        use Layout::{Binary, BinaryFlat, BinaryHnsw, BinaryIdMap, BinaryInverted};
        matches!(self, Binary | BinaryFlat | BinaryHnsw | BinaryInverted | BinaryIdMap { .. })
    }
}

/// The letters of an index that holds vectors as they are.
pub(super) fn flat_letters(measure: Measure) -> &'static [u8; 4] {
    match measure {
        Measure::L2 => b"IxF2",
        Measure::InnerProduct => b"IxFI",
        _ => b"IxFl",
    }
}

/// The letters with which an index is written.
pub(super) fn letters(index: &IndexParts) -> [u8; 4] {
    let is_binary = index.measure == Measure::Hamming;
    *match &index.structure {
        Structure::Coded(coded) => match coded.codec {
            CodecParts::Raw => flat_letters(index.measure),
            CodecParts::Bits => b"IBxF",
            CodecParts::Scalar(_) => b"IxSQ",
            CodecParts::Product(_) if coded.blocks.is_some() => b"IPfs",
            CodecParts::Product(_) => b"IxPq",
            CodecParts::TwoLevel(_) => b"Ix2L",
            CodecParts::Lsh(_) => b"IxHe",
            CodecParts::Rabitq(_) if coded.blocks.is_some() => b"Irfn",
            CodecParts::Rabitq(RabitqParts { bits: 1, .. }) => b"Ixrq",
            CodecParts::Rabitq(_) => b"Ixrr",
        },
        Structure::Inverted(inverted) => match (&inverted.codec, &inverted.beside) {
            (CodecParts::Bits, _) => b"IBwF",
            (CodecParts::Raw, Beside::Duplicates(_)) => b"IwFd",
            (CodecParts::Raw, _) => b"IwFl",
            (CodecParts::Scalar(_), _) => b"IwSq",
            (CodecParts::Product(_), Beside::Refinement { .. }) => b"IwQR",
            (CodecParts::Product(_), _) if inverted.blocks.is_some() => b"IwPf",
            (CodecParts::Product(_), _) => b"IwPQ",
            (CodecParts::Rabitq(_), _) if inverted.blocks.is_some() => b"Iwrn",
            (CodecParts::Rabitq(RabitqParts { bits: 1, .. }), _) => b"Iwrq",
            (CodecParts::Rabitq(_), _) => b"Iwrr",
            (CodecParts::TwoLevel(_) | CodecParts::Lsh(_), _) => {
                unreachable!("FAISS has no lists of such codes")
            }
        },
        Structure::Graph(_) if is_binary => b"IBHf",
        Structure::Graph(graph) => match graph.storage.kind() {
            StorageKind::Raw => b"IHNf",
            StorageKind::Scalar => b"IHNs",
            StorageKind::Product => b"IHNp",
            StorageKind::TwoLevel => b"IHN2",
            StorageKind::Other => b"IH00",
        },
        Structure::IdMap(id_map) => match (is_binary, id_map.both_ways) {
            (false, false) => b"IxMp",
            (false, true) => b"IxM2",
            (true, false) => b"IBMp",
            (true, true) => b"IBM2",
        },
        Structure::Transformed(_) => b"IxPT",
        Structure::Refined(_) => b"IxRF",
    }
}

/// The layout of the index with these four letters.
pub(super) fn layout(fourcc: &[u8; 4]) -> Option<Layout> {
    KINDS.iter().find(|(known, _)| *known == fourcc).map(|(_, layout)| *layout)
}

static KINDS: &[(&[u8; 4], Layout)] = &[
    // Flat: L2, inner product, other metrics
    (b"IxF2", Layout::Flat),
    (b"IxFI", Layout::Flat),
    (b"IxFl", Layout::Flat),
    // Wrappers: id maps, pre-transform, refinement
    (b"IxMp", Layout::IdMap { both_ways: false }),
    (b"IxM2", Layout::IdMap { both_ways: true }),
    (b"IxPT", Layout::Transforms),
    (b"IxRF", Layout::Refine),
    // Codes: product, scalar, hashes, additive quantizers, RaBitQ, two levels
    (b"IxPq", Layout::Product { settings: true }),
    (b"IxPQ", Layout::Product { settings: false }),
    (b"IxPo", Layout::Product { settings: true }),
    (b"IPfs", Layout::Blocks),
    (b"IxSQ", Layout::Scalar),
    (b"IxHe", Layout::Lsh { in_words: false }),
    (b"IxHE", Layout::Lsh { in_words: true }),
    (b"IxLS", Layout::Other),
    (b"IxRq", Layout::Other),
    (b"IxRQ", Layout::Other),
    (b"IxPR", Layout::Other),
    (b"IxPL", Layout::Other),
    (b"ILfs", Layout::Other),
    (b"IRfs", Layout::Other),
    (b"IxLa", Layout::Other),
    (b"Ixrq", Layout::Rabitq { says_bits: false }),
    (b"Ixrr", Layout::Rabitq { says_bits: true }),
    (b"Irfn", Layout::RabitqBlocks { apart: false }),
    (b"Irfs", Layout::RabitqBlocks { apart: true }),
    (b"Ix2L", Layout::TwoLevel),
    // Coarse quantizers with several parts
    (b"Imiq", Layout::Other),
    (b"ImRQ", Layout::Other),
    (b"ImLQ", Layout::Other),
    // Inverted lists
    (b"IwFl", Layout::Inverted(Part::Flat)),
    (b"IwFd", Layout::Inverted(Part::Duplicates)),
    (b"IwSq", Layout::Inverted(Part::Scalar { says_residual: true })),
    (b"IwSQ", Layout::Inverted(Part::Scalar { says_residual: false })),
    (b"IwPQ", Layout::Inverted(Part::Product)),
    (b"IwQR", Layout::Inverted(Part::Refinement)),
    (b"IwPf", Layout::Inverted(Part::Blocks)),
    (b"IwSh", Layout::Inverted(Part::Other)),
    (b"IwLS", Layout::Inverted(Part::Other)),
    (b"IwRQ", Layout::Inverted(Part::Other)),
    (b"IwPR", Layout::Inverted(Part::Other)),
    (b"IwPL", Layout::Inverted(Part::Other)),
    (b"IVLf", Layout::Inverted(Part::Other)),
    (b"IVRf", Layout::Inverted(Part::Other)),
    (b"Iwrq", Layout::Inverted(Part::Rabitq { says_bits: false })),
    (b"Iwrr", Layout::Inverted(Part::Rabitq { says_bits: true })),
    (b"Iwrn", Layout::Inverted(Part::RabitqBlocks { apart: false })),
    (b"Iwrf", Layout::Inverted(Part::RabitqBlocks { apart: true })),
    // Inverted lists of old versions
    (b"IvFl", Layout::OldInverted(Part::Flat)),
    (b"IvFL", Layout::OldInverted(Part::Flat)),
    (b"IvSQ", Layout::OldInverted(Part::Scalar { says_residual: false })),
    (b"IvPQ", Layout::OldInverted(Part::Product)),
    (b"IvQR", Layout::OldInverted(Part::Refinement)),
    // Graphs
    (b"IHNf", Layout::Hnsw(StorageKind::Raw)),
    (b"IHNp", Layout::Hnsw(StorageKind::Product)),
    (b"IHNs", Layout::Hnsw(StorageKind::Scalar)),
    (b"IHN2", Layout::Hnsw(StorageKind::TwoLevel)),
    (b"IH00", Layout::Hnsw(StorageKind::Other)),
    (b"INSf", Layout::Other),
    (b"INSp", Layout::Other),
    (b"INSs", Layout::Other),
    (b"INNf", Layout::Other),
    // Binary indexes
    (b"IBxF", Layout::BinaryFlat),
    (b"IBwF", Layout::BinaryInverted),
    (b"IBHf", Layout::BinaryHnsw),
    (b"IBMp", Layout::BinaryIdMap { both_ways: false }),
    (b"IBM2", Layout::BinaryIdMap { both_ways: true }),
    (b"IBHh", Layout::Binary),
    (b"IBHm", Layout::Binary),
    (b"IBFf", Layout::Binary),
];

/// The kinds of scalar quantizers in the order of their numbers, with FAISS's names.
static SCALARS: [(&str, ScalarKind); 9] = [
    ("8bit", ScalarKind::Steps { bits: 8, uniform: false }),
    ("4bit", ScalarKind::Steps { bits: 4, uniform: false }),
    ("8bit_uniform", ScalarKind::Steps { bits: 8, uniform: true }),
    ("4bit_uniform", ScalarKind::Steps { bits: 4, uniform: true }),
    ("fp16", ScalarKind::F16),
    ("8bit_direct", ScalarKind::Direct),
    ("6bit", ScalarKind::Steps { bits: 6, uniform: false }),
    ("bf16", ScalarKind::Bf16),
    ("8bit_direct_signed", ScalarKind::DirectSigned),
];

/// The kind of scalar quantizer with this number.
pub(super) fn scalar_kind(number: i32) -> Option<ScalarKind> {
    let number = usize::try_from(number).ok()?;
    SCALARS.get(number).map(|(_, kind)| *kind)
}

/// The number and the name of a kind of scalar quantizer.
///
/// # Panics
/// If it is none of FAISS's.
pub(super) fn scalar_number(kind: ScalarKind) -> (i32, &'static str) {
    let number = SCALARS.iter().position(|(_, known)| *known == kind).expect("one of FAISS's");
    (number as i32, SCALARS[number].0)
}
