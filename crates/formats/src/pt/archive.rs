//! The zip around a pickle and its storages.
//!
//! Opening reads the list of members and nothing else. Where a stored member's bytes lie is told
//! by its local header, which is looked up when the member is asked for.

use anear_io::{ByteOrder, Input};
use anear_types::{Error, Limits, Result};
use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::ops::Range;
use std::sync::OnceLock;
use zip::{CompressionMethod, ZipArchive};

/// Whether the first bytes of a zip are those of a torch file: one of the first members is what
/// only torch files have.
pub(super) fn is_torch(head: &[u8]) -> bool {
    let mut rest = head;
    while rest.starts_with(b"PK\x03\x04") && rest.len() >= 30 {
        let u16_at = |at: usize| usize::from(u16::from_le_bytes([rest[at], rest[at + 1]]));
        let size_at = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| rest[at + i])) as usize;
        let (name_bytes, extra_bytes) = (u16_at(26), u16_at(28));
        let Some(name) = rest.get(30..30 + name_bytes) else { return false };
        let member = name.split(|byte| *byte == b'/').skip(1).collect::<Vec<_>>().join(&b'/');
        let told =
            [&b"data.pkl"[..], b"byteorder", b".format_version", b"data/0", b"constants.pkl"];
        if told.contains(&&*member) || name == b"data.pkl" {
            return true;
        }
        match rest.get(30 + name_bytes + extra_bytes + size_at(18)..) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    false
}

/// A torch file of the zip kind.
pub(super) struct Archive {
    input: Input,
    zip: ZipArchive<Cursor<Input>>,
    /// The top folder with its slash.
    root: String,
    /// Deflated storages, once inflated, by their position in the zip.
    inflated: HashMap<usize, OnceLock<Vec<u8>>>,
    limits: Limits,
}

/// The bytes of the pickle.
pub(super) enum Program {
    /// Where they lie in the file.
    Stored(Range<usize>),
    /// Inflated.
    Inflated(Vec<u8>),
}

impl Archive {
    pub(super) fn open(input: Input, limits: &Limits) -> Result<Archive> {
        let zip = ZipArchive::new(Cursor::new(input.clone())).map_err(zip_error)?;
        if zip.len() > limits.entries {
            return Err(Error::limit(format!("the zip lists {} members", zip.len())));
        }
        let find = |member: &str| {
            zip.file_names().flatten().find(|name| match name.strip_suffix(member) {
                Some(folder) => folder.is_empty() || folder.find('/') == Some(folder.len() - 1),
                None => false,
            })
        };
        if find("constants.pkl").is_some() {
            return Err(Error::unsupported("a TorchScript archive: it holds a program, not data")
                .help("save model.state_dict() with torch.save instead"));
        }
        let program = find("data.pkl")
            .ok_or_else(|| Error::malformed("not a PyTorch file: a zip without data.pkl"))?;
        let root = program.trim_end_matches("data.pkl").to_owned();
        Ok(Archive { input, zip, root, inflated: HashMap::new(), limits: limits.clone() })
    }

    /// The pickle.
    pub(super) fn program(&self) -> Result<Program> {
        let position = self.find("data.pkl");
        let position = position.ok_or_else(|| Error::malformed("a damaged name in the zip"))?;
        if self.is_stored(position)? {
            return self.stored(position).map(Program::Stored);
        }
        self.inflate(position, u64::MAX).map(Program::Inflated)
    }

    /// The byte order of the storages.
    pub(super) fn order(&self) -> Result<ByteOrder> {
        let Some(position) = self.find("byteorder") else { return Ok(ByteOrder::Little) };
        match &self.inflate(position, 16)?[..] {
            b"little" => Ok(ByteOrder::Little),
            b"big" => Ok(ByteOrder::Big),
            _ => Err(Error::malformed("the byteorder of the file is neither little nor big")),
        }
    }

    /// The position and size of a storage.
    pub(super) fn storage(&mut self, key: &str) -> Result<(usize, u64)> {
        let position = self.find(&format!("data/{key}"));
        let position = position
            .ok_or_else(|| Error::malformed(format!("the storage data/{key} is missing")))?;
        if !self.is_stored(position)? {
            self.inflated.entry(position).or_default();
        }
        let entry = self.zip.by_index_data(position).map_err(zip_error)?;
        Ok((position, entry.size()))
    }

    /// At least the first `needed` bytes of a storage.
    pub(super) fn bytes(&self, position: usize, needed: u64) -> Result<&[u8]> {
        let bytes = match self.inflated.get(&position) {
            None => &self.input.bytes()[self.stored(position)?],
            Some(content) => {
                if content.get().is_none_or(|bytes| (bytes.len() as u64) < needed) {
                    let _ = content.set(self.inflate(position, needed)?);
                }
                content.get().map_or(&[][..], Vec::as_slice)
            }
        };
        if (bytes.len() as u64) < needed {
            return Err(Error::malformed(format!(
                "a storage of {} bytes, {needed} expected",
                bytes.len()
            )));
        }
        Ok(bytes)
    }

    fn find(&self, member: &str) -> Option<usize> {
        self.zip.index_for_name_raw(format!("{}{member}", self.root).as_bytes())
    }

    fn is_stored(&self, position: usize) -> Result<bool> {
        let entry = self.zip.by_index_data(position).map_err(zip_error)?;
        if entry.encrypted() {
            return Err(Error::unsupported("the zip is encrypted"));
        }
        Ok(entry.compression() == CompressionMethod::Stored)
    }

    /// Where the bytes of a stored member lie.
    fn stored(&self, position: usize) -> Result<Range<usize>> {
        let mut zip = self.zip.clone();
        let member = zip.by_index_raw(position).map_err(zip_error)?;
        let start = member.data_start().and_then(|start| usize::try_from(start).ok());
        let length = usize::try_from(member.compressed_size()).ok();
        start
            .zip(length)
            .and_then(|(start, length)| Some(start..start.checked_add(length)?))
            .filter(|range| range.end <= self.input.bytes().len())
            .ok_or_else(|| Error::malformed("a member of the zip reaches beyond the file"))
    }

    /// The first bytes of a member, at most `most`.
    fn inflate(&self, position: usize, most: u64) -> Result<Vec<u8>> {
        let mut zip = self.zip.clone();
        let mut member = zip.by_index(position).map_err(zip_error)?;
        let expected = member.size().min(most);
        let compressed = member.compressed_size();
        self.limits.check_expansion("a member of the zip", expected, compressed)?;
        let mut bytes = Vec::new();
        let read = member.by_ref().take(expected).read_to_end(&mut bytes);
        read.map_err(|source| Error::malformed(format!("damaged zip: {source}")))?;
        Ok(bytes)
    }
}

fn zip_error(error: zip::result::ZipError) -> Error {
    match error {
        zip::result::ZipError::UnsupportedArchive(what) => Error::unsupported(what),
        error => Error::malformed(format!("damaged zip: {error}")),
    }
}
