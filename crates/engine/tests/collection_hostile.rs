//! Collections whose files say what is not so: errors, and no panic, no endless search.
#![cfg(feature = "sqlite")]

use anear::{
    Access, Batch, Collection, CollectionSearch, CollectionSpec, Column, ColumnKind, Condition,
    Element, Error, ErrorKind, Existing, Ids, MatrixRef, Metric, Silent, Sought, Value,
};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

const DIM: usize = 2;

/// A closed collection with rows on a line, 0 to 9, which have their number as metadata too.
fn collection(folder: &Path, metric: Metric) -> PathBuf {
    let path = folder.join(format!("{}.anear", metric.name()));
    let collection = Collection::create(&path, &CollectionSpec::new(DIM, metric)).unwrap();
    let values: Vec<f32> = (0..10).flat_map(|row| [row as f32, 1.0]).collect();
    let vectors = MatrixRef::new(bytemuck::cast_slice(&values), Element::F32, 10, DIM);
    let numbers = (0..10).map(Value::Int).collect();
    let numbers = Column { name: "number".to_owned(), kind: ColumnKind::Int, values: numbers };
    let batch = Batch { vectors, ids: None, metadata: &[numbers], json: &[] };
    collection.add(&batch, Existing::Refuse).unwrap();
    path
}

fn change(path: &Path, statements: &str) {
    let connection = Connection::open(path.join("metadata.sqlite")).unwrap();
    connection.execute_batch(statements).unwrap();
}

fn open(path: &Path) -> Collection {
    Collection::open(path, Access::Write).unwrap()
}

/// The rows nearest to a place on the line that meet a condition.
fn nearest(collection: &Collection, at: f32, sql: Option<&str>) -> Result<Vec<u64>, Error> {
    let query = [at, 1.0];
    let query = MatrixRef::new(bytemuck::cast_slice(&query), Element::F32, 1, DIM);
    let condition = sql.map(|sql| Condition { sql, params: &[] });
    let search = CollectionSearch { condition, ..CollectionSearch::nearest(3) };
    let mut reply = collection.search(&Sought::Vectors(query), &search)?;
    Ok(reply.results.swap_remove(0).into_iter().map(|hit| hit.row).collect())
}

#[test]
fn an_id_without_a_vector_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = collection(folder.path(), Metric::L2);
    for number in ["1000", "-1", "9223372036854775807"] {
        change(&path, &format!("UPDATE embeddings SET _row = {number} WHERE id = 3"));
        let collection = open(&path);
        let ids = Ids::Ints(vec![3]);
        let found = collection.search(&Sought::Ids(&ids), &CollectionSearch::nearest(1));
        assert_eq!(found.unwrap_err().kind(), ErrorKind::Malformed, "{number}");
        assert_eq!(collection.get(&ids, None).unwrap_err().kind(), ErrorKind::Malformed);
        change(&path, "UPDATE embeddings SET _row = 3 WHERE id = 3");
        assert_eq!(nearest(&collection, 3.0, None).unwrap(), [3, 2, 4]);
    }
}

#[test]
fn an_index_of_another_metric_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = collection(folder.path(), Metric::L2);
    let other = collection(folder.path(), Metric::Cosine);
    for path in [&path, &other] {
        open(path).index(None, 1, &mut Silent).unwrap();
    }
    let index = "index-000002.anx";
    std::fs::copy(other.join(index), path.join(index)).unwrap();
    assert_eq!(nearest(&open(&path), 3.0, None).unwrap(), [3, 2, 4]);
}

#[test]
fn a_kind_of_index_that_cannot_be_is_an_error_until_another_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = collection(folder.path(), Metric::Jaccard);
    let choose = |kind: &str| {
        change(&path, &format!("INSERT OR REPLACE INTO settings VALUES ('index_kind', {kind})"));
    };
    for (kind, expected) in [
        ("'hnsw'", ErrorKind::Unsupported),
        ("'forest'", ErrorKind::Unsupported), // there are no trees for this metric
        ("x'00ff'", ErrorKind::Malformed),
        ("7", ErrorKind::Malformed),
    ] {
        choose(kind);
        let error = nearest(&open(&path), 3.0, None).unwrap_err();
        assert_eq!(error.kind(), expected, "{kind}: {error}");
    }
    choose("'hnsw'");
    let error = nearest(&open(&path), 3.0, None).unwrap_err();
    assert!(error.help_text().unwrap().contains("--kind flat"), "{error}");
    let opened = open(&path);
    opened.index(Some("flat"), 1, &mut Silent).unwrap();
    let rows = Sought::Ids(&Ids::Ints(vec![3]));
    let found = opened.search(&rows, &CollectionSearch::nearest(3)).unwrap();
    assert_eq!((found.results[0].len(), found.exact), (3, true));
    drop(opened);
    for number in ["-1", "9223372036854775807"] {
        change(&path, &format!("UPDATE settings SET value = {number} WHERE key = 'choices'"));
        assert_eq!(nearest(&open(&path), 3.0, None).unwrap_err().kind(), ErrorKind::Malformed);
    }
}

#[test]
fn a_store_that_went_back_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = collection(folder.path(), Metric::L2);
    let collection = open(&path);
    collection.delete(&Ids::Ints(vec![3])).unwrap();
    assert_eq!(nearest(&collection, 3.0, None).unwrap(), [2, 4, 1]);
    change(&path, "INSERT INTO embeddings (_row, id) VALUES (3, 3); DELETE FROM deleted");
    assert_eq!(nearest(&collection, 3.0, None).unwrap(), [3, 2, 4]);
}
