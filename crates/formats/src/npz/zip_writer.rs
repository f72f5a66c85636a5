//! A zip whose members may have their first bytes rewritten.
//!
//! The row count in an array's header is known only when all rows were written. Here the header of
//! a member can be replaced at the end without reading anything back: a checksum over both parts
//! is combined from theirs, and in a deflated member the header is a block of its own that is
//! stored, not compressed. Data are padded to begin at a multiple of 64, so that readers can map
//! them. Byte layout: APPNOTE.TXT of PKWARE, version 6.3.

use anear_io::Output;
use anear_types::{Error, Result};
use crc32fast::Hasher;
use flate2::{Compression, write::DeflateEncoder};
use std::io::{BufWriter, Seek, SeekFrom, Write};

const ALIGNMENT: u64 = 64;
/// What 32-bit fields hold when the zip64 field has the number.
const SEE_ZIP64: u32 = u32::MAX;
/// Bit 11: names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 1 January 1980, the first day of zip time, so that equal input gives equal files.
const DATE: u16 = 0x21;
/// The version of the format that has zip64.
const VERSION: u16 = 45;
/// The same, and that the attributes below are those of Unix.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// An ordinary file that all may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// A zip being written.
pub(super) struct ZipWriter {
    output: BufWriter<Output>,
    position: u64,
    level: Option<u8>,
    members: Vec<Member>,
}

/// A member, open or complete.
struct Member {
    name: String,
    offset: u64,
    /// Of the local header with its extra fields.
    local_bytes: u64,
    header_bytes: u64,
    /// Of the bytes behind the header.
    crc: Hasher,
    raw_bytes: u64,
    deflated: bool,
    /// While the member is open.
    deflater: Option<DeflateEncoder<Vec<u8>>>,
    final_crc: u32,
    stored_bytes: u64,
}

impl ZipWriter {
    /// Begins a zip; with a level from 1 to 9, members are deflated.
    pub(super) fn new(output: Output, level: Option<u8>) -> ZipWriter {
        ZipWriter { output: BufWriter::new(output), position: 0, level, members: Vec::new() }
    }

    /// Begins a member whose first bytes are `header`.
    pub(super) fn begin(&mut self, name: &str, header: &[u8]) -> Result<()> {
        let name = format!("{name}.npy");
        let offset = self.position;
        let unpadded = offset + 30 + name.len() as u64 + 20 + 6;
        let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
        let deflater = self
            .level
            .map(|level| DeflateEncoder::new(Vec::new(), Compression::new(u32::from(level))));
        let member = Member {
            offset,
            local_bytes: unpadded + padding - offset,
            header_bytes: header.len() as u64,
            crc: Hasher::new(),
            raw_bytes: header.len() as u64,
            deflated: deflater.is_some(),
            deflater,
            final_crc: 0,
            stored_bytes: 0,
            name,
        };
        let local = member.local_header(padding);
        let lead = member.header_lead();
        self.members.push(member);
        self.put(&local)?;
        self.put(&lead)?;
        self.put(header)
    }

