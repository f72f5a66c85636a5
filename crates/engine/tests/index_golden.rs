//! Index files that were written once are read for ever: `testdata/golden/`.

use anear::{
    Element, Index, IndexSearch, Location, MatrixRef, Metric, OpenOptions, Value, Vectors, info,
};
use std::path::{Path, PathBuf};

/// Five rows with text ids, and metadata with nulls of every layout.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/flat-1.anx")
}

fn check(path: &Path) {
    let options = OpenOptions::default();
    let location = Location { path: path.to_owned(), entry: None };
    assert!(info(&location, &options, true).unwrap().damage.is_none());
    let vectors = Vectors::open(path, &options).unwrap();
    let schema = vectors.schema();
    assert_eq!((schema.rows, schema.dim, schema.element), (5, 3, Element::F32));
    assert_eq!((schema.metric, schema.ids), (Some(Metric::Manhattan), Some(0)));
    let rows = vectors.read(0..5).unwrap();
    let first: Vec<f64> = (0..5).map(|row| rows.matrix().get_f64(row, 0)).collect();
    assert_eq!(first, [0.0, -2.0, 1.0, 0.0, 8.0]);
    let columns = vectors.metadata(&[0, 1, 2, 3], 0..5).unwrap();
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["id", "page", "note", "mixed"]);
    let (null, text, int) = (Value::Null, |text: &str| Value::text(text), Value::Int);
    assert_eq!(columns[0].values, ["a", "b", "c", "d", "e"].map(Value::text));
    assert_eq!(columns[1].values, [int(7), int(8), null.clone(), int(-1), int(9)]);
    let notes = [null.clone(), text("é\n\"x\""), text(""), text("z"), null.clone()];
    assert_eq!(columns[2].values, notes);
    let mixed = [int(1), text("1"), Value::Bool(true), Value::Real(0.5), null];
    assert_eq!(columns[3].values, mixed);

    let index = Index::load(path, &options).unwrap();
    let query = [0f32, 0.0, 0.0].map(f32::to_ne_bytes).concat();
    let query = MatrixRef::new(&query, Element::F32, 1, 3);
    let hits = &index.search(query, &IndexSearch::nearest(2)).unwrap()[0];
    let found: Vec<(Value, f64)> = hits.iter().map(|hit| (hit.id.clone(), hit.distance)).collect();
    assert_eq!(found, [(text("d"), 1.0), (text("a"), 1.5)]);
}

#[test]
fn a_file_of_version_1_is_read() {
    check(&golden());
}

#[test]
fn saving_it_again_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let index = Index::load(golden(), &OpenOptions::default()).unwrap();
    index.save(&path, false).unwrap();
    check(&path);
}
