//! Stores in temporary folders, and rows to put into them.

use anear_store::{Access, Batch, Existing, Spec, Storage, Store};
use anear_types::{Column, ColumnKind, Element, Error, Ids, MatrixRef, Metric, Value};
use std::path::{Path, PathBuf};

pub(crate) const DIM: usize = 4;

/// A place for a store, and the files it is to have.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    storage: Storage,
}

impl Folder {
    pub(crate) fn of(storage: Storage) -> Folder {
        Folder { folder: tempfile::tempdir().unwrap(), storage }
    }

    /// A folder for each kind of files.
    pub(crate) fn each() -> impl Iterator<Item = Folder> {
        [Storage::Npy, hdf5(None), hdf5(Some("page_num"))].into_iter().map(Folder::of)
    }

    /// An empty one of the same kind.
    pub(crate) fn again(&self) -> Folder {
        Folder::of(self.storage.clone())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("x.anear")
    }

    pub(crate) fn spec(&self) -> Spec {
        Spec { storage: self.storage.clone(), ..Spec::new(DIM, Metric::L2) }
    }

    pub(crate) fn create(&self) -> Store {
        Store::create(self.path(), &self.spec()).unwrap()
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(self.path(), Access::Write).unwrap()
    }

    pub(crate) fn is_npy(&self) -> bool {
        self.storage == Storage::Npy
    }

    /// The name of a file of vectors.
    pub(crate) fn vectors(&self, number: u32) -> String {
        format!("vectors-{number:06}.{}", if self.is_npy() { "npy" } else { "h5" })
    }

    /// The names of all files of vectors.
    pub(crate) fn all_vectors(&self) -> Vec<String> {
        let names = files(&self.path()).into_iter();
        names.filter(|name| name.starts_with("vectors-")).collect()
    }
}

pub(crate) fn hdf5(group_by: Option<&str>) -> Storage {
    Storage::Hdf5 { gzip: 4, shuffle: true, group_by: group_by.map(str::to_owned) }
}

/// Vectors that tell which row they are of.
pub(crate) fn vectors(numbers: impl Iterator<Item = u32>) -> Vec<f32> {
    numbers.flat_map(|number| [number as f32, 1.0, 2.0, 3.0]).collect()
}

pub(crate) fn matrix(vectors: &[f32]) -> MatrixRef<'_> {
    MatrixRef::new(bytemuck::cast_slice(vectors), Element::F32, vectors.len() / DIM, DIM)
}

pub(crate) fn column(name: &str, values: Vec<Value>) -> Column {
    Column { name: name.to_owned(), kind: ColumnKind::of(&values), values }
}

pub(crate) fn add(
    store: &Store,
    ids: &[i64],
    metadata: &[Column],
    existing: Existing,
) -> Result<u64, Error> {
    let vectors = vectors(ids.iter().map(|id| *id as u32));
    let ids = Ids::Ints(ids.to_vec());
    let batch = Batch { vectors: matrix(&vectors), ids: Some(&ids), metadata, json: &[] };
    store.add(&batch, existing).map(|added| added.rows)
}

/// Ids and first components of all rows.
pub(crate) fn rows(store: &Store) -> Vec<(i64, f32)> {
    let moment = store.read().unwrap();
    let (live, vectors) = (moment.live_rows().unwrap(), moment.vectors().unwrap());
    let table = moment.table(&live, &[]).unwrap();
    let first = |row: &u64| f32::from_ne_bytes(vectors.row(*row).unwrap()[..4].try_into().unwrap());
    let id = |id: &Value| match id {
        Value::Int(id) => *id,
        other => panic!("{other:?}"),
    };
    table[0].values.iter().map(id).zip(live.iter().map(first)).collect()
}

/// Ids and first components as they should be, if all rows are those with these ids.
pub(crate) fn expected(ids: impl Iterator<Item = i64>) -> Vec<(i64, f32)> {
    ids.map(|id| (id, id as f32)).collect()
}

pub(crate) fn clean(store: &Store) {
    assert_eq!(problems(store, true), [] as [String; 0]);
}

/// What is wrong with a store.
pub(crate) fn problems(store: &Store, repair: bool) -> Vec<String> {
    let verified = store.verify(repair, &mut |_| false).unwrap();
    verified.problems.into_iter().map(|problem| problem.what).collect()
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
