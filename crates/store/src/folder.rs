//! The folder: the names of its files, making it, and taking turns to write.

use anear_io::Input;
use anear_types::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The SQLite file.
pub(crate) const METADATA: &str = "metadata.sqlite";
/// The file that is locked.
const LOCK: &str = "lock";
/// How long to wait for another writer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// A lock on the folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct WriteLock(#[allow(dead_code, reason = "dropping it unlocks")] File);

/// Takes the lock, waiting for another writer if there is one.
pub(crate) fn lock(folder: &Path) -> Result<WriteLock> {
    let path = folder.join(LOCK);
    let failed = |source| Error::io("cannot write here", source).at_path(&path);
    check_own(&path)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(WriteLock(file)),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                let waited = PATIENCE.as_secs();
                let source = std::io::Error::from(std::io::ErrorKind::WouldBlock);
                return Err(Error::io("another program is writing to this collection", source)
                    .at_path(folder)
                    .help(format!("it did not finish within {waited} seconds; try again")));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

/// The name of a file by what it holds.
pub(crate) fn file_name(holds: &str, number: i64, extension: &str) -> String {
    format!("{holds}-{number:06}.{extension}")
}

/// Files in the folder that a writer which did not finish may have left: files of ours that are
/// not `named`.
pub(crate) fn leftovers(folder: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::io("cannot list", source).at_path(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_ours(&name) && !named.contains(&name) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Checks that a name from the metadata is that of a file of ours: a folder may come from anyone,
/// and nothing outside of it is to be read or written.
pub(crate) fn check_name(name: &str) -> Result<()> {
    match is_numbered(name) {
        true => Ok(()),
        false => Err(Error::malformed(format!("{name:?} is no name of a file of a collection"))),
    }
}

/// Checks that what is to be written to is a file in the folder, or nothing yet: a link may lead
/// anywhere.
pub(crate) fn check_own(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => {
            Err(Error::malformed("this is not a file, but a link or something else").at_path(path))
        }
        _ => Ok(()),
    }
}

/// Opens a file of ours to read it. It may be a link, but not a pipe, which one could wait for
/// forever.
pub(crate) fn open(path: &Path) -> Result<Input> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(Error::malformed("this is not a file").at_path(path)),
        _ => Input::open(path),
    }
}

fn is_ours(name: &str) -> bool {
    let unfinished = name.starts_with(".vectors-") || name.starts_with(".index-");
    is_numbered(name) || unfinished && name.ends_with(".part")
}

fn is_numbered(name: &str) -> bool {
    let numbered = |prefix: &str, suffixes: &[&str]| {
        let Some((number, suffix)) =
            name.strip_prefix(prefix).and_then(|rest| rest.split_once('.'))
        else {
            return false;
        };
        number.len() >= 6
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && suffixes.contains(&suffix)
    };
    numbered("vectors-", &["npy", "h5"]) || numbered("index-", &["anx"])
}

/// Makes the names in a folder survive a crash.
pub(crate) fn sync(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|source| Error::io("cannot write", source).at_path(folder))?;
    }
    Ok(())
}

/// Makes a folder with what `fill` puts into it: whole, or not at all.
pub(crate) fn create(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(Error::usage("there is something of this name already").at_path(path));
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |source| Error::io("cannot create a folder here", source).at_path(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
        .suffix(".part")
        .tempdir_in(parent)
        .map_err(failed)?;
    open_to_others(temporary.path()).map_err(failed)?;
    fill(temporary.path())?;
    sync(temporary.path())?;
    // A rename would replace an empty folder that appeared meanwhile, which harms nobody.
    std::fs::rename(temporary.path(), path).map_err(failed)?;
    let _ = temporary.keep();
    sync(parent)
}

/// Temporary folders are private; this one is to be like any other.
#[cfg(unix)]
fn open_to_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_files_of_ours_that_nobody_names() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "vectors-000001.npy",
            "vectors-000002.npy",
            "index-000003.anx",
            ".vectors-000004.h5.Ab.part",
            "vectors-mine.npy",
            "notes.txt",
            "metadata.sqlite",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = leftovers(folder.path(), &["vectors-000001.npy".to_owned()]).unwrap();
        let found: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(found, [names[3], names[2], names[1]]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert!(check_name("vectors-000001.npy").is_ok());
        for name in ["../vectors-000001.npy", "/etc/passwd", "vectors-000001.npy/../x", "", "x"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_folder_is_made_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("x.anear");
        let fill = |folder: &Path| {
            std::fs::write(folder.join("a"), "b").unwrap();
            Err(Error::usage("no"))
        };
        assert!(create(&path, fill).is_err());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
        create(&path, |_| Ok(())).unwrap();
        assert_eq!(
            create(&path, |_| Ok(())).unwrap_err().what(),
            "there is something of this name already"
        );
    }
}
