//! A collection: a folder that holds embeddings with ids and metadata, so that nothing is lost.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `request` | what one asks, and what is answered |
//! | `picture` | vectors and columns in memory, brought up to date with what was committed |
//! | `learning` | making searches faster, in the background |
//! | `choosing` | the same ahead of searches, and the kind of index |
//! | `filter` | which rows meet a condition |
//! | `search` | near to a vector, matching a text, or both |
//! | `transfer` | from and to files |

mod choosing;
mod filter;
mod learning;
mod picture;
mod request;
mod search;
mod transfer;

pub use request::{
    CollectionHit, CollectionReply, CollectionSearch, Condition, Expected, ExportRequest, Fetched,
    Sought,
};

use crate::{
    Access, Added, Batch, CollectionColumn, CollectionInfo, CollectionSpec, Compacted, Error,
    Existing, Ids, Progress, Result, Storage, Vectors, Verified, cast_rows,
};
use anear_kernels::Rounding;
use anear_store::{Moment, Store, StoredRow};
use anear_types::{Block, Column, Element, Metric};
use learning::Learning;
use picture::Shared;
use request::condition_ms;
use std::path::Path;
use std::sync::Arc;

/// An open collection. Threads may share it; other processes may read it at the same time, and
/// write to it in turn. Every call sees the state that was last committed by anyone.
///
/// ```
/// use anear::{Batch, Collection, CollectionSearch, CollectionSpec, Element, Existing};
/// use anear::{Column, ColumnKind, Condition, Ids, MatrixRef, Metric, Sought, Value};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("docs.anear");
/// let collection = Collection::create(&path, &CollectionSpec::new(2, Metric::L2))?;
/// let vectors: Vec<u8> = [0f32, 0.0, 3.0, 4.0].iter().flat_map(|x| x.to_ne_bytes()).collect();
/// let vectors = MatrixRef::new(&vectors, Element::F32, 2, 2);
/// let pages = vec![Value::Int(1), Value::Int(7)];
/// let pages = Column { name: "page_num".into(), kind: ColumnKind::Int, values: pages };
/// let ids = Ids::from(vec!["a".to_owned(), "b".to_owned()]);
/// let batch = Batch { vectors, ids: Some(&ids), metadata: &[pages], json: &[] };
/// collection.add(&batch, Existing::Refuse)?;
///
/// let condition = Condition { sql: "page_num > ?", params: &[Value::Int(3)] };
/// let search = CollectionSearch { condition: Some(condition), ..CollectionSearch::nearest(5) };
/// let query = Sought::Vectors(vectors.range(0, 1));
/// let hits = &collection.search(&query, &search)?.results[0];
/// assert_eq!((hits.len(), &hits[0].id, hits[0].distance), (1, &Value::text("b"), 25.0));
/// # Ok::<(), anear::Error>(())
/// ```
#[derive(Debug)]
pub struct Collection {
    store: Store,
    shared: Arc<Shared>,
    learning: Learning,
}

impl Collection {
    /// Makes a new, empty collection: a folder, whole or not at all.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there is something of that name, or there can be no
    /// such collection; an I/O error if the folder cannot be made.
    pub fn create(path: impl AsRef<Path>, spec: &CollectionSpec) -> Result<Collection> {
        Store::create(path, spec).map(Collection::over)
    }

