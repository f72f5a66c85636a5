//! FAISS index files: written with ids and metadata, read back, searched.

use anear::{
    Block, Column, ColumnKind, ConvertRequest, Element, Location, Metadata, Metric, OpenOptions,
    Queries, SaveRequest, SearchRequest, Silent, Value, Vectors, convert, info, save, search,
};
use std::path::{Path, PathBuf};

fn at(path: &Path) -> Location {
    Location { path: path.to_owned(), entry: None }
}

fn column(name: &str, kind: ColumnKind, values: impl IntoIterator<Item = Value>) -> Column {
    Column { name: name.to_owned(), kind, values: values.into_iter().collect() }
}

/// Three rows in a file that keeps all metadata, of which the first column is the ids.
fn original(folder: &Path, columns: &[Column]) -> PathBuf {
    let path = folder.join("original.parquet");
    let mut rows = Block::new(Element::F32, 2, 3);
    for row in [[0f32, 0.0], [3.0, 4.0], [6.0, 8.0]] {
        rows.push_row(bytemuck::cast_slice(&row));
    }
    save(rows.matrix(), columns, Some(0), &SaveRequest::new(at(&path)), &mut Silent).unwrap();
    path
}

fn to_faiss(input: &Path, change: impl Fn(&mut ConvertRequest)) -> anear::Result<PathBuf> {
    let output = input.with_file_name("out.faiss");
    let mut request = ConvertRequest::new(at(input), SaveRequest::new(at(&output)));
    change(&mut request);
    let saved = convert(&request, &OpenOptions::default(), &mut Silent)?;
    assert_eq!(saved.dropped, [""; 0]);
    Ok(output)
}

/// Names of all columns, the name of the ids, and whether there is a file beside.
fn metadata_of(path: &Path) -> (Vec<String>, Option<String>, bool) {
    let options = OpenOptions::default();
    let vectors = Vectors::open(path, &options).unwrap();
    let metadata = Metadata::of(&vectors, None, &options).unwrap();
    let names = metadata.columns().into_iter().map(|column| column.name).collect();
    let ids = metadata.ids().map(str::to_owned);
    (names, ids, anear::sidecar_path(path).exists())
}

#[test]
fn integer_ids_are_in_the_index_itself() {
    let folder = tempfile::tempdir().unwrap();
    let ids = column("id", ColumnKind::Int, [7, -1, 1 << 50].map(Value::Int));
    let path = to_faiss(&original(folder.path(), std::slice::from_ref(&ids)), |_| ()).unwrap();
    assert_eq!(metadata_of(&path), (vec!["id".to_owned()], Some("id".to_owned()), false));
    let options = OpenOptions::default();
    let vectors = Vectors::open(&path, &options).unwrap();
    assert_eq!(vectors.metadata(&[0], 0..3).unwrap(), [ids]);
    let request = SearchRequest::nearest(Queries::Given(vec![vec![5.0, 8.0]]), 2);
    let reply = search(&vectors, &request, &options, &mut Silent).unwrap();
    assert_eq!(reply.metric, Metric::L2, "that of the file");
    let hits: Vec<_> = reply.results[0].iter().map(|hit| (hit.id.clone(), hit.distance)).collect();
    assert_eq!(hits, [(Value::Int(1 << 50), 1.0), (Value::Int(-1), 20.0)]);
}

#[test]
fn what_an_index_cannot_hold_lies_beside_it() {
    let texts = |texts: [&str; 3]| texts.map(Value::text);
    for ids in [
        column("id", ColumnKind::Text, texts(["a", "b", "c"])),
        column("number", ColumnKind::Int, [5, 6, 7].map(Value::Int)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let other = column("file_name", ColumnKind::Text, texts(["x.pdf", "y.pdf", "z.pdf"]));
        let path = to_faiss(&original(folder.path(), &[ids.clone(), other]), |request| {
            request.output.metric = Some(Metric::Manhattan);
        })
        .unwrap();
        let (names, found_ids, is_beside) = metadata_of(&path);
        assert!(is_beside && names[..2] == [ids.name.clone(), "file_name".to_owned()]);
        assert_eq!(found_ids.as_deref(), Some("id"));
        let options = OpenOptions::default();
        let vectors = Vectors::open(&path, &options).unwrap();
        assert_eq!(vectors.schema().metric, Some(Metric::Manhattan));
        let metadata = Metadata::of(&vectors, None, &options).unwrap();
        let found = metadata.read(&["id", "file_name"], 1..3).unwrap();
        assert_eq!(found[0].values, ids.values[1..]);
        assert_eq!(found[1].values, texts(["x.pdf", "y.pdf", "z.pdf"])[1..]);
    }
}

#[test]
fn a_metric_that_faiss_lacks_is_told_with_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let ids = column("id", ColumnKind::Int, [1, 2, 3].map(Value::Int));
    let input = original(folder.path(), &[ids]);
    let cosine = |request: &mut ConvertRequest| request.output.metric = Some(Metric::Cosine);
    let error = to_faiss(&input, cosine).unwrap_err();
    assert!(error.to_string().contains("original.parquet"), "{error}");
    assert_eq!(error.row(), Some(0));
    assert!(!input.with_file_name("out.faiss").exists());
}

#[test]
fn a_graph_without_its_rows_is_told_of_and_not_searched() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/faiss");
    for name in ["graph-over-no-product", "idmap-graph-over-no-flat"] {
        let path = golden.join(name).with_extension("faiss");
        let found = info(&at(&path), &OpenOptions::default(), true).unwrap();
        let index = found.index.unwrap();
        assert_eq!((index.rows, index.dim), (Some(5), Some(3)));
        assert!(index.params.contains(&("storage".to_owned(), Value::text("none"))));
        let error = Vectors::open(&path, &OpenOptions::default()).unwrap_err().to_string();
        assert!(error.contains("without the rows"), "{error}");
    }
}

#[test]
fn an_index_that_is_not_read_is_named() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/faiss");
    let inner = std::fs::read(golden.join("idmap-l2.faiss")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.faiss");
    let codes = [&inner[..37], b"IxRq", &inner[41..74], &[0; 40]].concat();
    std::fs::write(&path, codes).unwrap();
    let error = Vectors::open(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(error.contains("faiss:IxMp") && error.contains("\"IxRq\""), "{error}");
}