    /// Appends bytes to the open member.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let member = self.members.last_mut().expect("a member was begun");
        member.crc.update(bytes);
        member.raw_bytes += bytes.len() as u64;
        let Some(deflater) = &mut member.deflater else {
            return self.put(bytes);
        };
        deflater.write_all(bytes).expect("memory takes all bytes");
        let deflated = std::mem::take(deflater.get_mut());
        self.put(&deflated)
    }

    /// Completes the open member; `header` replaces its first bytes and is as long as they were.
    pub(super) fn end(&mut self, header: &[u8]) -> Result<()> {
        let member = self.members.last_mut().expect("a member was begun");
        if let Some(deflater) = member.deflater.take() {
            let deflated = deflater.finish().expect("memory takes all bytes");
            self.put(&deflated)?;
        }
        let end = self.position;
        let member = self.members.last_mut().expect("a member was begun");
        assert_eq!(header.len() as u64, member.header_bytes);
        let mut crc = Hasher::new();
        crc.update(header);
        crc.combine(&member.crc);
        member.final_crc = crc.finalize();
        member.stored_bytes = end - member.offset - member.local_bytes;
        let header_offset = member.offset + member.local_bytes + member.header_lead().len() as u64;
        let crc_offset = member.offset + 14;
        let sizes_offset = member.offset + 30 + member.name.len() as u64 + 4;
        let crc = member.final_crc.to_le_bytes();
        let sizes = [member.raw_bytes.to_le_bytes(), member.stored_bytes.to_le_bytes()].concat();
        self.put_at(crc_offset, &crc)?;
        self.put_at(sizes_offset, &sizes)?;
        self.put_at(header_offset, header)?;
        self.seek(end)
    }

    /// Writes the list of members and gives the file its name; returns its size.
    pub(super) fn finish(mut self) -> Result<u64> {
        let start = self.position;
        let members = std::mem::take(&mut self.members);
        for member in &members {
            self.put(&member.central_header())?;
        }
        let end = end_records(members.len() as u64, start, self.position - start);
        self.put(&end)?;
        let output = self.output.into_inner().map_err(|error| {
            let (source, writer) = error.into_parts();
            writer.get_ref().failed(source)
        })?;
        output.commit()
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(|source| self.failed(source))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn put_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.seek(offset)?;
        self.output.write_all(bytes).map_err(|source| self.failed(source))
    }

    fn seek(&mut self, offset: u64) -> Result<()> {
        let moved = self.output.seek(SeekFrom::Start(offset));
        moved.map(drop).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        self.output.get_ref().failed(source)
    }
}

impl Member {
    fn method(&self) -> u16 {
        if self.deflated { 8 } else { 0 }
    }

    /// What stands before the header: in a deflated member, the start of a stored block that is
    /// not the last.
    fn header_lead(&self) -> Vec<u8> {
        if !self.deflated {
            return Vec::new();
        }
        let length = self.header_bytes as u16;
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat()
    }

    fn local_header(&self, padding: u64) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        for field in [VERSION, FLAGS, self.method(), 0, DATE] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        for field in [0, SEE_ZIP64, SEE_ZIP64] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        let extra = 20 + 6 + padding as u16;
        for field in [self.name.len() as u16, extra] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(self.name.as_bytes());
        for field in [1u16, 16] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 16]);
        for field in [0xd935, 2 + padding as u16, ALIGNMENT as u16] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.resize(bytes.len() + padding as usize, 0);
        bytes
    }

    fn central_header(&self) -> Vec<u8> {
        let numbers = [self.raw_bytes, self.stored_bytes, self.offset];
        let large = numbers.iter().any(|number| *number >= u64::from(SEE_ZIP64));
        let narrow = |number: u64| if large { SEE_ZIP64 } else { number as u32 };
        let mut bytes = b"PK\x01\x02".to_vec();
        for field in [MADE_BY, VERSION, FLAGS, self.method(), 0, DATE] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        for field in [self.final_crc, narrow(self.stored_bytes), narrow(self.raw_bytes)] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        let extra = if large { 28 } else { 0 };
        for field in [self.name.len() as u16, extra, 0, 0, 0] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&ATTRIBUTES.to_le_bytes());
        bytes.extend_from_slice(&narrow(self.offset).to_le_bytes());
        bytes.extend_from_slice(self.name.as_bytes());
        if large {
            bytes.extend_from_slice(&[1, 0, 24, 0]);
            for number in numbers {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        bytes
    }
}

/// The records behind the list of members, with the 64-bit ones when numbers need them.
fn end_records(members: u64, start: u64, length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let large = members >= 0xffff || start + length >= u64::from(SEE_ZIP64);
    if large {
        bytes.extend_from_slice(b"PK\x06\x06");
        bytes.extend_from_slice(&44u64.to_le_bytes());
        bytes.extend_from_slice(&[VERSION.to_le_bytes(), VERSION.to_le_bytes()].concat());
        bytes.extend_from_slice(&[0; 8]);
        for number in [members, members, length, start] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        bytes.extend_from_slice(&(start + length).to_le_bytes());
        bytes.extend_from_slice(&1u32.to_le_bytes());
    }
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    let count = if large { 0xffff } else { members as u16 };
    bytes.extend_from_slice(&[count.to_le_bytes(), count.to_le_bytes()].concat());
    for number in [length, start] {
        let narrow = if large { SEE_ZIP64 } else { number as u32 };
        bytes.extend_from_slice(&narrow.to_le_bytes());
    }
    bytes.extend_from_slice(&[0, 0]);
    bytes
}
