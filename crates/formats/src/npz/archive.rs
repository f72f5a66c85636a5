//! The zip around the arrays: which members there are, and their bytes.
//!
//! A stored member is used where it lies in the mapped file. A deflated one is inflated once, when
//! it is first asked for, and only as far as its `.npy` header says there are data: what a zip
//! claims about sizes is not believed.

use crate::npy::header::{self, Description, Kind};
use anear_io::Input;
use anear_types::{Error, Limits, Result};
use flate2::bufread::DeflateDecoder;
use std::io::{Cursor, Read};
use std::sync::OnceLock;
use zip::{CompressionMethod, ZipArchive};

/// A `.npz` file.
pub(super) struct Archive {
    input: Input,
    zip: ZipArchive<Cursor<Input>>,
    limits: Limits,
}

/// An array in it.
pub(super) struct Array {
    /// The name without `.npy`.
    pub(super) name: String,
    /// What its header says.
    pub(super) description: Description,
    position: usize,
    compressed_bytes: u64,
    place: Place,
    /// Bytes of header and data.
    needed: u64,
}

enum Place {
    /// From this offset of the file; the flag is set when the checksum was compared.
    Stored { start: usize, length: usize, crc: u32, checked: OnceLock<()> },
    /// Header and data, once inflated.
    Deflated(OnceLock<Vec<u8>>),
}

impl Archive {
    pub(super) fn open(input: Input, limits: Limits) -> Result<Archive> {
        let zip = ZipArchive::new(Cursor::new(input.clone())).map_err(zip_error)?;
        if zip.len() > limits.entries {
            return Err(Error::limit(format!("the archive lists {} members", zip.len())));
        }
        Ok(Archive { input, zip, limits })
    }

    pub(super) fn len(&self) -> usize {
        self.zip.len()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The name of a member, as it is.
    pub(super) fn name(&self, position: usize) -> String {
        match self.zip.name_for_index(position) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("member {position}"),
        }
    }

