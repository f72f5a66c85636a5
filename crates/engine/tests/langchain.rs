//! Folders of LangChain's FAISS store, opened like files.

use anear::{
    ConvertRequest, Error, ErrorKind, Location, Metadata, OpenOptions, Queries, SaveRequest,
    SearchRequest, Silent, Value, Vectors, convert, info, search,
};
use std::path::{Path, PathBuf};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/langchain/community-0.4.2")
}

fn at(path: &Path) -> Location {
    Location { path: path.to_owned(), entry: None }
}

/// A copy of the golden folder under another name.
fn copy(folder: &Path, name: &str) {
    for suffix in ["faiss", "pkl"] {
        let from = golden().join(format!("index.{suffix}"));
        std::fs::copy(from, folder.join(format!("{name}.{suffix}"))).unwrap();
    }
}

#[test]
fn a_folder_is_looked_into_searched_and_converted() {
    let options = OpenOptions::default();
    let found = info(&at(&golden()), &options, true).unwrap();
    assert!(found.damage.is_none(), "{:?}", found.damage);
    assert_eq!((found.format, found.entries[0].schema.rows), ("langchain", 5));
    let files = ["index.faiss", "index.pkl"].map(|name| golden().join(name));
    let bytes = files.map(|path| path.metadata().unwrap().len());
    assert_eq!(found.bytes, bytes[0] + bytes[1]);

    let vectors = Vectors::open(golden(), &options).unwrap();
    let request = SearchRequest {
        condition: Some("page > 0 AND source = 'a.pdf'".to_owned()),
        show: Some(vec!["text".to_owned()]),
        ..SearchRequest::nearest(Queries::Given(vec![vec![26.0, 0.0, 1.0]]), 5)
    };
    let reply = search(&vectors, &request, &options, &mut Silent).unwrap();
    let hits: Vec<_> = reply.results[0].iter().map(|hit| (hit.row, hit.distance)).collect();
    assert_eq!(hits, [(1, 1.0), (0, 121.0625)]);
    assert_eq!(reply.results[0][1].metadata, [Value::text("Tea is a drink.")]);

    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("x.parquet");
    let request = ConvertRequest::new(at(&golden()), SaveRequest::new(at(&output)));
    convert(&request, &options, &mut Silent).unwrap();
    let converted = Vectors::open(&output, &options).unwrap();
    let (old, new) = (vectors.schema(), converted.schema());
    assert_eq!((&old.columns, old.ids), (&new.columns, new.ids));
    let all: Vec<usize> = (0..old.columns.len()).collect();
    assert_eq!(vectors.metadata(&all, 0..5).unwrap(), converted.metadata(&all, 0..5).unwrap());
    assert_eq!(
        vectors.read(0..5).unwrap().matrix().bytes(),
        converted.read(0..5).unwrap().matrix().bytes()
    );
    assert_eq!(Metadata::of(&vectors, None, &options).unwrap().ids(), Some("id"));
}

#[test]
fn of_several_stores_the_usual_or_the_named_one_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let open = |entry: Option<&str>| -> Result<String, Error> {
        let location = Location { path: path.to_owned(), entry: entry.map(str::to_owned) };
        Vectors::open_at(&location, &OpenOptions::default()).map(|found| found.entry().to_owned())
    };
    let refused = |entry| open(entry).unwrap_err();
    assert_eq!(refused(None).kind(), ErrorKind::Usage);
    assert!(refused(Some("a")).help_text().unwrap().contains("LangChain"));
    copy(path, "b");
    assert_eq!(open(None).unwrap(), "b");
    copy(path, "a");
    assert_eq!(refused(None).help_text(), Some("name one as in PATH::a; the folder has: a, b"));
    assert_eq!(open(Some("b")).unwrap(), "b");
    assert_eq!(refused(Some("c")).help_text(), Some("the folder has: a, b"));
    copy(path, "index");
    assert_eq!(open(None).unwrap(), "index");
    std::fs::remove_file(path.join("index.pkl")).unwrap();
    assert_eq!(refused(Some("index")).kind(), ErrorKind::BadData);
}

#[test]
fn an_error_names_the_file_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    copy(folder.path(), "index");
    let pickle = folder.path().join("index.pkl");
    std::fs::write(&pickle, b"cos\nsystem\n(Vtrue\ntR.").unwrap();
    let error = Vectors::open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Unsupported, Some(pickle.as_path())));
    assert!(error.to_string().contains("os.system"), "{error}");
    let index = folder.path().join("index.faiss");
    std::fs::write(&index, b"IxF2").unwrap();
    let error = Vectors::open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Malformed, Some(index.as_path())));
}
