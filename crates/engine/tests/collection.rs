//! What a collection does beside storing: its index, text, files, and who may use it.
#![cfg(feature = "sqlite")]

use anear::{
    Access, Batch, Collection, CollectionSearch, CollectionSpec, Column, ColumnKind, Condition,
    Element, ErrorKind, Existing, Expected, ExportRequest, Ids, Location, MatrixRef, Metric,
    OpenOptions, SaveRequest, Silent, Sought, Value, Vectors,
};
use std::path::{Path, PathBuf};

const DIM: usize = 16;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn collection(&self) -> Collection {
        Collection::create(self.at("x.anear"), &CollectionSpec::new(DIM, Metric::Cosine)).unwrap()
    }
}

fn vectors(count: usize) -> Vec<f32> {
    let number = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..(count * DIM) as u64).map(|at| number(at) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn matrix(vectors: &[f32]) -> MatrixRef<'_> {
    MatrixRef::new(bytemuck::cast_slice(vectors), Element::F32, vectors.len() / DIM, DIM)
}

fn column(name: &str, values: Vec<Value>) -> Column {
    Column { name: name.to_owned(), kind: ColumnKind::of(&values), values }
}

fn fill(collection: &Collection, count: usize) {
    let vectors = vectors(count);
    let pages = column("page_num", (0..count).map(|row| Value::Int(row as i64 % 100)).collect());
    let names = column(
        "file_name",
        (0..count).map(|row| Value::text(format!("{}.pdf", row % 7))).collect(),
    );
    let metadata = [pages, names];
    let batch = Batch { vectors: matrix(&vectors), ids: None, metadata: &metadata, json: &[] };
    collection.add(&batch, Existing::Refuse).unwrap();
}

fn ids(collection: &Collection, sought: &Sought<'_>, search: &CollectionSearch<'_>) -> Vec<i64> {
    let hits = collection.search(sought, search).unwrap().results.swap_remove(0);
    hits.iter()
        .map(|hit| match hit.id {
            Value::Int(id) => id,
            ref other => panic!("{other:?}"),
        })
        .collect()
}

fn index_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "anx")).collect()
}

#[test]
fn an_index_is_kept_beside_the_vectors_and_made_anew_when_damaged() {
    let folder = Folder::new();
    let collection = folder.collection();
    fill(&collection, 20_000);
    let query = vectors(3);
    let sought = Sought::Vectors(matrix(&query));
    let search = CollectionSearch::nearest(20);
    let plain = collection.search(&sought, &search).unwrap().results;
    collection.index(None, 2, &mut Silent).unwrap();
    let files = index_files(collection.path());
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(collection.search(&sought, &search).unwrap().results, plain);
    drop(collection);

    let collection = Collection::open(folder.at("x.anear"), Access::Write).unwrap();
    assert_eq!(collection.search(&sought, &search).unwrap().results, plain);
    fill(&collection, 3); // ids count on
    collection.delete(&Ids::Ints(vec![0, 1])).unwrap();
    assert_eq!(ids(&collection, &sought, &CollectionSearch::nearest(1)), [20_000]);
    assert!(collection.verify(true, &mut Silent).unwrap().problems.is_empty());
    drop(collection);

    let mut bytes = std::fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&files[0], bytes).unwrap();
    let collection = Collection::open(folder.at("x.anear"), Access::Write).unwrap();
    let problems = collection.verify(true, &mut Silent).unwrap().problems;
    assert!(problems.len() == 1 && problems[0].repaired, "{problems:?}");
    assert!(index_files(collection.path()).is_empty());
    assert!(collection.verify(true, &mut Silent).unwrap().problems.is_empty());
    collection.index(None, 1, &mut Silent).unwrap();
    collection.compact(&mut Silent).unwrap();
    assert!(index_files(collection.path()).is_empty(), "rows have other numbers now");
    assert_eq!(ids(&collection, &sought, &CollectionSearch::nearest(1)), [20_000]);
}

