//! Annoy index files, opened like any other file.

use anear::{
    ConvertRequest, ErrorKind, Location, Metric, OpenOptions, Queries, SaveRequest, SearchRequest,
    Silent, Value, Vectors, convert, search,
};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/fixtures/annoy").join(name)
}

fn open(name: &str, entry: Option<&str>) -> anear::Result<Vectors> {
    let location = Location { path: fixture(name), entry: entry.map(str::to_owned) };
    Vectors::open_at(&location, &OpenOptions::default())
}

#[test]
fn items_are_searched_by_the_metric_that_was_found() {
    let vectors = open("angular_f2.ann", None).unwrap();
    assert_eq!((vectors.entry(), vectors.schema().rows), ("angular-2", 100));
    let request = SearchRequest::nearest(Queries::Rows(vec![7]), 1);
    let reply = search(&vectors, &request, &OpenOptions::default(), &mut Silent).unwrap();
    assert_eq!(reply.metric, Metric::Angular);
    assert_eq!(reply.results[0][0].id, Value::Int(7));
}

#[test]
fn a_file_that_can_be_read_in_several_ways_is_asked_about() {
    let error = open("euclidean_one_item.ann", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.help_text().unwrap().contains("PATH::euclidean-16"), "{error}");
    let vectors = open("euclidean_one_item.ann", Some("euclidean-16")).unwrap();
    assert_eq!((vectors.schema().rows, vectors.schema().dim), (1, 16));
    let error = open("euclidean_no_items.ann", None).unwrap_err();
    assert!(error.help_text().unwrap().contains("no rows"), "{error}");
}

#[test]
fn an_index_becomes_one_of_faiss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.faiss");
    let output = SaveRequest::new(Location { path: path.clone(), entry: None });
    let input = Location { path: fixture("euclidean_fits_one_leaf.ann"), entry: None };
    convert(&ConvertRequest::new(input, output), &OpenOptions::default(), &mut Silent).unwrap();
    let faiss = Vectors::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(faiss.schema().metric, Some(Metric::L2));
    let annoy = open("euclidean_fits_one_leaf.ann", None).unwrap();
    let rows = |vectors: &Vectors| vectors.read(0..16).unwrap().matrix().bytes().to_vec();
    assert_eq!(rows(&faiss), rows(&annoy));
}
