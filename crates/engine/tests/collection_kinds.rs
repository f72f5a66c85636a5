//! Collections whose index is a forest: what is found, what changes do, and what stays.
#![cfg(feature = "sqlite")]

use anear::{
    Access, Batch, Collection, CollectionHit, CollectionSearch, CollectionSpec, Column, ColumnKind,
    Condition, Element, ErrorKind, Existing, Ids, MatrixRef, Metric, Progress, Silent, Sought,
    Value,
};
use std::collections::HashSet;
use std::path::Path;

const DIM: usize = 12;
const ROWS: usize = 6_000;
const K: usize = 10;

fn vectors(count: usize, seed: u64) -> Vec<f32> {
    let number = |at: u64| (at ^ seed << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..(count * DIM) as u64).map(|at| number(at) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn matrix(vectors: &[f32]) -> MatrixRef<'_> {
    MatrixRef::new(bytemuck::cast_slice(vectors), Element::F32, vectors.len() / DIM, DIM)
}

/// Adds rows whose `page` is their place in the batch, of a hundred.
fn add(collection: &Collection, count: usize, seed: u64) {
    let values = (0..count).map(|row| Value::Int(row as i64 % 100)).collect();
    let pages = Column { name: "page".to_owned(), kind: ColumnKind::Int, values };
    let vectors = vectors(count, seed);
    let batch = Batch { vectors: matrix(&vectors), ids: None, metadata: &[pages], json: &[] };
    collection.add(&batch, Existing::Refuse).unwrap();
}

fn filled(path: &Path) -> Collection {
    let collection = Collection::create(path, &CollectionSpec::new(DIM, Metric::Cosine)).unwrap();
    add(&collection, ROWS, 1);
    collection
}

fn search(collection: &Collection, sql: Option<&str>, exact: bool) -> Vec<Vec<CollectionHit>> {
    let queries = vectors(20, 9);
    let condition = sql.map(|sql| Condition { sql, params: &[] });
    let search = CollectionSearch { condition, exact, ..CollectionSearch::nearest(K) };
    let reply = collection.search(&Sought::Vectors(matrix(&queries)), &search).unwrap();
    assert_eq!(reply.exact, exact || kind(collection) != Some("forest".to_owned()));
    reply.results
}

fn kind(collection: &Collection) -> Option<String> {
    collection.info().unwrap().index_kind
}

/// Searches by the trees find most of the nearest and as many as there are, with true distances.
fn assert_found_by_trees(collection: &Collection) {
    for sql in [None, Some("page < 50"), Some("page = 3"), Some("id = 17 OR id = 18")] {
        let (found, nearest) = (search(collection, sql, false), search(collection, sql, true));
        let (mut hits, mut all) = (0, 0);
        for (found, nearest) in found.iter().zip(&nearest) {
            assert_eq!(found.len(), nearest.len(), "{sql:?}");
            let near: HashSet<i64> = nearest.iter().map(id).collect();
            hits += found.iter().filter(|hit| near.contains(&id(hit))).count();
            all += near.len();
            assert!(found.iter().zip(nearest).all(|(found, near)| found.distance >= near.distance));
        }
        assert!(hits as f64 >= 0.9 * all as f64, "{sql:?}: {hits} of {all}");
    }
}

fn id(hit: &CollectionHit) -> i64 {
    match hit.id {
        Value::Int(id) => id,
        ref other => panic!("{other:?}"),
    }
}

fn index_files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "anx"));
    files.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn trees_follow_what_is_added_deleted_and_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anear");
    let collection = filled(&path);
    let flat = search(&collection, Some("page < 50"), false);
    collection.index(Some("forest"), 2, &mut Silent).unwrap();
    assert_eq!(index_files(&path).len(), 1);
    assert_eq!(search(&collection, Some("page < 50"), true), flat);
    assert_found_by_trees(&collection);

    let nearest: Vec<i64> = search(&collection, None, true).iter().flatten().map(id).collect();
    collection.delete(&Ids::Ints(nearest.clone())).unwrap();
    let after = search(&collection, None, false);
    assert!(after.iter().flatten().all(|hit| !nearest.contains(&id(hit))));
    add(&collection, 20, 9); // the queries themselves
    for (query, hits) in search(&collection, None, false).iter().enumerate() {
        assert_eq!(id(&hits[0]), (ROWS + query) as i64, "found before trees are grown over it");
    }
    assert_found_by_trees(&collection);
    drop(collection);

    let collection = Collection::open(&path, Access::Read).unwrap();
    assert_found_by_trees(&collection);
    drop(collection);
    let collection = Collection::open(&path, Access::Write).unwrap();
    collection.compact(&mut Silent).unwrap();
    assert_eq!(kind(&collection).as_deref(), Some("forest"));
    assert!(index_files(&path).is_empty(), "rows have other numbers now");
    assert_found_by_trees(&collection);
    collection.index(None, 2, &mut Silent).unwrap();
    assert_eq!(index_files(&path).len(), 1);
    assert_found_by_trees(&collection);
    assert!(collection.verify(true, &mut Silent).unwrap().problems.is_empty());

    collection.index(Some("flat"), 2, &mut Silent).unwrap();
    assert_eq!(kind(&collection).as_deref(), Some("flat"));
    assert_eq!(search(&collection, None, false), search(&collection, None, true));
}

