//! The open file: the library's view of its metadata and our view of its bytes.

use crate::ReadOptions;
use crate::guard::guard;
use anear_io::Input;
use anear_types::{Error, Limits, Result};
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::storage::Storage;
use hdf5_reader::{Hdf5File, OpenOptions, error::Error as LibraryError};
use std::sync::Arc;

/// An open file. Addresses inside it count from its superblock, behind any user block.
pub(super) struct File {
    library: Hdf5File,
    input: Input,
    user_block: u64,
    /// Bytes of an address.
    pub(super) offset_size: u8,
    /// Bytes of a length.
    pub(super) length_size: u8,
    pub(super) limits: Limits,
    pub(super) threads: usize,
}

impl File {
    pub(super) fn open(input: Input, options: &ReadOptions) -> Result<File> {
        let limits = options.limits.clone();
        let library_options = OpenOptions {
            chunk_cache_bytes: 0,
            max_object_header_bytes: usize::try_from(limits.header_bytes).unwrap_or(usize::MAX),
            ..OpenOptions::default()
        };
        let owner = input.clone();
        let library = guarded(|| Hdf5File::from_owner(owner, library_options))?;
        let superblock = library.superblock();
        if superblock.eof_address > input.len() {
            return Err(Error::malformed(format!(
                "the file is truncated: its superblock says it ends at byte {}, it has {} bytes",
                superblock.eof_address,
                input.len()
            )));
        }
        Ok(File {
            user_block: superblock.base_address,
            offset_size: superblock.offset_size,
            length_size: superblock.length_size,
            library,
            input,
            limits,
            threads: options.threads.max(1),
        })
    }

    /// The library's handle.
    pub(super) fn library(&self) -> &Hdf5File {
        &self.library
    }

    /// The bytes as the library reads them.
    pub(super) fn storage(&self) -> &dyn Storage {
        self.library.storage()
    }

    /// Size of the whole file.
    pub(super) fn len(&self) -> u64 {
        self.input.len()
    }

    /// The address of the root group.
    pub(super) fn root(&self) -> Result<u64> {
        guarded(|| self.library.superblock().root_object_header_address())
    }

    /// The messages that describe the object at `address`.
    pub(super) fn header(&self, address: u64) -> Result<Arc<ObjectHeader>> {
        guarded(|| self.library.get_or_parse_header(address))
    }

    /// `count` bytes at `address`.
    pub(super) fn bytes(&self, address: u64, count: u64, what: &str) -> Result<&[u8]> {
        let start = address.checked_add(self.user_block);
        let end = start.and_then(|start| start.checked_add(count));
        match (start, end) {
            (Some(start), Some(end)) if end <= self.input.len() => {
                Ok(&self.input.bytes()[start as usize..end as usize])
            }
            _ => Err(Error::malformed(format!(
                "{what} should take {count} bytes, beyond the end of the file"
            ))
            .at_offset(address)),
        }
    }

    /// Whether `address` is the one that means "nowhere".
    pub(super) fn is_nowhere(&self, address: u64) -> bool {
        hdf5_reader::io::Cursor::is_undefined_offset(address, self.offset_size)
    }
}

/// Calls the library; its errors become ours, and so would a panic over bytes it did not expect.
pub(super) fn guarded<T>(call: impl FnOnce() -> Result<T, LibraryError>) -> Result<T> {
    guard("reading the HDF5 structure", || call().map_err(|error| translate(&error)))
}

fn translate(error: &LibraryError) -> Error {
    let what = error.to_string();
    match error {
        LibraryError::ResourceLimit(_) => Error::limit(what),
        LibraryError::Context { source, .. } => translate(source),
        LibraryError::UnsupportedEncoding(_)
        | LibraryError::UnsupportedFilter(_)
        | LibraryError::UnsupportedDatatypeClass(_)
        | LibraryError::UnsupportedLayoutClass(_) => Error::unsupported(what),
        _ => Error::malformed(what),
    }
}
