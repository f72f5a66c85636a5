//! The open store: its folder, what it is made of, and who reads and writes.

use crate::files::{Maps, check_available};
use crate::folder::{self, METADATA};
use crate::read::Reader;
use crate::spec::{Access, Spec};
use crate::sql::{schema, text};
use crate::write::Writer;
use crate::{error::sql, read::Moment};
use anear_types::{ColumnKind, Error, Result};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open store. Threads may share it; cloning is cheap and gives the same one.
#[derive(Clone, Debug)]
pub struct Store(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) folder: PathBuf,
    pub(crate) spec: Spec,
    pub(crate) access: Access,
    pub(crate) maps: Maps,
    pub(crate) writer: Mutex<Option<Writer>>,
    /// Connections that nobody uses now.
    pub(crate) readers: Mutex<Vec<Reader>>,
}

/// The state of a store.
#[derive(Clone, Debug)]
pub struct StoreInfo {
    /// Rows there are.
    pub rows: u64,
    /// Rows that were deleted and whose vectors are still in the files.
    pub deleted: u64,
    /// Whether ids are integers or text; `None` before the first row.
    pub ids: Option<ColumnKind>,
    /// The kind of index that was chosen, if one was.
    pub index_kind: Option<String>,
    /// Names and bytes of its files.
    pub files: Vec<(String, u64)>,
}

impl Store {
    /// Makes a new, empty store: a folder, whole or not at all.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if there is something of that name, or there can
    /// be no such store; an I/O error if the folder cannot be made.
    pub fn create(path: impl AsRef<Path>, spec: &Spec) -> Result<Store> {
        let path = path.as_ref();
        spec.check().and_then(|()| check_available(&spec.storage))?;
        folder::create(path, |folder| {
            let connection = Connection::open(folder.join(METADATA)).map_err(sql)?;
            schema::create(&connection, spec).map_err(sql)?;
            text::add(&connection, &spec.text)?;
            connection.close().map_err(|(_, error)| sql(error))
        })
        .map_err(|error| error.at_path(path))?;
        Store::open(path, Access::Write)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`Usage`](anear_types::ErrorKind::Usage) if it is something else, an I/O error if nothing is
    /// there; [`Malformed`](anear_types::ErrorKind::Malformed) if its metadata are damaged.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<Store> {
        let path = path.as_ref();
        path.metadata().map_err(|source| Error::io("cannot open", source).at_path(path))?;
        if !Store::is_at(path) {
            return Err(Error::usage("there is no collection here").at_path(path));
        }
        let reader = Reader::open(path)?;
        let spec = schema::read_spec(reader.connection()).map_err(|error| error.at_path(path))?;
        Ok(Store(Arc::new(Inner {
            folder: path.to_owned(),
            spec,
            access,
            maps: Maps::default(),
            writer: Mutex::new(None),
            readers: Mutex::new(vec![reader]),
        })))
    }

    /// Whether there is a store at this path.
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        path.as_ref().join(METADATA).is_file()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0.folder
    }

    /// What it is made of.
    pub fn spec(&self) -> &Spec {
        &self.0.spec
    }

    /// What it was opened for.
    pub fn access(&self) -> Access {
        self.0.access
    }

    /// The state at this moment, until the answer is dropped.
    ///
    /// # Errors
    /// If the metadata cannot be read.
    pub fn read(&self) -> Result<Moment> {
        Moment::begin(&self.0)
    }

    /// Counts, files and their sizes.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn info(&self) -> Result<StoreInfo> {
        let moment = self.read()?;
        let marks = moment.marks();
        let ids = moment.ids_kind()?;
        let mut names = moment.file_names()?;
        names.extend([METADATA.to_owned(), format!("{METADATA}-wal")]);
        let size = |name: String| {
            let bytes = std::fs::metadata(self.0.folder.join(&name)).ok()?.len();
            Some((name, bytes))
        };
        Ok(StoreInfo {
            rows: marks.rows(),
            deleted: marks.deleted,
            ids,
            index_kind: moment.index_kind()?,
            files: names.into_iter().filter_map(size).collect(),
        })
    }

    /// Moves vectors that are in the metadata to their file, and closes all connections that
    /// nobody uses. The store may be used again.
    ///
    /// # Errors
    /// If the disk is full or fails; nothing is lost then.
    pub fn close(&self) -> Result<()> {
        self.0.close()
    }
}

impl Inner {
    pub(crate) fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn idle_readers(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> Result<()> {
        let has_written = self.writer().as_ref().is_some_and(Writer::has_written);
        let flushed = match has_written {
            true => self.write(|turn| turn.flush()),
            false => Ok(()),
        };
        // The last connection that closes folds the log into the database.
        self.idle_readers().clear();
        *self.writer() = None;
        flushed
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // What was acknowledged is safe either way.
        let _ = self.close();
    }
}