#[test]
fn trees_that_grew_beside_searches_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anear");
    let collection = filled(&path);
    collection.index(Some("forest"), 2, &mut Silent).unwrap();
    collection.delete(&Ids::Ints(vec![1])).unwrap();
    collection.compact(&mut Silent).unwrap();
    let patience = std::time::Instant::now();
    while index_files(&path).is_empty() {
        assert!(patience.elapsed().as_secs() < 60, "nothing is kept");
        search(&collection, None, false);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    collection.close().unwrap();
    assert!(Collection::open(&path, Access::Write).unwrap().verify(true, &mut Silent).is_ok());
}

#[test]
fn others_who_have_it_open_see_the_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anear");
    let writer = filled(&path);
    let reader = Collection::open(&path, Access::Read).unwrap();
    let flat = search(&reader, None, false);
    for name in ["forest", "flat", "forest", "auto"] {
        writer.index(Some(name), 2, &mut Silent).unwrap();
        search(&reader, None, false);
        assert_eq!(search(&reader, None, true), flat);
    }
    let other = Collection::open(&path, Access::Write).unwrap();
    other.index(Some("forest"), 2, &mut Silent).unwrap();
    writer.index(None, 1, &mut Silent).unwrap();
    assert_eq!(kind(&writer).as_deref(), Some("forest"));
    assert_found_by_trees(&writer);
}

/// Wants to stop at once.
struct Impatient;

impl Progress for Impatient {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn interrupted(&mut self) -> bool {
        true
    }
}

#[test]
fn a_choice_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anear");
    let collection = filled(&path);
    collection.index(None, 2, &mut Silent).unwrap();
    let files = index_files(&path);
    let stopped = collection.index(Some("forest"), 2, &mut Impatient).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Interrupted);
    let unknown = collection.index(Some("HNSW32"), 2, &mut Silent).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Usage);
    let reader = Collection::open(&path, Access::Read).unwrap();
    let refused = reader.index(Some("forest"), 2, &mut Silent).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
    assert_eq!((kind(&collection), index_files(&path)), (None, files));

    let spec = CollectionSpec::new(DIM, Metric::Jaccard);
    let bits = Collection::create(folder.path().join("bits.anear"), &spec).unwrap();
    let unsupported = bits.index(Some("forest"), 1, &mut Silent).unwrap_err();
    assert_eq!(unsupported.kind(), ErrorKind::Unsupported);
    assert_eq!(kind(&bits), None);
}

#[test]
fn an_empty_collection_has_a_kind_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anear");
    let spec = CollectionSpec::new(DIM, Metric::Cosine);
    let collection = Collection::create(&path, &spec).unwrap();
    collection.index(Some("forest"), 1, &mut Silent).unwrap();
    assert!(search(&collection, None, false).iter().all(Vec::is_empty));
    add(&collection, 300, 1);
    assert_found_by_trees(&collection);
    assert!(collection.verify(true, &mut Silent).unwrap().problems.is_empty());
}
