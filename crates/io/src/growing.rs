//! A file that is read where it lies while it is still being written.

use crate::{Input, mmap};
use anear_types::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The least that a file grows by, in bytes.
const LEAST_BYTES: u64 = 1 << 16;

/// A file for something that may become larger than memory: bytes are put anywhere and seen through
/// a map at once. Written is by calls of the system and not through the map, so that a full disk is
/// an error and not a signal that ends the process.
///
/// Until [`finish`](GrowingFile::finish) the length of the file is odd, by which a format of whole
/// words tells that it was not completed; behind what was put are zeros.
#[derive(Debug)]
pub struct GrowingFile {
    path: PathBuf,
    file: File,
    /// There is one but while the file is shortened.
    map: Option<memmap2::Mmap>,
    /// Bytes there is room for, an even number.
    room: u64,
}

impl GrowingFile {
    /// Makes a file, or empties one that is there.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(path: &Path) -> Result<GrowingFile> {
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path);
        let file = made.map_err(|source| Error::io("cannot create", source).at_path(path))?;
        GrowingFile::over(file, path, 0)
    }

    /// Opens a finished file to go on writing behind its first `length` bytes.
    ///
    /// # Errors
    /// If the file cannot be written to.
    pub fn reopen(path: &Path, length: u64) -> Result<GrowingFile> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = opened.map_err(|source| Error::io("cannot open", source).at_path(path))?;
        GrowingFile::over(file, path, length)
    }

    fn over(file: File, path: &Path, length: u64) -> Result<GrowingFile> {
        let mut growing = GrowingFile { path: path.to_owned(), file, map: None, room: 0 };
        growing.truncate(length)?;
        Ok(growing)
    }

    /// The name of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts bytes at a place, over what was there. What lies between them and the rest is zeros.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let end = offset.checked_add(bytes.len() as u64);
        let end = end.ok_or_else(|| Error::limit("a file is smaller than 64 bits"))?;
        if end > self.room {
            self.make_room(end.max(2 * self.room).max(LEAST_BYTES))?;
        }
        let put = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.write_all(bytes));
        put.map_err(|source| self.failed(source))
    }

    /// The first bytes of the file, at an address that suits any number.
    ///
    /// # Panics
    /// If so many were never put.
    pub fn bytes(&self, length: usize) -> &[u8] {
        &self.map.as_ref().expect("the file is mapped")[..length]
    }

    /// Something to append bytes with from `offset` on, behind all that [`bytes`](Self::bytes) is
    /// asked for meanwhile.
    ///
    /// # Errors
    /// If the system has no more handles.
    pub fn appender(&self, offset: u64) -> Result<Appender> {
        let file = self.file.try_clone().map_err(|source| self.failed(source))?;
        Ok(Appender { path: self.path.clone(), file, end: offset })
    }

    /// Something to append bytes with that are not to stay: a file without a name in the same
    /// folder.
    ///
    /// # Errors
    /// If the folder cannot be written to.
    pub fn beside(&self) -> Result<Appender> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::tempfile_in(folder.unwrap_or(Path::new(".")));
        let file = file.map_err(|source| self.failed(source))?;
        Ok(Appender { path: self.path.clone(), file, end: 0 })
    }

    /// Lets go of all but the first bytes.
    ///
    /// # Errors
    /// If the file cannot be shortened.
    pub fn truncate(&mut self, length: u64) -> Result<()> {
        self.map = None; // some systems do not shorten a file that is mapped
        let shortened = self.file.set_len(length).map_err(|source| self.failed(source));
        self.make_room(if shortened.is_ok() { length } else { self.room })?;
        shortened
    }

    /// Gives the file its length, syncs it, and opens it.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(mut self, length: u64) -> Result<Input> {
        self.map = None;
        // The bytes are safe before the length says that they are complete.
        let finished = self.file.sync_all().and_then(|()| self.file.set_len(length));
        finished.and_then(|()| self.file.sync_all()).map_err(|source| self.failed(source))?;
        Input::open(&self.path)
    }

    fn make_room(&mut self, bytes: u64) -> Result<()> {
        let room = bytes.next_multiple_of(2);
        let mapped = self.file.set_len(room + 1).and_then(|()| mmap::map(&self.file));
        self.map = Some(mapped.map_err(|source| self.failed(source))?);
        self.room = room;
        Ok(())
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::io("cannot write", source).at_path(&self.path)
    }
}

/// Appends to a [`GrowingFile`], or beside one.
#[derive(Debug)]
pub struct Appender {
    path: PathBuf,
    file: File,
    end: u64,
}

impl Appender {
    /// Where the next bytes will be.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let end = self.end + bytes.len() as u64;
        let mut append = || {
            if self.file.metadata()?.len() <= end {
                self.file.set_len((end + 1) | 1)?; // at no time the file looks complete
            }
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.write_all(bytes)
        };
        append().map_err(|source| Error::io("cannot write", source).at_path(&self.path))?;
        self.end = end;
        Ok(())
    }

    /// Reads bytes back.
    ///
    /// # Errors
    /// If the disk fails, or there are not so many.
    pub fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let read = self.file.seek(SeekFrom::Start(offset));
        let read = read.and_then(|_| self.file.read_exact(bytes));
        read.map_err(|source| Error::io("cannot read", source).at_path(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_at_once_and_the_length_is_odd_until_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut growing = GrowingFile::create(&path).unwrap();
        let is_odd = || std::fs::metadata(&path).unwrap().len() % 2 == 1;
        let far = 3 * LEAST_BYTES;
        for offset in [0, far, 4] {
            growing.put(offset, b"abcd").unwrap();
            assert!(is_odd());
        }
        assert_eq!(growing.bytes(12), b"abcdabcd\0\0\0\0");
        growing.truncate(4).unwrap();
        growing.put(far, b"z").unwrap();
        assert!(growing.bytes(far as usize)[4..].iter().all(|byte| *byte == 0));
        growing.truncate(8).unwrap();

        let mut appender = growing.appender(8).unwrap();
        for byte in b"efg" {
            appender.append(&[*byte]).unwrap();
            assert!(is_odd());
        }
        let mut read = [0; 2];
        appender.read(9, &mut read).unwrap();
        assert_eq!((read, appender.end()), (*b"fg", 11));
        assert!(appender.read(11, &mut [0; 9]).is_err());
        let input = growing.finish(11).unwrap();
        assert_eq!(input.bytes(), b"abcd\0\0\0\0efg");

        let growing = GrowingFile::reopen(&path, 4).unwrap();
        assert!(is_odd());
        assert_eq!(growing.bytes(4), b"abcd");
        let mut beside = growing.beside().unwrap();
        beside.append(b"xyz").unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(growing.finish(4).unwrap().bytes(), b"abcd");
    }
}
