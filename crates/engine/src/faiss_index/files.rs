//! Indexes as files, and as the bytes of files.

use super::{Index, Path};
use anear_formats::faiss::{
    ListFiles, index_bytes, read_index, write_index, write_index_and_lists,
};
use anear_io::{Input, Output};
use anear_types::{Error, Result};
use std::path::Path as FilePath;

impl Index {
    /// Opens a file of FAISS. It is mapped, and read where searches go, as is the file that it tells its
    /// lists are in, if that may be opened.
    ///
    /// # Errors
    /// If it cannot be opened, is damaged, or holds a kind of index that is not read.
    pub fn open(path: &FilePath, list_files: ListFiles) -> Result<Index> {
        let input = Input::open(path)?;
        let parts = read_index(&input, list_files).map_err(|error| error.at_path(path))?;
        Ok(parts.into_parts().into())
    }

    /// Reads the bytes of such a file.
    ///
    /// # Errors
    /// As for [`open`](Index::open).
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Index> {
        let input = Input::from_bytes("bytes", bytes);
        Ok(read_index(&input, ListFiles::Beside)?.into_parts().into())
    }

    /// Writes the index, or one inside it, to a file, in place of one that is there.
    ///
    /// # Errors
    /// If it contradicts itself, or writing fails; then the file is as it was.
    pub fn save(&self, path: &Path, file: &FilePath) -> Result<()> {
        write_index(&self.checked(path)?, Output::create(file, true)?)?;
        Ok(())
    }

    /// The same with its lists in a file of their own, which the index calls as it is called here.
    ///
    /// # Errors
    /// As for [`save`](Index::save), or if the name of that file is no text.
    pub fn save_apart(&self, path: &Path, file: &FilePath, lists: &FilePath) -> Result<()> {
        let no_text = || Error::usage("the name of a file of lists is no text").at_path(lists);
        let name = lists.to_str().ok_or_else(no_text)?;
        let parts = self.checked(path)?;
        let (output, list_output) = (Output::create(file, true)?, Output::create(lists, true)?);
        write_index_and_lists(&parts, output, list_output, name)?;
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
