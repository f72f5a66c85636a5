//! The four letters by which FAISS names the kinds of indexes, and what follows their header.

/// What a kind of index has after its header, as far as it is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Vectors as floats.
    Flat,
    /// Another index, then ids.
    Wrapper,
    /// Transforms, then another index.
    Transforms,
    /// Two other indexes.
    Refine,
    /// A product quantizer.
    Product,
    /// A scalar quantizer.
    Scalar,
    /// Inverted lists: number of lists, a coarse quantizer; then what the part says.
    Inverted(Part),
    /// An HNSW graph.
    Hnsw,
    /// A binary index: vectors of bits.
    BinaryFlat,
    /// A binary index over another one.
    BinaryWrapper,
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
    /// A product quantizer.
    Product,
    /// A scalar quantizer.
    Scalar,
    /// Something that is not read.
    Other,
}

impl Layout {
    /// Whether the header is that of binary indexes.
    pub(super) fn is_binary(self) -> bool {
        use Layout::{Binary, BinaryFlat, BinaryHnsw, BinaryInverted, BinaryWrapper};
        matches!(self, Binary | BinaryFlat | BinaryHnsw | BinaryInverted | BinaryWrapper)
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
    (b"IxMp", Layout::Wrapper),
    (b"IxM2", Layout::Wrapper),
    (b"IxPT", Layout::Transforms),
    (b"IxRF", Layout::Refine),
    // Codes: product, scalar, hashes, additive quantizers, RaBitQ, two levels
    (b"IxPq", Layout::Product),
    (b"IxPQ", Layout::Product),
    (b"IxPo", Layout::Product),
    (b"IPfs", Layout::Product),
    (b"IxSQ", Layout::Scalar),
    (b"IxHe", Layout::Other),
    (b"IxHE", Layout::Other),
    (b"IxLS", Layout::Other),
    (b"IxRq", Layout::Other),
    (b"IxRQ", Layout::Other),
    (b"IxPR", Layout::Other),
    (b"IxPL", Layout::Other),
    (b"ILfs", Layout::Other),
    (b"IRfs", Layout::Other),
    (b"IxLa", Layout::Other),
    (b"Ixrq", Layout::Other),
    (b"Ixrr", Layout::Other),
    (b"Irfn", Layout::Other),
    (b"Ix2L", Layout::Other),
    // Coarse quantizers with several parts
    (b"Imiq", Layout::Other),
    (b"ImRQ", Layout::Other),
    (b"ImLQ", Layout::Other),
    // Inverted lists
    (b"IwFl", Layout::Inverted(Part::Other)),
    (b"IwFd", Layout::Inverted(Part::Other)),
    (b"IwSq", Layout::Inverted(Part::Scalar)),
    (b"IwSQ", Layout::Inverted(Part::Other)),
    (b"IwPQ", Layout::Inverted(Part::Product)),
    (b"IwQR", Layout::Inverted(Part::Product)),
    (b"IwPf", Layout::Inverted(Part::Other)),
    (b"IwSh", Layout::Inverted(Part::Other)),
    (b"IwLS", Layout::Inverted(Part::Other)),
    (b"IwRQ", Layout::Inverted(Part::Other)),
    (b"IwPR", Layout::Inverted(Part::Other)),
    (b"IwPL", Layout::Inverted(Part::Other)),
    (b"IVLf", Layout::Inverted(Part::Other)),
    (b"IVRf", Layout::Inverted(Part::Other)),
    (b"Iwrq", Layout::Inverted(Part::Other)),
    (b"Iwrr", Layout::Inverted(Part::Other)),
    (b"Iwrn", Layout::Inverted(Part::Other)),
    // Inverted lists of old versions
    (b"IvFl", Layout::Inverted(Part::Other)),
    (b"IvFL", Layout::Inverted(Part::Other)),
    (b"IvSQ", Layout::Inverted(Part::Other)),
    (b"IvPQ", Layout::Inverted(Part::Other)),
    (b"IvQR", Layout::Inverted(Part::Other)),
    // Graphs
    (b"IHNf", Layout::Hnsw),
    (b"IHNp", Layout::Hnsw),
    (b"IHNs", Layout::Hnsw),
    (b"IHN2", Layout::Hnsw),
    (b"INSf", Layout::Other),
    (b"INSp", Layout::Other),
    (b"INSs", Layout::Other),
    (b"INNf", Layout::Other),
    // Binary indexes
    (b"IBxF", Layout::BinaryFlat),
    (b"IBwF", Layout::BinaryInverted),
    (b"IBHf", Layout::BinaryHnsw),
    (b"IBMp", Layout::BinaryWrapper),
    (b"IBM2", Layout::BinaryWrapper),
    (b"IBHh", Layout::Binary),
    (b"IBHm", Layout::Binary),
    (b"IBFf", Layout::Binary),
];
