//! Inverted lists.
//!
//! Behind the header of the index: number of lists u64, lists to search u64, the coarse quantizer
//! (an index), the direct map (kind u8, vector of i64, and for kind 2 a vector of pairs of i64), what
//! the kind of index needs, and the lists:
//!
//! | letters | fields |
//! | --- | --- |
//! | `il00` | none: the lists are elsewhere |
//! | `ilbl` | codes in blocks, see [`blocks`] |
//! | `ilod` | in another file, see [`lists_apart`] |
//! | `ilar` | number of lists u64, code bytes u64, sizes, then for each list that is not empty codes and ids |
//!
//! Old versions wrote a vector of i64 ids for each list before the direct map, and a vector of u8 codes for each
//! list (of f32 in `IvFl`) instead of the lists.
//!
//! Sizes are `full`: a vector of one u64 a list, or `sprs`: a vector of pairs of list and size.

use super::codecs::{check_code_bytes, product, rabitq, scalar};
use super::rabitq_blocks::{self, Apart};
use super::{Fields, Stop, blocks, lists_apart};
use crate::faiss::header::Header;
use crate::faiss::kinds::{Layout, Part};
use anear_types::parts::{
    Beside, Blocks, CodecParts, DirectMap, IndexParts, Integers, Inverted, List, RabitqParts,
};
use anear_types::{Error, Result};

