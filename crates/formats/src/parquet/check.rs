//! Checks a file makes sense before the Parquet library gets to decode it.
//!
//! The library believes some numbers: the size of an uncompressed page and the number of values
//! in a dictionary are allocated, the depth of the schema becomes recursion. Here the footer and
//! the page headers are walked first and held against the size of the file and the limits.
//! Source of the field numbers: apache/parquet-format, `src/main/thrift/parquet.thrift`.

use super::thrift::{Thrift, kind};
use anear_types::{Error, Limits, Result};
use parquet::basic::Type;
use parquet::file::metadata::ColumnChunkMetaData;

const MAGIC: &[u8; 4] = b"PAR1";
/// Magic of a file whose footer is encrypted.
pub(super) const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";
/// Leading magic, footer length, trailing magic.
const FRAME_BYTES: usize = 12;
/// The fewest bytes a row group or a column of the footer can take.
const MIN_STRUCT_BYTES: u64 = 4;

/// Checks the frame of the file and the sizes its footer claims.
pub(super) fn check_footer(bytes: &[u8], limits: &Limits) -> Result<()> {
    if bytes.starts_with(MAGIC_ENCRYPTED) || bytes.ends_with(MAGIC_ENCRYPTED) {
        return Err(Error::unsupported("the file is encrypted"));
    }
    if bytes.len() < FRAME_BYTES || !bytes.starts_with(MAGIC) {
        return Err(Error::malformed("a Parquet file begins with \"PAR1\", this one does not"));
    }
    let (rest, magic) = bytes.split_at(bytes.len() - MAGIC.len());
    if magic != MAGIC {
        let found = magic.escape_ascii();
        return Err(Error::malformed(format!(
            "a Parquet file ends with \"PAR1\", this one with \"{found}\": it is cut short"
        )));
    }
    let (rest, length) = rest.split_at(rest.len() - 4);
    let length = u64::from(u32::from_le_bytes(length.try_into().expect("four bytes")));
    let available = (rest.len() - MAGIC.len()) as u64;
    if length > available {
        return Err(Error::malformed(format!(
            "the footer is said to take {length} bytes, the file has {available}"
        )));
    }
    if length > limits.header_bytes {
        return Err(Error::limit(format!("the footer takes {length} bytes")));
    }
    check_file_metadata(&rest[rest.len() - length as usize..], bytes.len() as u64, limits)
}

fn check_file_metadata(footer: &[u8], file_bytes: u64, limits: &Limits) -> Result<()> {
    let mut thrift = Thrift::new(footer, "the footer");
    let mut id = 0;
    while let Some((field, found)) = thrift.field(&mut id)? {
        match field {
            2 => {
                thrift.expect(found, kind::LIST)?;
                check_schema(&mut thrift, file_bytes, limits)?;
            }
            4 => {
                thrift.expect(found, kind::LIST)?;
                let (element, count) = struct_list(&mut thrift)?;
                (0..count).try_for_each(|_| thrift.skip_value(element, 0))?;
            }
            _ => thrift.skip(found)?,
        }
    }
    Ok(())
}

/// The head of a list of structs that is not longer than its bytes can hold.
fn struct_list(thrift: &mut Thrift<'_>) -> Result<(u8, u64)> {
    let (element, count) = thrift.list()?;
    if count > 0 {
        thrift.expect(element, kind::STRUCT)?;
    }
    if count.saturating_mul(MIN_STRUCT_BYTES) > thrift.remaining().max(64) {
        return Err(Error::malformed(format!("the footer has no room for a list of {count}")));
    }
    Ok((element, count))
}

/// Walks the schema, a tree in depth-first order: how deep it is, and how much text the full
/// names of its leaves take.
fn check_schema(thrift: &mut Thrift<'_>, file_bytes: u64, limits: &Limits) -> Result<()> {
    let (_, count) = struct_list(thrift)?;
    if count > limits.entries as u64 {
        return Err(Error::limit(format!("the schema has {count} fields")));
    }
    // For each open group: children still to come, bytes of the names down to it.
    let mut open: Vec<(i32, u64)> = Vec::new();
    let mut path_bytes = 0u64;
    for _ in 0..count {
        let (name_bytes, children) = schema_element(thrift)?;
        let above = open.last().map_or(0, |(_, bytes)| *bytes);
        let path = above + name_bytes + 32;
        if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push((children, path));
        } else {
            path_bytes += path;
        }
        while open.last().is_some_and(|(left, _)| *left == 0) {
            open.pop();
        }
        if open.len() > limits.depth {
            return Err(Error::limit(format!("the schema nests {} levels deep", open.len())));
        }
    }
    limits.check_expansion("the names of the columns", path_bytes, file_bytes)
}

fn schema_element(thrift: &mut Thrift<'_>) -> Result<(u64, i32)> {
    let (mut name_bytes, mut children, mut id) = (0, 0, 0);
    while let Some((field, found)) = thrift.field(&mut id)? {
        match field {
            4 => {
                thrift.expect(found, kind::BINARY)?;
                name_bytes = thrift.binary()?.len() as u64;
            }
            5 => {
                thrift.expect(found, kind::I32)?;
                children = thrift.i32()?;
            }
            _ => thrift.skip(found)?,
        }
    }
    if children < 0 {
        return Err(Error::malformed(format!("a schema group has {children} children")));
    }
    Ok((name_bytes, children))
}

