//! Sound collections, as the files they are made of.

use anear::{
    Access, Batch, Collection, CollectionSpec, Column, ColumnKind, Element, Existing, Ids,
    MatrixRef, Metric, Result, Silent, Storage, Value,
};
use std::path::Path;
use std::sync::OnceLock;

/// The name of a file, and what is in it.
pub type File = (String, Vec<u8>);

/// Components of a vector, of all of them.
pub const DIM: usize = 4;

/// Collections of different kinds, made once: with `.npy` and with `.h5` files; with rows that were
/// deleted and some that wait in the metadata; with an index and with a text index. Some are as they
/// are while someone writes, with a log.
pub fn folders() -> &'static [Vec<File>] {
    static FOLDERS: OnceLock<Vec<Vec<File>>> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let scratch = tempfile::tempdir_in(crate::scratch()).expect("a folder");
        let make = |name, spec: &CollectionSpec, texts, last| {
            make(&scratch.path().join(name), spec, texts, last).expect("a sound collection")
        };
        let npy = CollectionSpec::new(DIM, Metric::L2);
        let storage = Storage::Hdf5 { gzip: 1, shuffle: true, group_by: Some("name".to_owned()) };
        let hdf5 = CollectionSpec { storage, text: vec!["name".to_owned()], ..npy.clone() };
        let bits = CollectionSpec::new(DIM, Metric::Hamming);
        let searched = CollectionSpec { text: vec!["name".to_owned()], ..npy.clone() };
        vec![
            make("npy", &npy, false, Last::IsWriting),
            make("text", &searched, true, Last::HasClosed),
            make("hdf5", &hdf5, true, Last::IsWriting),
            make("bits", &bits, false, Last::HasClosed),
        ]
    })
}

/// What whoever wrote last does.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    IsWriting,
    HasClosed,
}

fn make(path: &Path, spec: &CollectionSpec, texts: bool, last: Last) -> Result<Vec<File>> {
    let collection = Collection::create(path, spec)?;
    add(&collection, 0..20, texts, Existing::Refuse)?;
    collection.close()?;
    collection.index(None, 1, &mut Silent)?;
    collection.delete(&ids(3..5, texts))?;
    collection.close()?;
    let collection = Collection::open(path, Access::Write)?;
    add(&collection, 20..25, texts, Existing::Refuse)?;
    collection.delete(&ids(21..22, texts))?;
    if last == Last::HasClosed {
        collection.close()?;
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let bytes = std::fs::read(entry.path()).expect("a file");
        files.push((name, bytes));
    }
    files.sort();
    Ok(files)
}

/// The ids of rows: numbers or texts.
pub fn ids(rows: std::ops::Range<i64>, texts: bool) -> Ids {
    match texts {
        true => Ids::from(rows.map(|row| format!("id {row}")).collect::<Vec<String>>()),
        false => Ids::Ints(rows.collect()),
    }
}

/// Adds some rows with metadata.
///
/// # Errors
/// If the collection is damaged.
pub fn add(
    collection: &Collection,
    rows: std::ops::Range<i64>,
    texts: bool,
    existing: Existing,
) -> Result<()> {
    let ids = ids(rows.clone(), texts);
    let bytes = vectors(collection.element(), collection.dim(), ids.len());
    let vectors = MatrixRef::new(&bytes, collection.element(), ids.len(), collection.dim());
    let column = |name: &str, value: &dyn Fn(i64) -> Value| {
        let values: Vec<Value> = rows.clone().map(value).collect();
        Column { name: name.to_owned(), kind: ColumnKind::of(&values), values }
    };
    let metadata = [
        column("page", &|row| Value::Int(row % 7)),
        column("name", &|row| Value::text(format!("part {}.pdf", row % 3))),
        column("about", &|row| Value::text(format!("{{\"tags\": [{row}, \"new\"]}}"))),
    ];
    let json = ["about".to_owned()];
    let batch = Batch { vectors, ids: Some(&ids), metadata: &metadata, json: &json };
    collection.add(&batch, existing).map(drop)
}

/// Vectors of some element: whole numbers from 0 to 99.
pub fn vectors(element: Element, dim: usize, rows: usize) -> Vec<u8> {
    let number = |at: usize| (at * 37 % 100) as u8;
    match element {
        Element::F32 => {
            (0..rows * dim).flat_map(|at| f32::from(number(at)).to_ne_bytes()).collect()
        }
        Element::F64 => {
            (0..rows * dim).flat_map(|at| f64::from(number(at)).to_ne_bytes()).collect()
        }
        _ => (0..rows * dim * element.bytes()).map(|at| number(at) % 2).collect(),
    }
}
