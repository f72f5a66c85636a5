//! What a child is to do, and the collection it has open.

use crate::change::Change;
use crate::model::DIM;
use anear::{Access, Collection, CollectionSpec, Metric, Result, Storage};
use std::path::{Path, PathBuf};

/// How a collection keeps its vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    Npy,
    Hdf5,
    /// In HDF5, with a group for each label.
    Groups,
}

impl Kept {
    const ALL: [Kept; 3] = [Kept::Npy, Kept::Hdf5, Kept::Groups];

    fn storage(self) -> Storage {
        match self {
            Kept::Npy => Storage::Npy,
            Kept::Hdf5 => Storage::Hdf5 { gzip: 1, shuffle: true, group_by: None },
            Kept::Groups => {
                Storage::Hdf5 { gzip: 0, shuffle: false, group_by: Some("label".to_owned()) }
            }
        }
    }
}

/// The sort of collection and the changes to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// How many changes; the first has number 0.
    pub(crate) changes: i64,
    /// How many in a hundred changes are compactions.
    pub(crate) compacts: u64,
    pub(crate) kept: Kept,
    /// How many rows there are from the first change on, about.
    pub(crate) least_rows: usize,
    /// Whether a child goes on after a change that failed.
    pub(crate) goes_on: bool,
    /// Whether someone else has the collection open, and a change that failed was its writer's last.
    pub(crate) watched: bool,
}

impl Setting {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Setting { seed, changes, compacts, kept, least_rows, goes_on, watched } = self;
        let numbers =
            [*seed, *changes as u64, *compacts, *least_rows as u64].map(|n| n.to_string());
        let others = [format!("{kept:?}"), goes_on.to_string(), watched.to_string()];
        numbers.into_iter().chain(others).collect()
    }

    pub(crate) fn from_arguments(arguments: &[String]) -> Setting {
        let [seed, changes, compacts, least_rows, kept, goes_on, watched] = arguments else {
            panic!("{arguments:?}")
        };
        let kept = Kept::ALL.into_iter().find(|known| format!("{known:?}") == *kept);
        Setting {
            seed: seed.parse().unwrap(),
            changes: changes.parse().unwrap(),
            compacts: compacts.parse().unwrap(),
            kept: kept.expect("there is such a way to keep vectors"),
            least_rows: least_rows.parse().unwrap(),
            goes_on: goes_on.parse().unwrap(),
            watched: watched.parse().unwrap(),
        }
    }

    fn spec(&self) -> CollectionSpec {
        let spec = CollectionSpec::new(DIM, Metric::L2);
        CollectionSpec { file_bytes: FILE_BYTES, storage: self.kept.storage(), ..spec }
    }
}

/// Of vectors in a file; so few that there are several files.
const FILE_BYTES: u64 = 150_000;

/// Where the collection is, in a child's folder.
pub(crate) fn path_in(folder: &Path) -> PathBuf {
    folder.join("rows.anear")
}

/// An open collection that can be closed and opened again.
pub(crate) struct Session {
    path: PathBuf,
    collection: Option<Collection>,
    /// Someone who reads it, and keeps SQLite's log from being removed.
    watcher: Option<Collection>,
}

impl Session {
    pub(crate) fn create(folder: &Path, setting: &Setting) -> Result<Session> {
        let path = path_in(folder);
        let collection = Some(Collection::create(&path, &setting.spec())?);
        let watcher = match setting.watched {
            true => Some(Collection::open(&path, Access::Read)?),
            false => None,
        };
        Ok(Session { path, collection, watcher })
    }

    pub(crate) fn open(folder: &Path, access: Access) -> Result<Session> {
        let path = path_in(folder);
        let collection = Some(Collection::open(&path, access)?);
        Ok(Session { path, collection, watcher: None })
    }

    /// The collection, opened if it is closed.
    pub(crate) fn collection(&mut self) -> Result<&Collection> {
        if self.collection.is_none() {
            self.collection = Some(Collection::open(&self.path, Access::Write)?);
        }
        Ok(self.collection.as_ref().expect("it was just opened"))
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.collection.is_some()
    }

    /// Closes the collection; it is opened when it is needed.
    pub(crate) fn close(&mut self) {
        self.collection = None;
    }

    pub(crate) fn make(&mut self, change: &Change) -> Result<()> {
        if let Change::Reopen = change {
            self.close();
            return Ok(());
        }
        change.make(self.collection()?)
    }
}