/// What a walk over the pages of a column chunk found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ChunkFacts {
    /// The largest page, uncompressed.
    pub(super) largest_page: u64,
    /// Whether values are stored as differences of strings, which can expand without bound.
    pub(super) delta_strings: bool,
}

/// Checks the place, the page headers and the number of values of a column chunk.
pub(super) fn check_chunk(
    bytes: &[u8],
    chunk: &ColumnChunkMetaData,
    limits: &Limits,
) -> Result<ChunkFacts> {
    let name = || chunk.column_path().string();
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let place = usize::try_from(start).ok().zip(usize::try_from(chunk.compressed_size()).ok());
    let pages =
        place.and_then(|(start, length)| bytes.get(start..start.checked_add(length)?)).ok_or_else(
            || Error::malformed(format!("the data of column {} lie outside the file", name())),
        )?;
    let claimed_values = u64::try_from(chunk.num_values()).map_err(|_| {
        Error::malformed(format!("column {} has {} values", name(), chunk.num_values()))
    })?;
    let (facts, values) = walk_pages(pages, chunk, limits, bytes.len() as u64)
        .map_err(|error| error.at_offset(start as u64))?;
    let decoded = claimed_values.max(values).saturating_mul(decoded_bytes(chunk));
    limits.check_expansion("a column chunk", decoded, bytes.len() as u64)?;
    Ok(facts)
}

/// Bytes a value takes while it is decoded, with its two levels.
fn decoded_bytes(chunk: &ColumnChunkMetaData) -> u64 {
    4 + match chunk.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::BYTE_ARRAY => 8,
        Type::FIXED_LEN_BYTE_ARRAY => {
            4 + u64::try_from(chunk.column_descr().type_length()).unwrap_or(0)
        }
    }
}

/// The fewest bytes a value takes in a dictionary page.
fn dictionary_bytes(chunk: &ColumnChunkMetaData) -> u64 {
    match chunk.column_type() {
        Type::BYTE_ARRAY => 4,
        Type::FIXED_LEN_BYTE_ARRAY => {
            u64::try_from(chunk.column_descr().type_length()).unwrap_or(0).max(1)
        }
        _ => decoded_bytes(chunk) - 4,
    }
}

fn walk_pages(
    pages: &[u8],
    chunk: &ColumnChunkMetaData,
    limits: &Limits,
    file_bytes: u64,
) -> Result<(ChunkFacts, u64)> {
    let (mut rest, mut facts, mut values) = (pages, ChunkFacts::default(), 0u64);
    while !rest.is_empty() {
        let (page, header_bytes) = page_header(rest)?;
        rest = &rest[header_bytes..];
        let compressed = usize::try_from(page.compressed).ok().filter(|size| *size <= rest.len());
        let (Some(compressed), Ok(size)) = (compressed, u64::try_from(page.uncompressed)) else {
            return Err(Error::malformed(format!(
                "a page claims {} bytes (uncompressed {}), {} are left",
                page.compressed,
                page.uncompressed,
                rest.len()
            )));
        };
        limits.check_expansion("a page", size, file_bytes)?;
        if page.dictionary_values.saturating_mul(dictionary_bytes(chunk)) > size {
            return Err(Error::malformed("a dictionary page has no room for its values"));
        }
        values += page.values;
        facts.largest_page = facts.largest_page.max(size);
        facts.delta_strings |= page.encoding == DELTA_BYTE_ARRAY;
        rest = &rest[compressed..];
    }
    Ok((facts, values))
}

/// The number of the encoding that stores strings as differences.
const DELTA_BYTE_ARRAY: i32 = 7;

#[derive(Default)]
struct PageHeader {
    uncompressed: i32,
    compressed: i32,
    values: u64,
    dictionary_values: u64,
    encoding: i32,
}

fn page_header(bytes: &[u8]) -> Result<(PageHeader, usize)> {
    let mut thrift = Thrift::new(bytes, "a page header");
    let mut page = PageHeader { uncompressed: -1, compressed: -1, ..PageHeader::default() };
    let mut id = 0;
    while let Some((field, found)) = thrift.field(&mut id)? {
        match field {
            1..=3 => {
                thrift.expect(found, kind::I32)?;
                let value = thrift.i32()?;
                match field {
                    2 => page.uncompressed = value,
                    3 => page.compressed = value,
                    _ => {}
                }
            }
            5 | 7 | 8 => {
                thrift.expect(found, kind::STRUCT)?;
                let (values, encoding) = values_header(&mut thrift, field == 8)?;
                if field == 7 {
                    page.dictionary_values = values;
                } else {
                    (page.values, page.encoding) = (values, encoding);
                }
            }
            _ => thrift.skip(found)?,
        }
    }
    Ok((page, thrift.position()))
}

/// Number of values and encoding of a page; the second version has them at other numbers.
fn values_header(thrift: &mut Thrift<'_>, second_version: bool) -> Result<(u64, i32)> {
    let encoding_field = if second_version { 4 } else { 2 };
    let (mut values, mut encoding, mut id) = (0, 0, 0);
    while let Some((field, found)) = thrift.field(&mut id)? {
        if field == 1 || field == encoding_field {
            thrift.expect(found, kind::I32)?;
            let value = thrift.i32()?;
            if field == 1 { values = value } else { encoding = value }
        } else {
            thrift.skip(found)?;
        }
    }
    let values = u64::try_from(values)
        .map_err(|_| Error::malformed(format!("a page has {values} values")))?;
    Ok((values, encoding))
}
