//! A whole file as one slice of bytes, mapped or in memory.

use crate::{PrivateMap, mmap};
use anear_types::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bytes of a file. Cloning is cheap and shares them.
#[derive(Clone)]
pub struct Input(Arc<Inner>);

struct Inner {
    path: PathBuf,
    bytes: Bytes,
    on_disk: bool,
    /// The file that is mapped, to map it once more.
    file: Option<File>,
}

enum Bytes {
    Mapped(memmap2::Mmap),
    Owned(Vec<u8>),
}

impl Input {
    /// Opens and maps a file.
    ///
    /// # Errors
    /// If there is no such file, or it is a folder or cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Input> {
        let path = path.as_ref();
        let failed = |source| Error::io("cannot open", source).at_path(path);
        let mut file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Error::usage("this is a folder, not a vector file").at_path(path));
        }
        let bytes = if metadata.is_file() && metadata.len() > 0 {
            Bytes::Mapped(mmap::map(&file).map_err(failed)?)
        } else {
            let mut bytes = Vec::new(); // empty files and pipes cannot be mapped
            file.read_to_end(&mut bytes).map_err(failed)?;
            Bytes::Owned(bytes)
        };
        let file = matches!(bytes, Bytes::Mapped(_)).then_some(file);
        let path = path.to_owned();
        Ok(Input(Arc::new(Inner { path, bytes, on_disk: metadata.is_file(), file })))
    }

    /// Bytes in memory under a name that errors can show.
    pub fn from_bytes(name: impl Into<PathBuf>, bytes: Vec<u8>) -> Input {
        let bytes = Bytes::Owned(bytes);
        Input(Arc::new(Inner { path: name.into(), bytes, on_disk: false, file: None }))
    }

    /// The name of the file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether [`path`](Input::path) names a file that a library can open by itself.
    pub fn is_on_disk(&self) -> bool {
        self.0.on_disk
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.0.bytes {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }

    /// Gives the memory of a part of a mapped file back to the system; the bytes stay readable and
    /// come from the file again when touched. For one pass over a file larger than memory.
    pub fn release(&self, part: &[u8]) {
        if let Bytes::Mapped(map) = &self.0.bytes {
            mmap::release(map, part);
        }
    }

    /// Maps the file once more, for a caller that may write to the memory: what is written stays
    /// private and never gets to the file. `None` when the bytes are not those of a mapped file.
    ///
    /// # Errors
    /// If the system has no more maps or address space.
    pub fn private(&self) -> Result<Option<PrivateMap>> {
        let Some(file) = &self.0.file else { return Ok(None) };
        let failed = |source| Error::io("cannot map", source).at_path(self.path());
        mmap::map_private(file).map(Some).map_err(failed)
    }

    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes().is_empty()
    }

    /// The extension of the name, in lower case and without the dot; empty if there is none.
    pub fn extension(&self) -> String {
        let extension = self.path().extension().unwrap_or_default();
        extension.to_string_lossy().to_lowercase()
    }
}

impl AsRef<[u8]> for Input {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({}, {} bytes)", self.path().display(), self.len())
    }
}
