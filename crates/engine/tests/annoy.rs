//! Annoy index files, opened like any other file.

use anear::forest::{Amended, Forest, Growth};
use anear::{
    ConvertRequest, ErrorKind, Location, Metric, OpenOptions, Queries, SaveRequest, SearchRequest,
    Silent, Value, Vectors, convert, info, search,
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
    // A vector of zeros tells nothing.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.ann");
    let mut forest = Forest::new(Metric::Euclidean, 1).unwrap();
    forest.add_item(0, &[0.0]).unwrap();
    forest.build(&Growth::trees(3), None).unwrap();
    forest.save(&path, false).unwrap();
    let error = Vectors::open(&path, &OpenOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let (_, names) = error.help_text().unwrap().split_once("PATH::").expect("names of entries");
    let name = names.split(|letter: char| letter != '-' && !letter.is_alphanumeric()).next();
    let location = Location { path, entry: name.map(str::to_owned) };
    let vectors = Vectors::open_at(&location, &OpenOptions::default()).unwrap();
    assert_eq!(Some(vectors.entry()), name);
    // One of other numbers does.
    let vectors = open("euclidean_one_item.ann", None).unwrap();
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

/// A copy of a file with items 0 and 7 deleted, 3 replaced and 500 added.
fn changed(folder: &Path) -> PathBuf {
    let path = folder.join("x.ann");
    std::fs::copy(fixture("angular_f2.ann"), &path).unwrap();
    let mut amended = Amended::open(&path, Metric::Angular, 2).unwrap();
    assert!(amended.delete(0) && amended.delete(7) && !amended.delete(200));
    amended.put(3, &[-5.0, 1.0]).unwrap();
    amended.put(500, &[-5.0, 1.1]).unwrap();
    amended.save().unwrap();
    path
}

#[test]
fn changes_beside_a_file_count_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path());
    let options = OpenOptions::default();
    let vectors = Vectors::open(&path, &options).unwrap();
    assert_eq!((vectors.entry(), vectors.schema().rows), ("angular-2", 99));
    let location = Location { path: path.clone(), entry: None };
    let index = info(&location, &options, true).unwrap().index.unwrap();
    assert_eq!(index.rows, Some(99));
    for (name, count) in [("added", 2), ("deleted", 2)] {
        assert!(index.params.contains(&(name.to_owned(), Value::Int(count))), "{index:?}");
    }
    let find = |path: &Path, exact: bool, condition: Option<&str>| -> Vec<Value> {
        let query = Queries::Given(vec![vec![-5.0, 1.0]]);
        let condition = condition.map(str::to_owned);
        let request = SearchRequest { exact, condition, ..SearchRequest::nearest(query, 99) };
        let vectors = Vectors::open(path, &options).unwrap();
        let reply = search(&vectors, &request, &options, &mut Silent).unwrap();
        reply.results[0].iter().map(|hit| hit.id.clone()).collect()
    };
    let by_trees = find(&path, false, None);
    assert_eq!(by_trees.len(), 99);
    assert_eq!(by_trees[..2], [Value::Int(3), Value::Int(500)]);
    assert!(!by_trees.contains(&Value::Int(7)));
    assert_eq!(find(&path, true, None), by_trees);
    let few = find(&path, false, Some("id IN (500, 7, 12, 3)"));
    assert_eq!(few, [Value::Int(3), Value::Int(500), Value::Int(12)]);

    // Folded in: built anew over what there is, in another file and in its own.
    for output in [folder.path().join("y.ann"), path.clone()] {
        let mut save = SaveRequest::new(Location { path: output.clone(), entry: None });
        save.replace = true;
        let request = ConvertRequest::new(location.clone(), save);
        convert(&request, &options, &mut Silent).unwrap();
        assert_eq!(find(&output, false, None), by_trees);
    }
    assert!(!folder.path().join("x.ann.delta").exists(), "they are in the file now");
}

#[test]
fn changes_of_another_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path());
    std::fs::copy(fixture("euclidean_fits_one_leaf.ann"), &path).unwrap();
    let error = Vectors::open(&path, &OpenOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().contains("another"), "{error}");
    // Of the right file, but of other vectors.
    std::fs::copy(fixture("angular_f2.ann"), &path).unwrap();
    let base = anear_io::Input::open(&path).unwrap();
    let mut delta = anear_io::Delta::new(Metric::Angular, anear::Element::F32, 3);
    delta.put(1, &[0; 12]);
    delta.save(&base).unwrap();
    let error = Vectors::open(&path, &OpenOptions::default()).unwrap_err();
    assert!(error.to_string().contains("3 f32"), "{error}");
}
