//! What is in memory of a collection: its vectors where they lie in mapped files, what was learned
//! about them, and the columns that conditions have asked for.
//!
//! A picture shows the collection as it was at some [`Marks`]. Whoever reads takes a moment of the
//! store first, and then the picture of that moment: it is brought up to date by what was added and
//! deleted since, or made anew after a compaction. So a search never sees more, less, or other rows
//! than the metadata it returns with them.

use crate::{CollectionColumn, Result};
use anear_filter::{Affinity, Cell, ColumnData, ColumnStore};
use anear_formats::sqlite::values::sql_type;
use anear_index::{INDEX_KINDS, Index, IndexKind, Rows, Spec, kind_named, load_learned};
use anear_store::{Marks, Moment, Store};
use anear_types::{ColumnKind, Error, Value};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Memory for columns of metadata.
const COLUMN_BYTES: usize = 1 << 30;
/// The column of ids, as conditions call it.
const ID: &str = "id";

/// The picture that all threads share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    picture: RwLock<Option<Picture>>,
    /// Columns that conditions have asked for and that are not held yet.
    wanted: Mutex<BTreeSet<String>>,
}

/// A collection at some marks.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) marks: Marks,
    pub(super) structure: Box<dyn Index>,
    /// Columns of metadata, as far as they are held.
    pub(super) columns: ColumnStore,
    /// All columns of metadata.
    pub(super) known: Vec<CollectionColumn>,
}

/// A picture that does not change as long as this is held.
pub(super) struct Current<'a>(RwLockReadGuard<'a, Option<Picture>>);

impl std::ops::Deref for Current<'_> {
    type Target = Picture;

    fn deref(&self) -> &Picture {
        self.0.as_ref().expect("it was made before the lock was taken")
    }
}

impl Shared {
    /// A moment of the store, and its picture.
    pub(super) fn now(&self, store: &Store) -> Result<(Moment, Current<'_>)> {
        /// If others are faster more often than this, the store has rather gone back, to a copy of
        /// before.
        const MOST_FASTER: usize = 100;
        let mut faster = 0;
        loop {
            let moment = store.read()?;
            let marks = moment.marks();
            let picture = self.picture.read().unwrap_or_else(PoisonError::into_inner);
            if picture.as_ref().is_some_and(|picture| picture.marks == marks) {
                return Ok((moment, Current(picture)));
            }
            drop(picture);
            let mut slot = self.write();
            // One that could not be brought up to date is no longer true.
            *slot = Some(match slot.take() {
                // Someone with a later moment was faster: take a later one too.
                Some(picture) if picture.marks.is_after(&marks) && faster < MOST_FASTER => {
                    faster += 1;
                    picture
                }
                Some(mut picture) if marks.continues(&picture.marks) => {
                    picture.advance(store, &moment, marks)?;
                    picture
                }
                _ => Picture::of(store, &moment, marks)?,
            });
        }
    }

