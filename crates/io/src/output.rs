//! A file that appears under its name whole or not at all.

use anear_types::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

/// A new file, written under a temporary name in the same folder. [`commit`](Output::commit)
/// syncs it and gives it its name; dropping it instead leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    file: File,
    temporary: TempPath,
    path: PathBuf,
    replace: bool,
}

impl Output {
    /// Begins a file that is to be called `path`. An existing file is replaced only with `replace`;
    /// the name `-` is standard output.
    ///
    /// # Errors
    /// If the file exists and may not be replaced, or the folder cannot be written to.
    pub fn create(path: impl AsRef<Path>, replace: bool) -> Result<Output> {
        let path = path.as_ref();
        if !replace && path.as_os_str() != "-" && path.symlink_metadata().is_ok() {
            return Err(already_there(path));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ if path.as_os_str() == "-" => &std::env::temp_dir(),
            _ => Path::new("."),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary: NamedTempFile = tempfile::Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|source| Error::io("cannot create a file here", source).at_path(path))?;
        let (file, temporary) = temporary.into_parts();
        Ok(Output { file, temporary, path: path.to_owned(), replace })
    }

    /// The name the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file while it is being written, for libraries that open files by name.
    pub fn temporary_path(&self) -> &Path {
        &self.temporary
    }

    /// The open file; wrap it in a `BufWriter` for small writes.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Turns an I/O error into one that names this file.
    pub fn failed(&self, source: std::io::Error) -> Error {
        Error::io("cannot write", source).at_path(&self.path)
    }

    /// Syncs the file, gives it its name, and returns its size in bytes.
    ///
    /// # Errors
    /// If the disk is full or fails, or a file of that name appeared meanwhile. Nothing is left.
    pub fn commit(mut self) -> Result<u64> {
        let failed = |source| Error::io("cannot write", source).at_path(&self.path);
        if self.path.as_os_str() == "-" {
            return copy_to_stdout(&mut self.file).map_err(failed);
        }
        set_ordinary_permissions(&self.file).map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        let bytes = self.file.metadata().map_err(failed)?.len();
        if self.replace {
            self.temporary.persist(&self.path).map_err(|error| failed(error.error))?;
        } else {
            self.temporary.persist_noclobber(&self.path).map_err(|error| {
                match error.error.kind() {
                    std::io::ErrorKind::AlreadyExists => already_there(&self.path),
                    _ => failed(error.error),
                }
            })?;
        }
        sync_folder(&self.path).map_err(failed)?;
        Ok(bytes)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Read for Output {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for Output {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(position)
    }
}

fn already_there(path: &Path) -> Error {
    Error::usage("the file exists").at_path(path).help("--force replaces it")
}

fn copy_to_stdout(file: &mut File) -> std::io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut stdout = std::io::stdout().lock();
    let bytes = std::io::copy(file, &mut stdout)?;
    stdout.flush()?;
    Ok(bytes)
}

/// Temporary files are private; the result gets what `File::create` would have given it.
#[cfg(unix)]
fn set_ordinary_permissions(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_permissions(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Makes it survive a crash that a file or folder got its name, or that one was removed.
///
/// # Errors
/// If the folder it is in cannot be opened or synced.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_appears_before_commit_and_nothing_is_left_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let mut output = Output::create(&path, false).unwrap();
        output.write_all(b"abc").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut output = Output::create(&path, false).unwrap();
        output.write_all(b"abc").unwrap();
        assert_eq!(output.commit().unwrap(), 3);
        assert_eq!(std::fs::read(&path).unwrap(), b"abc");
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let early = Output::create(&path, false).unwrap();
        std::fs::write(&path, "old").unwrap();
        assert!(Output::create(&path, false).is_err());
        assert!(early.commit().is_err(), "it appeared while we were writing");
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        Output::create(&path, true).unwrap().commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }
}