    /// Reads the `.npy` header of a member.
    pub(super) fn array(&self, position: usize, name: String) -> Result<Array> {
        let mut zip = self.zip.clone();
        let member = zip.by_index_raw(position).map_err(zip_error)?;
        if member.encrypted() {
            return Err(Error::unsupported("the member is encrypted"));
        }
        let compressed_bytes = member.compressed_size();
        let start = member.data_start();
        let crc = member.crc32();
        let method = member.compression();
        drop(member);
        let start = usize::try_from(start.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let length = usize::try_from(compressed_bytes).unwrap_or(usize::MAX);
        let bytes = start
            .checked_add(length)
            .and_then(|end| self.input.bytes().get(start..end))
            .ok_or_else(|| Error::malformed("the member reaches beyond the file"))?;
        let (description, place) = match method {
            CompressionMethod::Stored => {
                let checked = OnceLock::new();
                let place = Place::Stored { start, length, crc, checked };
                (header::describe(bytes, &self.limits)?, place)
            }
            CompressionMethod::Deflated => {
                (self.inflate_header(bytes)?, Place::Deflated(OnceLock::new()))
            }
            method => {
                return Err(Error::unsupported(format!("the member is compressed by {method}")));
            }
        };
        let needed = needed_bytes(&description)?;
        Ok(Array { name, description, position, compressed_bytes, place, needed })
    }

    /// The header of a deflated member: only its first bytes are inflated.
    fn inflate_header(&self, deflated: &[u8]) -> Result<Description> {
        let mut member = DeflateDecoder::new(deflated);
        let mut head = Vec::new();
        read_more(&mut member, &mut head, 12)?;
        let length = header::header_bytes(&head)?;
        if length > self.limits.header_bytes {
            return Err(Error::limit(format!("the header claims to be {length} bytes long")));
        }
        let rest = length.saturating_sub(head.len() as u64);
        read_more(&mut member, &mut head, rest)?;
        header::describe(&head, &self.limits)
    }

    /// Header and data of an array, and perhaps bytes behind them. Checked against the checksum
    /// of the zip.
    ///
    /// # Errors
    /// If the data are damaged, shorter than the header says, or absurdly large.
    pub(super) fn bytes<'a>(&'a self, array: &'a Array) -> Result<&'a [u8]> {
        match &array.place {
            Place::Stored { start, length, crc, checked } => {
                let bytes = &self.input.bytes()[*start..*start + *length];
                if (bytes.len() as u64) < array.needed {
                    return Err(too_short(array, bytes.len()));
                }
                if checked.get().is_none() {
                    if crc32fast::hash(bytes) != *crc {
                        return Err(Error::malformed("the checksum of the zip does not match"));
                    }
                    let _ = checked.set(());
                }
                Ok(bytes)
            }
            Place::Deflated(content) => {
                if content.get().is_none() {
                    let _ = content.set(self.inflate(array)?);
                }
                Ok(content.get().expect("just set"))
            }
        }
    }

    fn inflate(&self, array: &Array) -> Result<Vec<u8>> {
        self.limits.check_expansion("the array", array.needed, array.compressed_bytes)?;
        let mut zip = self.zip.clone();
        let mut member = zip.by_index(array.position).map_err(zip_error)?;
        let mut bytes = Vec::new();
        // Room for all when the zip agrees that there is that much; else it grows as data come.
        if array.needed <= member.size() {
            bytes
                .try_reserve_exact(array.needed as usize)
                .map_err(|_| Error::limit(format!("no memory for {} bytes", array.needed)))?;
        }
        read_more(&mut member, &mut bytes, array.needed)?;
        if (bytes.len() as u64) < array.needed {
            return Err(too_short(array, bytes.len()));
        }
        // At the very end the zip reader compares the checksum.
        let mut behind = Vec::new();
        read_more(&mut member, &mut behind, 1)?;
        Ok(bytes)
    }
}

impl Array {
    /// Whether it is one-dimensional with this many values.
    pub(super) fn is_list_of(&self, rows: u64) -> bool {
        self.description.shape == [rows]
    }

    /// Bytes the member takes in the file.
    pub(super) fn compressed_bytes(&self) -> u64 {
        self.compressed_bytes
    }

    /// Bytes of one value.
    pub(super) fn value_bytes(&self) -> usize {
        value_bytes(self.description.kind)
    }
}

fn value_bytes(kind: Kind) -> usize {
    match kind {
        Kind::Number(element) => element.bytes(),
        Kind::Unicode(chars) => chars.saturating_mul(4),
        Kind::Bytes(length) => length,
    }
}

fn needed_bytes(description: &Description) -> Result<u64> {
    let mut axes = description.shape.iter();
    let data =
        axes.try_fold(value_bytes(description.kind) as u64, |bytes, axis| bytes.checked_mul(*axis));
    data.and_then(|data| data.checked_add(description.data_offset as u64)).ok_or_else(|| {
        let shape = &description.shape;
        Error::malformed(format!("an array of shape {shape:?} does not fit into memory"))
    })
}

/// Appends up to `count` bytes from a member.
fn read_more(member: &mut impl Read, bytes: &mut Vec<u8>, count: u64) -> Result<()> {
    let read = member.take(count).read_to_end(bytes);
    read.map(drop).map_err(|source| Error::malformed(format!("damaged zip: {source}")))
}

fn too_short(array: &Array, found: usize) -> Error {
    Error::malformed(format!(
        "header and data of shape {:?} take {} bytes, {found} are there",
        array.description.shape, array.needed
    ))
}

fn zip_error(error: zip::result::ZipError) -> Error {
    match error {
        zip::result::ZipError::UnsupportedArchive(what) => Error::unsupported(what),
        error => Error::malformed(format!("damaged zip: {error}")),
    }
}
