//! Reading an index to its parts.

mod blocks;
mod codecs;
mod fields;
mod graph;
mod lists;
mod lists_apart;
mod rabitq_blocks;
mod transforms;

pub(super) use blocks::NO_CODE_BYTES;
pub(super) use fields::Fields;
pub use lists_apart::ListFiles;

use super::header::Header;
use super::kinds::Layout;
use anear_io::Input;
use anear_types::parts::{
    Bytes, CheckedParts, CodecParts, Coded, IdMap, IndexParts, ProductSearch, Refined, Structure,
    TransformParts, Transformed,
};
use anear_types::{Error, Measure, Result};

/// How deep indexes may lie in each other.
const MAX_DEPTH: usize = 16;

/// Why there are no parts.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is a kind of index which is known but not read; its header.
    Unread(Box<Header>),
    /// The file contradicts itself, or says that it has no lists.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Reads a file to the parts of an index. If its lists are in another file, that is opened if it may be.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if the index, or one inside it, is of a kind
/// that is not read; [`Malformed`](anear_types::ErrorKind::Malformed) if the file contradicts itself.
pub fn read_index(input: &Input, list_files: ListFiles) -> Result<CheckedParts> {
    match read_parts(&mut Fields::new(input, list_files)) {
        Ok(parts) => parts.check(),
        Err(Stop::Unread(unread)) => {
            Err(Error::unsupported(format!("{:?} indexes are not read yet", unread.letters())))
        }
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Reads a file that holds a transform and no index.
///
/// # Errors
/// [`Unsupported`](anear_types::ErrorKind::Unsupported) if it is of a kind that is not known;
/// [`Malformed`](anear_types::ErrorKind::Malformed) if the file ends before it does.
pub fn read_transform(input: &Input) -> Result<TransformParts> {
    transforms::read(&mut Fields::new(input, ListFiles::Beside), false)
}

/// Reads the index that begins here.
pub(super) fn read_parts(fields: &mut Fields<'_>) -> Result<IndexParts, Stop> {
    read_nested(fields, 0)
}

fn read_nested(fields: &mut Fields<'_>, depth: usize) -> Result<IndexParts, Stop> {
    if depth > MAX_DEPTH {
        return Err(Error::limit("indexes wrap each other too deeply").into());
    }
    let header = Header::read(&mut fields.cursor)?;
    let mut index = IndexParts {
        dim: header.dim,
        rows: header.rows,
        trained: header.trained,
        measure: header.measure.0,
        argument: header.measure.1,
        structure: Structure::Coded(coded(CodecParts::Raw, Vec::new().into())),
    };
    index.structure = match header.layout {
        Layout::Flat => {
            let vectors = fields.elements(size_of::<f32>() as u64, "the vectors")?;
            Structure::Coded(coded(CodecParts::Raw, vectors))
        }
        Layout::BinaryFlat => {
            Structure::Coded(coded(CodecParts::Bits, fields.elements(1, "the vectors")?))
        }
        Layout::Scalar => {
            let codec = CodecParts::Scalar(codecs::scalar(fields, &header)?);
            Structure::Coded(coded(codec, fields.elements(1, "the codes")?))
        }
        Layout::Blocks => {
            let product = codecs::product(fields, &header)?;
            Structure::Coded(blocks::read(fields, &header, product)?)
        }
        Layout::Product { settings } => {
            if &header.fourcc != b"IxPq" {
                index.measure = Measure::L2; // what they were whatever they say
            }
            Structure::Coded(product(fields, &header, settings)?)
        }
        Layout::Lsh { in_words } => {
            let codec = CodecParts::Lsh(Box::new(codecs::lsh(fields, in_words)?));
            Structure::Coded(coded(codec, fields.elements(1, "the codes")?))
        }
        Layout::Rabitq { says_bits } => {
            let mut codec = codecs::rabitq(fields, &header, says_bits)?;
            let codes = fields.elements(1, "the codes")?;
            codec.center = fields.floats("the center")?;
            codec.query_bits = fields.cursor.u8("the bits of queries")?;
            Structure::Coded(coded(CodecParts::Rabitq(codec), codes))
        }
        Layout::RabitqBlocks { apart } => {
            let codec = codecs::rabitq(fields, &header, true)?;
            Structure::Coded(rabitq_blocks::read(fields, &header, codec, apart)?)
        }
        Layout::TwoLevel => {
            let coarse = read_nested(fields, depth + 1)?;
            let codec = CodecParts::TwoLevel(Box::new(codecs::two_level(fields, &header, coarse)?));
            Structure::Coded(coded(codec, fields.elements(1, "the codes")?))
        }
        Layout::IdMap { both_ways } | Layout::BinaryIdMap { both_ways } => {
            let inner = read_nested(fields, depth + 1)?;
            let ids = fields.integers("the ids")?;
            Structure::IdMap(Box::new(IdMap { inner, ids, both_ways }))
        }
        Layout::Transforms => {
            let transforms = transforms::read_all(fields)?;
            let inner = read_nested(fields, depth + 1)?;
            Structure::Transformed(Box::new(Transformed { transforms, inner }))
        }
        Layout::Refine => {
            let base = read_nested(fields, depth + 1)?;
            let refinement = read_nested(fields, depth + 1)?;
            let factor = fields.float("the factor of the refinement")?;
            Structure::Refined(Box::new(Refined { base, refinement, factor }))
        }
        Layout::Hnsw(_) | Layout::BinaryHnsw => {
            let graph = graph::read(fields, &header, |fields| read_nested(fields, depth + 1))?;
            Structure::Graph(Box::new(graph))
        }
        Layout::Inverted(_) | Layout::OldInverted(_) | Layout::BinaryInverted => {
            let inverted = lists::read(fields, &header, |fields| read_nested(fields, depth + 1))?;
            Structure::Inverted(Box::new(inverted))
        }
        Layout::Binary | Layout::Other => return Err(Stop::Unread(Box::new(header))),
    };
    Ok(index)
}

fn coded(codec: CodecParts, codes: Bytes) -> Coded {
    Coded { codec, codes, blocks: None, product_search: None }
}

fn product(fields: &mut Fields<'_>, header: &Header, settings: bool) -> Result<Coded> {
    let codec = CodecParts::Product(codecs::product(fields, header)?);
    let codes = fields.elements(1, "the codes")?;
    let what = "the settings of the search";
    let product_search = match settings {
        false => None,
        true => Some(ProductSearch {
            kind: fields.cursor.i32(what)?,
            encodes_signs: fields.bool(what)?,
            bit_threshold: fields.cursor.i32(what)?,
        }),
    };
    Ok(Coded { codec, codes, blocks: None, product_search })
}