pub(super) fn read(
    fields: &mut Fields<'_>,
    header: &Header,
    quantizer: impl FnOnce(&mut Fields<'_>) -> Result<IndexParts, Stop>,
) -> Result<Inverted, Stop> {
    let part = match header.layout {
        Layout::Inverted(Part::Other) => return Err(Stop::Unread(Box::new(header.clone()))),
        Layout::Inverted(part) | Layout::OldInverted(part) => Some(part),
        _ => None,
    };
    let is_old = matches!(header.layout, Layout::OldInverted(_));
    let list_count = fields.size("the number of lists")?;
    let probes = fields.cursor.u64("the number of lists to search")?;
    let quantizer = quantizer(fields)?;
    let ids = if is_old { Some(old_ids(fields, list_count)?) } else { None };
    let mut inverted = Inverted {
        list_count,
        probes: usize::try_from(probes).unwrap_or(usize::MAX),
        most_rows: 0,
        quantizer,
        direct_map: direct_map(fields)?,
        codec: CodecParts::Raw,
        residual: false,
        blocks: None,
        lists: None,
        beside: Beside::Nothing,
    };
    let mut factors_apart = None;
    match part {
        None => inverted.codec = CodecParts::Bits,
        Some(Part::Flat | Part::Other) => {}
        Some(Part::Duplicates) => {
            inverted.beside = Beside::Duplicates(fields.integers("the duplicates")?);
        }
        Some(Part::Scalar { says_residual }) => {
            let codec = scalar(fields, header)?;
            check_code_bytes(fields, codec.kind.code_bytes(header.dim))?;
            inverted.residual = !says_residual || fields.bool("whether codes are residuals")?;
            inverted.codec = CodecParts::Scalar(codec);
        }
        Some(Part::Rabitq { says_bits }) => {
            let mut codec = rabitq(fields, header, says_bits)?;
            check_code_bytes(fields, RabitqParts::code_bytes_of(header.dim, codec.bits))?;
            inverted.residual = fields.bool("whether codes are residuals")?;
            codec.query_bits = fields.cursor.u8("the bits of queries")?;
            inverted.codec = CodecParts::Rabitq(codec);
        }
        Some(Part::RabitqBlocks { apart }) => {
            let codec = rabitq(fields, header, true)?;
            factors_apart =
                rabitq_blocks::read_in_lists(fields, header, &mut inverted, codec, apart)?;
        }
        Some(Part::Blocks) => {
            inverted.residual = fields.bool("whether codes are residuals")?;
            let mut before = fields.clone();
            fields.size("the code size")?;
            let rows = blocks::block_rows(fields)?;
            let mut pairs_before = fields.clone();
            fields.size("the number of parts")?;
            let implementation = fields.cursor.i32("the blocks")?;
            let queries = fields.cursor.u64("the blocks")?;
            let codec = product(fields, header)?;
            check_code_bytes(&mut before, codec.code_bytes())?;
            blocks::check_pairs(&mut pairs_before, codec.parts)?;
            inverted.blocks = Some(Blocks { rows, implementation, queries });
            inverted.codec = CodecParts::Product(codec);
        }
        Some(Part::Product | Part::Refinement) => {
            inverted.residual = fields.bool("whether codes are residuals")?;
            let mut before = fields.clone();
            fields.size("the code size")?;
            let codec = product(fields, header)?;
            check_code_bytes(&mut before, codec.code_bytes())?;
            inverted.codec = CodecParts::Product(codec);
        }
    }
    let code_bytes = inverted.codec.code_bytes(header.dim);
    inverted.lists = match ids {
        None => lists(fields, &inverted, code_bytes, factors_apart.as_ref())?,
        Some(ids) => Some(old_lists(fields, header, ids)?),
    };
    if part == Some(Part::Refinement) && header.trained {
        inverted.beside = refinement(fields, header)?;
    }
    Ok(inverted)
}

/// The ids of all lists, each as a vector.
fn old_ids(fields: &mut Fields<'_>, list_count: usize) -> Result<Vec<Integers>> {
    (0..list_count).map(|_| fields.integers("the ids of a list")).collect()
}

/// The codes of lists with these ids, each as a vector: of bytes, or of f32 in the oldest files.
fn old_lists(fields: &mut Fields<'_>, header: &Header, ids: Vec<Integers>) -> Result<Vec<List>> {
    let element_bytes = if &header.fourcc == b"IvFl" { size_of::<f32>() } else { 1 };
    let mut lists = Vec::new();
    for (number, ids) in ids.into_iter().enumerate() {
        let codes = fields.elements(element_bytes as u64, "the codes of a list")?;
        if !ids.is_empty() || !codes.is_empty() {
            lists.push(List { number, ids, codes });
        }
    }
    Ok(lists)
}

fn refinement(fields: &mut Fields<'_>, header: &Header) -> Result<Beside> {
    let product = product(fields, header)?;
    let codes = fields.elements(1, "the codes of the refinement")?;
    let factor = fields.float("the factor of the refinement")?;
    Ok(Beside::Refinement { product, codes, factor })
}

fn direct_map(fields: &mut Fields<'_>) -> Result<DirectMap> {
    let kind = fields.cursor.u8("the direct map")?;
    let array = fields.integers("the direct map")?;
    match kind {
        0 => Ok(DirectMap::None),
        1 => Ok(DirectMap::Array(array)),
        2 => {
            let pairs = fields.elements(2 * size_of::<i64>() as u64, "the direct map")?;
            Ok(DirectMap::Pairs(Integers::new(pairs), array))
        }
        kind => Err(Error::malformed(format!("there is no direct map of kind {kind}"))),
    }
}

fn lists(
    fields: &mut Fields<'_>,
    inverted: &Inverted,
    code_bytes: usize,
    factors_apart: Option<&Apart>,
) -> Result<Option<Vec<List>>> {
    match (&fields.cursor.array("the kind of the lists")?, &inverted.blocks) {
        (b"il00", _) => Ok(None),
        (b"ilar", None) => arrays(fields, inverted.list_count, code_bytes).map(Some),
        (b"ilbl", Some(blocks)) => match factors_apart {
            Some(apart) => apart.join_lists(fields, inverted, blocks).map(Some),
            None => {
                let block_bytes = blocks.block_bytes(code_bytes);
                blocks::lists(fields, inverted, blocks, code_bytes, block_bytes).map(Some)
            }
        },
        (b"ilod", None) => lists_apart::read(fields, inverted.list_count, code_bytes),
        (other, _) => {
            let letters = other.escape_ascii();
            Err(Error::unsupported(format!(
                "lists of kind \"{letters}\", which anear does not know"
            )))
        }
    }
}

fn arrays(fields: &mut Fields<'_>, list_count: usize, code_bytes: usize) -> Result<Vec<List>> {
    let found = fields.cursor.u64("the number of lists")?;
    if found != list_count as u64 {
        let what = format!("an index of {list_count} lists has {found} lists");
        return Err(Error::malformed(what));
    }
    check_code_bytes(fields, code_bytes)?;
    let mut lists = Vec::new();
    for (number, size) in sizes(fields, list_count)? {
        let (what, size) = ("the lists", size.cast_unsigned());
        let codes = fields.bytes(size.saturating_mul(code_bytes as u64), what)?;
        let ids = fields.bytes(size.saturating_mul(size_of::<i64>() as u64), what)?;
        lists.push(List { number, ids: Integers::new(ids), codes });
    }
    Ok(lists)
}

/// The numbers of the lists that are not empty, and their sizes.
fn sizes(fields: &mut Fields<'_>, list_count: usize) -> Result<Vec<(usize, i64)>> {
    let letters = fields.cursor.array("the sizes of the lists")?;
    let sizes = fields.integers("the sizes of the lists")?;
    let numbered = match &letters {
        b"full" if sizes.len() == list_count => sizes.iter().enumerate().collect(),
        b"sprs" if sizes.len().is_multiple_of(2) => {
            let pairs = sizes.bytes().as_chunks::<{ 2 * size_of::<i64>() }>().0;
            let pair = |bytes: &[u8; 16]| {
                let [list, size] = [0, 8].map(|at| {
                    i64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight of sixteen"))
                });
                let number = usize::try_from(list).ok().filter(|list| *list < list_count);
                let outside =
                    || Error::malformed(format!("there is a list {list} of {list_count}"));
                Ok((number.ok_or_else(outside)?, size))
            };
            pairs.iter().map(pair).collect::<Result<Vec<_>>>()?
        }
        b"full" | b"sprs" => {
            let found = sizes.len();
            return Err(Error::malformed(format!("{found} sizes for {list_count} lists")));
        }
        other => {
            let letters = other.escape_ascii();
            return Err(Error::malformed(format!("there are no sizes of kind \"{letters}\"")));
        }
    };
    Ok(numbered.into_iter().filter(|(_, size)| *size != 0).collect())
}
