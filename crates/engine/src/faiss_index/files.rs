//! Indexes as files, and as the bytes of files.

use super::{Index, Path};
use anear_formats::faiss::{index_bytes, read_index, write_index};
use anear_io::{Input, Output};
use anear_types::Result;
use std::path::Path as FilePath;

impl Index {
    /// Opens a file of FAISS. It is mapped, and read where searches go.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or holds a kind of index that is not read.
    pub fn open(path: &FilePath) -> Result<Index> {
        let input = Input::open(path)?;
        let parts = read_index(&input).map_err(|error| error.at_path(path))?;
        Ok(parts.into_parts().into())
    }

    /// Reads the bytes of such a file.
    ///
    /// # Errors
    /// As for [`open`](Index::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Index> {
        Ok(read_index(&Input::from_bytes("bytes", bytes))?.into_parts().into())
    }

    /// Writes the index, or one inside it, to a file, in place of one that is there.
    ///
    /// # Errors
    /// If it contradicts itself, or writing fails; then the file is as it was.
    pub fn save(&self, path: &Path, file: &FilePath) -> Result<()> {
        write_index(&self.checked(path)?, Output::create(file, true)?)?;
        Ok(())
    }

    /// The bytes of such a file.
    ///
    /// # Errors
    /// If the index contradicts itself.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        Ok(index_bytes(&self.checked(path)?))
    }
}
