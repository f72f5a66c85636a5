//! The header and the table of sections, in bytes.
//!
//! The header, 64 bytes:
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 8 | magic |
//! | 8 | 4 | version of the format, u32 |
//! | 12 | 4 | number of sections, u32 |
//! | 16 | 8 | offset of the table, u64 |
//! | 24 | 8 | size of the file, u64 |
//! | 32 | 4 | CRC-32 of the table, u32 |
//! | 36 | 24 | zero |
//! | 60 | 4 | CRC-32 of the 60 bytes before, u32 |
//!
//! A record of the table, 64 bytes:
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 32 | name: printable ASCII, filled up with zeros |
//! | 32 | 8 | offset of the section, u64 |
//! | 40 | 8 | length in bytes, u64 |
//! | 48 | 4 | CRC-32 of its bytes, u32 |
//! | 52 | 12 | zero |

use super::SEGMENT_MAGIC;
use crate::Cursor;
use anear_types::{Error, Result};
use std::collections::HashSet;

/// The version written, and the newest that is read.
pub(super) const VERSION: u32 = 1;
pub(super) const HEADER_BYTES: usize = 64;
pub(super) const RECORD_BYTES: usize = 64;
pub(super) const NAME_BYTES: usize = 32;
/// Where sections, and the table, may begin.
const ALIGNMENT: u64 = 64;
/// What the checksum of the header covers.
const CHECKED_BYTES: usize = 60;

/// A section: where it is and what its checksum is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name, unique in the file.
    pub name: String,
    /// Where it begins, in bytes from the start of the file; a multiple of 64.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// CRC-32 of its bytes.
    pub checksum: u32,
}

/// The first place at or behind `offset` where a section may begin; `None` beyond 64 bits.
pub(super) fn align(offset: u64) -> Option<u64> {
    offset.checked_next_multiple_of(ALIGNMENT)
}

/// Whether a section may be called so.
pub(super) fn is_name(name: &[u8]) -> bool {
    (1..=NAME_BYTES).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic)
}

pub(super) fn encode_header(sections: &[Section], table: &[u8], table_offset: u64) -> Vec<u8> {
    let mut header = SEGMENT_MAGIC.to_vec();
    header.extend(VERSION.to_le_bytes());
    header.extend((sections.len() as u32).to_le_bytes());
    header.extend(table_offset.to_le_bytes());
    header.extend((table_offset + table.len() as u64).to_le_bytes());
    header.extend(crc32fast::hash(table).to_le_bytes());
    header.resize(CHECKED_BYTES, 0);
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header
}

pub(super) fn encode_table(sections: &[Section]) -> Vec<u8> {
    let mut table = Vec::new();
    for section in sections {
        let end = table.len() + RECORD_BYTES;
        table.extend(section.name.as_bytes());
        table.resize(end - RECORD_BYTES + NAME_BYTES, 0);
        table.extend(section.offset.to_le_bytes());
        table.extend(section.length.to_le_bytes());
        table.extend(section.checksum.to_le_bytes());
        table.resize(end, 0);
    }
    table
}

/// Reads header and table of a whole file.
///
/// # Errors
/// If the file is of a newer version, or anything does not fit together.
pub(super) fn parse(file: &[u8]) -> Result<Vec<Section>> {
    if !file.starts_with(&SEGMENT_MAGIC) {
        let head = &file[..file.len().min(SEGMENT_MAGIC.len())];
        let what = format!("not an anear index: the file begins with \"{}\"", head.escape_ascii());
        return Err(Error::malformed(what));
    }
    let mut header = Cursor::new(file);
    header.take(SEGMENT_MAGIC.len() as u64, "the magic")?;
    let version = header.u32("the version")?;
    if version > VERSION {
        let what = format!("the file is of version {version}, known are versions up to {VERSION}");
        return Err(Error::unsupported(what).help("a newer anear reads it"));
    }
    let count = header.u32("the number of sections")?;
    let table_offset = header.u64("the offset of the table")?;
    let file_bytes = header.u64("the size of the file")?;
    let table_checksum = header.u32("the checksum of the table")?;
    header.take((CHECKED_BYTES - header.position()) as u64, "the header")?;
    let checksum = header.u32("the checksum of the header")?;
    if version == 0 || checksum != crc32fast::hash(&file[..CHECKED_BYTES]) {
        return Err(Error::malformed("the header is damaged: its checksum is another").at_offset(0));
    }
    if file_bytes != file.len() as u64 {
        let found = file.len();
        let what = format!("the file has {found} bytes, its header says {file_bytes}");
        return Err(Error::malformed(what).help("it was cut short or added to; copy it again"));
    }
    let table = table(file, count, table_offset)?;
    if table_checksum != crc32fast::hash(table) {
        let what = "the table of sections is damaged: its checksum is another";
        return Err(Error::malformed(what).at_offset(table_offset));
    }
    let sections = table.chunks_exact(RECORD_BYTES).map(record).collect::<Result<Vec<_>>>()?;
    check_layout(&sections, table_offset)?;
    Ok(sections)
}

/// The bytes of the table, which end the file.
fn table(file: &[u8], count: u32, offset: u64) -> Result<&[u8]> {
    let bytes = u64::from(count) * RECORD_BYTES as u64;
    if offset < HEADER_BYTES as u64 || offset.checked_add(bytes) != Some(file.len() as u64) {
        let what = format!("a table of {count} sections at byte {offset} does not end the file");
        return Err(Error::malformed(what).at_offset(16));
    }
    Ok(&file[offset as usize..])
}

fn record(bytes: &[u8]) -> Result<Section> {
    let mut record = Cursor::new(bytes);
    let name = record.take(NAME_BYTES as u64, "a section's name")?;
    let length = name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let name = &name[..length];
    if !is_name(name) {
        let what = format!("a section cannot be called \"{}\"", name.escape_ascii());
        return Err(Error::malformed(what));
    }
    Ok(Section {
        name: name.escape_ascii().to_string(),
        offset: record.u64("a section's offset")?,
        length: record.u64("a section's length")?,
        checksum: record.u32("a section's checksum")?,
    })
}

/// Sections lie side by side, each as early as it may begin, so that none overlaps another or
/// leaves the file.
fn check_layout(sections: &[Section], table_offset: u64) -> Result<()> {
    let mut names = HashSet::new();
    let mut expected = Some(HEADER_BYTES as u64);
    for section in sections {
        let Section { name, offset, length, .. } = section;
        if !names.insert(name) {
            return Err(Error::malformed(format!("two sections are called {name}")));
        }
        if Some(*offset) != expected {
            let place = expected.map_or("none".to_owned(), |offset| offset.to_string());
            let what = format!("section {name} begins at byte {offset}, its place is {place}");
            return Err(Error::malformed(what));
        }
        expected = offset.checked_add(*length).and_then(align);
    }
    if expected != Some(table_offset) {
        return Err(Error::malformed("the table does not follow the last section"));
    }
    Ok(())
}