    /// Opens a collection. With [`Access::Read`] what is stored does not change, and the folder may
    /// be read-only.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there is none;
    /// [`Malformed`](crate::ErrorKind::Malformed) if it is damaged.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<Collection> {
        Store::open(path, access).map(Collection::over)
    }

    /// Whether there is a collection at this path.
    pub fn is_at(path: impl AsRef<Path>) -> bool {
        Store::is_at(path)
    }

    fn over(store: Store) -> Collection {
        Collection { store, shared: Arc::default(), learning: Learning::default() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// Components in a vector.
    pub fn dim(&self) -> usize {
        self.store.spec().dim
    }

    /// How nearness is measured.
    pub fn metric(&self) -> Metric {
        self.store.spec().metric
    }

    /// The type of a component.
    pub fn element(&self) -> Element {
        self.store.spec().element
    }

    /// The model that made the vectors, if it was named.
    pub fn model(&self) -> Option<&str> {
        self.store.spec().model.as_deref()
    }

    /// The files that hold vectors.
    pub fn storage(&self) -> &Storage {
        &self.store.spec().storage
    }

    /// Checks that the collection is what a caller takes it to be.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if it is not.
    pub fn check(&self, expected: &Expected<'_>) -> Result<()> {
        let differs = |what: &str, found: &str, expected: &str| {
            let what = format!("the {what} of this collection is {found}, not {expected}");
            Err(Error::usage(what).at_path(self.path()))
        };
        if let Some(dim) = expected.dim.filter(|dim| *dim != self.dim()) {
            return differs("dimension", &self.dim().to_string(), &dim.to_string());
        }
        if let Some(metric) = expected.metric.filter(|metric| *metric != self.metric()) {
            return differs("metric", self.metric().name(), metric.name());
        }
        match expected.model {
            Some(model) if self.model() != Some(model) => {
                differs("model", self.model().unwrap_or("not named"), model)
            }
            _ => Ok(()),
        }
    }

    /// Rows there are now.
    ///
    /// # Errors
    /// If the collection cannot be read.
    pub fn len(&self) -> Result<u64> {
        Ok(self.store.read()?.marks().rows())
    }

    /// Whether there is no row now.
    ///
    /// # Errors
    /// If the collection cannot be read.
    pub fn is_empty(&self) -> Result<bool> {
        self.len().map(|rows| rows == 0)
    }

    /// Metadata columns, in the order they appeared; the id is none of them.
    ///
    /// # Errors
    /// If the collection cannot be read.
    pub fn columns(&self) -> Result<Vec<CollectionColumn>> {
        self.store.read()?.columns()
    }

    /// Counts, files and their sizes.
    ///
    /// # Errors
    /// If the collection cannot be read.
    pub fn info(&self) -> Result<CollectionInfo> {
        self.store.info()
    }

    /// Adds rows, which are converted when that loses no more than the rounding of fractions. When
    /// it returns they are durable, all of them or, after an error, none.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if the dimension is another, or ids are missing or of
    /// another kind; [`BadData`](crate::ErrorKind::BadData) if an id is there already or twice in
    /// the batch, or a vector is not finite.
    pub fn add(&self, batch: &Batch<'_>, existing: Existing) -> Result<Added> {
        let converted = match batch.vectors.dim() == self.dim() {
            true => cast_rows(batch.vectors, self.element(), Rounding::Strict)
                .map_err(|error| error.at_path(self.path()))?,
            false => None,
        };
        let vectors = converted.as_ref().map_or(batch.vectors, Block::matrix);
        self.store.add(&Batch { vectors, ..*batch }, existing)
    }

    /// Sets these metadata columns of the rows with these ids; other columns stay. `json` names
    /// columns whose texts are JSON documents. Returns how many rows there were.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if there are not as many values as ids, or ids are of
    /// another kind.
    pub fn update(&self, ids: &Ids, metadata: &[Column], json: &[String]) -> Result<u64> {
        self.store.update(ids, metadata, json)
    }

    /// Deletes rows; ids that are not there count nothing. Returns how many there were.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if ids are of another kind.
    pub fn delete(&self, ids: &Ids) -> Result<u64> {
        self.store.delete(ids)
    }

    /// Deletes the rows that meet a condition. Returns how many there were.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) for a condition that cannot be evaluated.
    pub fn delete_where(&self, condition: &Condition<'_>) -> Result<u64> {
        self.store.delete_where(condition.sql, condition.params, condition_ms())
    }

    /// Makes columns searchable as text, for the rows there are and those to come.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if SQLite cannot search a column of such a name.
    pub fn index_text(&self, columns: &[String]) -> Result<()> {
        self.store.index_text(columns)
    }

    /// Writes the files anew without what was deleted. Those who read meanwhile go on undisturbed.
    ///
    /// # Errors
    /// If the disk is full or fails, or the work is to stop; the collection is as before.
    pub fn compact(&self, progress: &mut dyn Progress) -> Result<Compacted> {
        progress.begin("compacting", self.len()?);
        let compacted = self.store.compact(&mut |rows| {
            progress.advance(rows);
            progress.interrupted()
        });
        progress.end();
        compacted
    }

    /// Checks every checksum and cross reference; with `repair`, sets right what can be.
    ///
    /// # Errors
    /// If the folder cannot be read or, to repair, not be written; or the work is to stop.
    pub fn verify(&self, repair: bool, progress: &mut dyn Progress) -> Result<Verified> {
        let row_bytes = self.store.spec().row_bytes() as u64;
        progress.begin("verifying", self.store.read()?.marks().file_rows.saturating_mul(row_bytes));
        let verified = self.store.verify(repair, &mut |bytes| {
            progress.advance(bytes);
            progress.interrupted()
        });
        progress.end();
        verified
    }

    /// The rows with these ids, in this order; `show` names the metadata columns, `None` is all.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) if ids are of another kind, or there is no such column.
    pub fn get(&self, ids: &Ids, show: Option<&[String]>) -> Result<Fetched> {
        self.reading(|moment| {
            let columns =
                shown(&moment.columns()?, show).map_err(|error| error.at_path(self.path()))?;
            let (mut rows, mut missing) = (Vec::new(), Vec::new());
            for (position, row) in moment.rows_of(ids)?.into_iter().enumerate() {
                match row {
                    Some(row) => rows.push(row),
                    None => missing.push(ids.get(position)),
                }
            }
            let stored = moment.vectors()?;
            let mut vectors = Block::try_new(self.element(), self.dim(), rows.len())?;
            let mut table: Vec<Column> = moment.table(&[], &columns)?;
            for (row, found) in rows.iter().zip(moment.rows(&rows, &columns)?) {
                let without = || self.damaged(*row);
                vectors.push_row(stored.row(*row).ok_or_else(without)?);
                let StoredRow { id, values } = found.ok_or_else(without)?;
                let values = std::iter::once(id).chain(values);
                table.iter_mut().zip(values).for_each(|(column, value)| column.values.push(value));
            }
            let ids = Ids::from_column(&table.remove(0))?;
            Ok(Fetched { ids, vectors, columns, metadata: table, missing })
        })
    }

    /// How many rows meet a condition; all rows without one.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) for a condition that cannot be evaluated.
    pub fn count(&self, condition: Option<&Condition<'_>>) -> Result<u64> {
        match condition {
            None => self.len(),
            Some(condition) => {
                let moment = self.store.read()?;
                Ok(rows_where(&moment, condition)?.len() as u64)
            }
        }
    }

    /// The rows there are now (that meet a condition) as a matrix like that of a file, to walk
    /// over, convert and export. It stays as it is, whatever is written meanwhile.
    ///
    /// # Errors
    /// [`Usage`](crate::ErrorKind::Usage) for a condition that cannot be evaluated.
    pub fn view(&self, condition: Option<&Condition<'_>>) -> Result<Vectors> {
        let view = retrying(|| {
            let moment = self.store.read()?;
            let rows = condition.map(|condition| rows_where(&moment, condition)).transpose()?;
            anear_store::View::new(moment, rows)
        })?;
        let json = view.columns().iter().filter(|column| column.json);
        let json = json.map(|column| column.info.name.clone()).collect();
        Ok(Vectors::of_collection(self.path(), Box::new(view), json))
    }

    /// Moves what waits in the metadata to the files of vectors. That happens by itself when the
    /// collection is dropped; calling it tells of errors.
    ///
    /// # Errors
    /// If the disk is full or fails; nothing is lost then.
    pub fn close(&self) -> Result<()> {
        self.learning.stop();
        self.shared.forget();
        self.store.close()
    }

    /// Reads at one moment.
    fn reading<T>(&self, read: impl Fn(&Moment) -> Result<T>) -> Result<T> {
        retrying(|| read(&self.store.read()?))
    }

    fn damaged(&self, row: u64) -> Error {
        Error::malformed(format!("row {row} is not complete"))
            .at_path(self.path())
            .help("anear verify says what is wrong")
    }
}

/// Reads again when a file was not there: compaction may have replaced it in between.
fn retrying<T>(read: impl Fn() -> Result<T>) -> Result<T> {
    const TRIES: usize = 5;
    let mut tried = 1;
    loop {
        match read() {
            Err(error) if error.is_not_found() && tried < TRIES => tried += 1,
            done => return done,
        }
    }
}

/// The columns of these names; all without names.
fn shown(columns: &[CollectionColumn], show: Option<&[String]>) -> Result<Vec<CollectionColumn>> {
    let Some(show) = show else { return Ok(columns.to_vec()) };
    let find = |name: &String| {
        let found = columns.iter().find(|column| column.info.name == *name);
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = columns.iter().map(|column| &*column.info.name).collect();
            Error::usage(format!("there is no metadata column {name:?}"))
                .help(format!("the columns are: {}", known.join(", ")))
        })
    };
    show.iter().map(find).collect()
}

fn rows_where(moment: &Moment, condition: &Condition<'_>) -> Result<Vec<u64>> {
    moment.rows_where(condition.sql, condition.params, condition_ms())
}