#[test]
fn text_and_vectors_are_searched_together() {
    let folder = Folder::new();
    let spec = CollectionSpec {
        text: vec!["body".to_owned()],
        ..CollectionSpec::new(DIM, Metric::Cosine)
    };
    let collection = Collection::create(folder.at("x.anear"), &spec).unwrap();
    let words = ["alpha", "beta", "gamma", "delta"];
    let bodies = (0..200).map(|row| Value::text(format!("{} number", words[row % 4])));
    let metadata = [column("body", bodies.collect())];
    let all = vectors(200);
    let batch = Batch { vectors: matrix(&all), ids: None, metadata: &metadata, json: &[] };
    collection.add(&batch, Existing::Refuse).unwrap();
    let search = CollectionSearch::nearest(5);
    assert_eq!(ids(&collection, &Sought::Text("gamma"), &search), [2, 6, 10, 14, 18]);
    let vector = matrix(&all).range(7, 8);
    let hybrid = Sought::Hybrid { vector, text: "delta" };
    assert_eq!(ids(&collection, &hybrid, &search)[0], 7, "first in both");
    let condition = Some(Condition { sql: "id >= 100", params: &[] });
    let later = CollectionSearch { condition, ..search };
    assert_eq!(ids(&collection, &Sought::Text("gamma"), &later), [102, 106, 110, 114, 118]);
    assert!(ids(&collection, &hybrid, &later).iter().all(|id| *id >= 100));
    let radius = CollectionSearch { goal: anear::Goal::Within { radius: 1.0 }, ..search };
    let error = collection.search(&Sought::Text("gamma"), &radius).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn rows_are_found_by_id_and_missing_ones_named() {
    let folder = Folder::new();
    let collection = folder.collection();
    fill(&collection, 10);
    let found = ids(&collection, &Sought::Ids(&Ids::Ints(vec![4])), &CollectionSearch::nearest(1));
    assert_eq!(found, [4]);
    let missing = Ids::Ints(vec![99]);
    let error = collection.search(&Sought::Ids(&missing), &CollectionSearch::nearest(1));
    assert_eq!(error.unwrap_err().what(), "there is no row with the id 99");
    let fetched =
        collection.get(&Ids::Ints(vec![9, 99, 3]), Some(&["page_num".to_owned()])).unwrap();
    assert_eq!(fetched.ids, Ids::Ints(vec![9, 3]));
    assert_eq!(fetched.missing, [Value::Int(99)]);
    assert_eq!(fetched.metadata[0].values, [Value::Int(9), Value::Int(3)]);
    let unknown = Some(&["nothing".to_owned()][..]);
    assert_eq!(collection.get(&Ids::Ints(vec![9]), unknown).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn dimension_metric_and_model_are_checked() {
    let folder = Folder::new();
    let spec = CollectionSpec {
        model: Some("mini".to_owned()),
        ..CollectionSpec::new(DIM, Metric::Cosine)
    };
    let collection = Collection::create(folder.at("x.anear"), &spec).unwrap();
    let agrees = Expected { dim: Some(DIM), metric: Some(Metric::Cosine), model: Some("mini") };
    collection.check(&agrees).unwrap();
    for wrong in [
        Expected { dim: Some(3), ..agrees },
        Expected { metric: Some(Metric::L2), ..agrees },
        Expected { model: Some("maxi"), ..agrees },
    ] {
        assert_eq!(collection.check(&wrong).unwrap_err().kind(), ErrorKind::Usage);
    }
    let short = [0f32; 3];
    let vectors = MatrixRef::new(bytemuck::cast_slice(&short), Element::F32, 1, 3);
    let batch = Batch { vectors, ids: None, metadata: &[], json: &[] };
    assert_eq!(collection.add(&batch, Existing::Refuse).unwrap_err().kind(), ErrorKind::Usage);
    let sought = Sought::Vectors(vectors);
    let error = collection.search(&sought, &CollectionSearch::nearest(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(collection.is_empty().unwrap());
}

#[test]
fn other_elements_are_stored_as_asked() {
    let folder = Folder::new();
    let whole: Vec<f32> = (0..4 * DIM).map(|at| (at % 200) as f32 - 100.0).collect();
    for element in [Element::F16, Element::I8, Element::F64] {
        let spec = CollectionSpec { element, ..CollectionSpec::new(DIM, Metric::L2) };
        let path = folder.at(&format!("{element}.anear"));
        let collection = Collection::create(&path, &spec).unwrap();
        let batch = Batch { vectors: matrix(&whole), ids: None, metadata: &[], json: &[] };
        collection.add(&batch, Existing::Refuse).unwrap();
        let first = Sought::Vectors(matrix(&whole).range(2, 3));
        let hits = collection.search(&first, &CollectionSearch::nearest(1)).unwrap().results;
        assert_eq!((&hits[0][0].id, hits[0][0].distance), (&Value::Int(2), 0.0));
        drop(collection);
        let collection = Collection::open(&path, Access::Read).unwrap();
        assert_eq!(collection.get(&Ids::Ints(vec![1]), None).unwrap().vectors.element(), element);
        let error = collection.add(&batch, Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "it was opened for reading");
    }
    let halves = vec![0.5f32; DIM];
    let spec = CollectionSpec { element: Element::I8, ..CollectionSpec::new(DIM, Metric::L2) };
    let collection = Collection::create(folder.at("whole.anear"), &spec).unwrap();
    let batch = Batch { vectors: matrix(&halves), ids: None, metadata: &[], json: &[] };
    assert_eq!(collection.add(&batch, Existing::Refuse).unwrap_err().kind(), ErrorKind::BadData);
}

#[test]
fn a_file_comes_in_and_goes_out_as_it_was() {
    let folder = Folder::new();
    let (first, second) = (folder.at("first.parquet"), folder.at("second.parquet"));
    let source = folder.collection();
    fill(&source, 500);
    let export = |collection: &Collection, path: &Path, sql: Option<&str>| {
        let output = SaveRequest::new(Location::parse(path.to_str().unwrap()));
        let condition = sql.map(|sql| Condition { sql, params: &[] });
        let request = ExportRequest { output: &output, condition, kind: None, keep_metadata: true };
        collection.export(&request, &OpenOptions::default(), &mut Silent).unwrap()
    };
    assert_eq!(export(&source, &first, Some("page_num < 50")).summary.rows, 250);

    let spec = CollectionSpec::new(DIM, Metric::Cosine);
    let collection = Collection::create(folder.at("copy.anear"), &spec).unwrap();
    let options = OpenOptions::default();
    let vectors = Vectors::open(&first, &options).unwrap();
    let added = collection.import(&vectors, None, Existing::Refuse, &options, &mut Silent).unwrap();
    assert_eq!((added.added, added.rows), (250, 250));
    let again = collection.import(&vectors, None, Existing::Refuse, &options, &mut Silent);
    assert_eq!(again.unwrap_err().kind(), ErrorKind::BadData);
    let again =
        collection.import(&vectors, None, Existing::Replace, &options, &mut Silent).unwrap();
    assert_eq!((again.added, again.updated, again.rows), (0, 250, 250));
    export(&collection, &second, None);
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());

    let view = Vectors::open(folder.at("copy.anear"), &options).unwrap();
    assert_eq!((view.schema().rows, view.schema().ids), (250, Some(0)));
}

#[test]
fn what_is_no_collection_is_told_so() {
    let folder = Folder::new();
    let error = Collection::open(folder.at("none.anear"), Access::Read).unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.is_not_found(), "{error}");
    let error = Collection::open(folder.0.path(), Access::Read).unwrap_err();
    assert_eq!((error.kind(), error.what()), (ErrorKind::Usage, "there is no collection here"));
    std::fs::create_dir(folder.at("odd.anear")).unwrap();
    std::fs::write(folder.at("odd.anear/metadata.sqlite"), "no database at all, for sure").unwrap();
    let error = Collection::open(folder.at("odd.anear"), Access::Read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}