    /// Notes columns that are to be held.
    pub(super) fn want(&self, names: Vec<&str>) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.extend(names.into_iter().map(str::to_owned));
    }

    /// Whether columns are to be held that are not.
    pub(super) fn is_wanting(&self) -> bool {
        !self.wanted.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Reads a column that was noted; returns whether there was one. Searches go on meanwhile, and
    /// rows that are added are read after. If metadata were changed, the next condition on the column
    /// notes it again.
    pub(super) fn hold_wanted(&self, store: &Store) -> Result<bool> {
        let name = self.wanted.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
        let Some(name) = name else { return Ok(false) };
        let mut reading: Option<Reading> = None;
        loop {
            let (moment, picture) = self.now(store)?;
            let marks = picture.marks;
            let begun = reading.take().filter(|reading| reading.goes_on(&picture));
            let Some(mut next) = begun.or_else(|| Reading::begin(&picture, &name)) else {
                return Ok(true);
            };
            drop(picture);
            next.read(&moment, marks)?;
            let mut rest = Some(next);
            self.change(|picture| {
                if picture.marks == marks
                    && let Some(reading) = rest.take()
                    && reading.data.rows() <= picture.columns.rows()
                // or rows are there and deleted
                {
                    picture.columns.hold(&name, reading.data);
                }
            });
            match rest {
                None => return Ok(true),
                rest => reading = rest,
            }
        }
    }

    /// Changes the picture, if there is one.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Picture) -> T) -> Option<T> {
        self.write().as_mut().map(change)
    }

    /// Lets go of all files and memory.
    pub(super) fn forget(&self) {
        *self.write() = None;
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Picture>> {
        self.picture.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A column on its way into the picture.
struct Reading {
    column: Vec<CollectionColumn>,
    data: ColumnData,
    /// Up to where it was read, and when.
    marks: Option<Marks>,
}

impl Reading {
    fn begin(picture: &Picture, name: &str) -> Option<Reading> {
        let affinity = picture.columns.affinity(name)?;
        let data = ColumnData::new(affinity, picture.columns.free_bytes());
        let column = find(&picture.known, name).cloned().into_iter().collect();
        Some(Reading { column, data, marks: None })
    }

    /// Whether what was read is still true of a picture.
    fn goes_on(&self, picture: &Picture) -> bool {
        let now = picture.marks;
        let same = |then: Marks| (then.epoch, then.changes) == (now.epoch, now.changes);
        self.marks.is_some_and(same)
            && self.column.iter().all(|column| picture.known.contains(column))
    }

    fn read(&mut self, moment: &Moment, marks: Marks) -> Result<()> {
        let first = self.marks.map_or(0, |marks| marks.next_row);
        moment.each_row(first..marks.next_row, &self.column, |row, id, values| {
            let value = values.next().unwrap_or(id);
            self.data.put(row, Cell::from(&value));
        })?;
        self.marks = Some(marks);
        Ok(())
    }
}

impl Picture {
    fn of(store: &Store, moment: &Moment, marks: Marks) -> Result<Picture> {
        let rows = rows_of(store, moment, marks)?;
        let kind = kind_of(store, moment)?;
        let spec = index_spec(store);
        let mut structure = match kept(moment, &rows, kind, &spec) {
            Some(structure) => structure,
            None => kind.build(rows, &spec).map_err(|error| without_it(store, error))?,
        };
        for row in moment.deleted(0)? {
            structure.remove(row);
        }
        let known = moment.columns()?;
        let columns = columns_of(moment, marks, &known)?;
        Ok(Picture { marks, structure, columns, known })
    }

    /// Takes in what was added and deleted since.
    fn advance(&mut self, store: &Store, moment: &Moment, marks: Marks) -> Result<()> {
        let before = self.marks;
        if marks.file_rows != before.file_rows {
            // What waited in the metadata lies in a file now.
            self.structure.rebase(rows_of(store, moment, marks)?);
        } else if marks.next_row > before.next_row {
            self.structure.add(moment.pending(before.next_row)?.matrix());
        }
        let deleted = moment.deleted(before.deleted)?;
        for row in &deleted {
            self.structure.remove(*row);
        }
        let known = moment.columns()?;
        let same_columns = known.starts_with(&self.known);
        if marks.changes != before.changes || !same_columns {
            self.columns = columns_of(moment, marks, &known)?;
        } else {
            for column in &known[self.known.len()..] {
                self.columns.declare(&column.stored_as, affinity_of(column.info.kind));
            }
            deleted.iter().filter(|row| **row < before.next_row).for_each(|row| {
                self.columns.remove(*row);
            });
            self.append_columns(moment, before.next_row, marks.next_row, &known)?;
        }
        self.known = known;
        self.marks = marks;
        Ok(())
    }

    /// Takes in the metadata of rows that were added, as far as columns are held.
    fn append_columns(
        &mut self,
        moment: &Moment,
        first: u64,
        end: u64,
        known: &[CollectionColumn],
    ) -> Result<()> {
        if first == end {
            return Ok(());
        }
        let held: Vec<String> = self.columns.held().map(str::to_owned).collect();
        let of_metadata: Vec<CollectionColumn> =
            held.iter().filter_map(|name| find(known, name)).cloned().collect();
        let mut complete = true;
        moment.each_row(first..end, &of_metadata, |row, id, values| {
            let values: Vec<Value> = values.collect();
            let mut values = values.iter();
            let cells: Vec<Cell<'_>> = held
                .iter()
                .map(|name| match name == ID {
                    true => Cell::from(&id),
                    false => values.next().map_or(Cell::Null, Cell::from),
                })
                .collect();
            complete &= self.columns.append(row, &cells);
        })?;
        if !complete {
            self.columns = ColumnStore::new(0);
        }
        Ok(())
    }
}

/// The kind of index a collection has: the one that was chosen, else the usual one.
pub(super) fn kind_of(store: &Store, moment: &Moment) -> Result<&'static dyn IndexKind> {
    let Some(name) = moment.index_kind()? else { return kind_named("auto") };
    let mut kinds = INDEX_KINDS.iter().copied();
    kinds.find(|kind| kind.info().name == name).ok_or_else(|| {
        without_it(store, Error::unsupported(format!("an index of kind {name:?} is not known")))
    })
}

/// An error of the kind that was chosen, with the way out.
fn without_it(store: &Store, error: Error) -> Error {
    let help = "a newer anear may know it; anear index COLL --kind flat chooses another";
    error.at_path(store.path()).help(help)
}

/// How the index of a collection is built.
pub(super) fn index_spec(store: &Store) -> Spec {
    Spec { metric: store.spec().metric, prefilter: true }
}

/// The index that is kept in the folder, over these rows. One that is missing, damaged, of other
/// rows, of another kind or metric counts as none: it is made anew, and `verify` tells of it.
fn kept(moment: &Moment, rows: &Rows, kind: &dyn IndexKind, spec: &Spec) -> Option<Box<dyn Index>> {
    let input = moment.index_file().ok().flatten()?;
    let index = load_learned(input, rows.clone()).ok()?;
    let is_meant = (index.info().name, index.metric()) == (kind.info().name, spec.metric);
    is_meant.then_some(index)
}

/// All vectors, where they lie.
pub(super) fn rows_of(store: &Store, moment: &Moment, marks: Marks) -> Result<Rows> {
    let spec = store.spec();
    let mut rows = Rows::none(spec.element, spec.dim);
    for stretch in moment.stretches()? {
        rows.extend_shared(stretch.bytes, stretch.range, stretch.rows as usize);
    }
    let pending = moment.pending(0)?;
    if pending.rows() > 0 {
        rows.extend(pending.matrix());
    }
    match rows.len() == marks.next_row {
        true => Ok(rows),
        false => {
            let what = format!("{} vectors for {} rows", rows.len(), marks.next_row);
            Err(Error::malformed(what).at_path(store.path()))
        }
    }
}

/// The rows there are, and the names of all columns; values are read when they are asked for.
fn columns_of(moment: &Moment, marks: Marks, known: &[CollectionColumn]) -> Result<ColumnStore> {
    let mut columns = ColumnStore::new(COLUMN_BYTES);
    columns.declare(ID, affinity_of(moment.ids_kind()?.unwrap_or(ColumnKind::Int)));
    for column in known {
        columns.declare(&column.stored_as, affinity_of(column.info.kind));
    }
    let mut complete = true;
    let mut append = |row| complete &= columns.append(row, &[]);
    match marks.deleted {
        0 => (0..marks.next_row).for_each(&mut append),
        _ => moment.live_rows()?.into_iter().for_each(&mut append),
    }
    Ok(if complete { columns } else { ColumnStore::new(0) })
}

fn affinity_of(kind: ColumnKind) -> Affinity {
    Affinity::of_declared(sql_type(kind))
}

fn find<'a>(known: &'a [CollectionColumn], name: &str) -> Option<&'a CollectionColumn> {
    known.iter().find(|column| column.stored_as.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, CollectionSpec, Element, Existing, MatrixRef, Metric};

    #[test]
    fn a_column_with_a_row_that_is_deleted_is_not_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.anear");
        let store = Store::create(&path, &CollectionSpec::new(1, Metric::L2)).unwrap();
        let vectors = MatrixRef::new(&[0; 12], Element::F32, 3, 1);
        let batch = Batch { vectors, ids: None, metadata: &[], json: &[] };
        store.add(&batch, Existing::Refuse).unwrap();
        let hold = |shared: &Shared| {
            shared.want(vec![ID]);
            assert!(shared.hold_wanted(&store).unwrap());
            shared.change(|picture| picture.columns.held().count()).unwrap()
        };
        assert_eq!(hold(&Shared::default()), 1);
        let metadata = rusqlite::Connection::open(path.join("metadata.sqlite")).unwrap();
        metadata.execute("INSERT INTO deleted (row) VALUES (2)", []).unwrap();
        assert_eq!(hold(&Shared::default()), 0);
    }
}
