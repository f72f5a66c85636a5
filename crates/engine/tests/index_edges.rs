//! What an index refuses, what it keeps, and what it does not copy.

use anear::{
    Block, Column, ColumnKind, Element, Error, ErrorKind, Goal, Ids, Index, IndexSearch, IndexSpec,
    Location, MatrixRef, Metric, NonFinite, OpenOptions, Progress, RowFilter, RowSet, Rows,
    SaveRequest, Silent, Value, Vectors, save, search_rows,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn block(values: &[f32], dim: usize) -> Block {
    let bytes = bytemuck::cast_slice(values);
    Block::from_matrix(MatrixRef::new(bytes, Element::F32, values.len() / dim, dim))
}

/// Rows 0, 1, 2, .. on a line.
fn line(rows: usize) -> Block {
    block(&(0..rows).flat_map(|row| [row as f32, 0.0]).collect::<Vec<f32>>(), 2)
}

fn spec() -> IndexSpec {
    IndexSpec { metric: Some(Metric::Euclidean), ..IndexSpec::default() }
}

fn build(rows: Block, ids: Option<Ids>) -> Result<Index, Error> {
    Index::build(rows, ids, &spec(), 2, &mut Silent)
}

fn ids_found(index: &Index, at: f32, k: usize) -> Vec<Value> {
    let query = block(&[at, 0.0], 2);
    let hits = index.search(query.matrix(), &IndexSearch::nearest(k)).unwrap().remove(0);
    hits.into_iter().map(|hit| hit.id).collect()
}

fn ints(ids: &[i64]) -> Vec<Value> {
    ids.iter().copied().map(Value::Int).collect()
}

fn failed<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, says: &str) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "{error}");
    error
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut values = vec![1f32; 40_000];
    values[30_001] = f32::INFINITY;
    let error = failed(build(block(&values, 2), None), ErrorKind::BadData, "component 1 is inf");
    assert_eq!(error.row(), Some(15_000));
    let unknown = IndexSpec { kind: "HNSW32".to_owned(), ..spec() };
    let error = Index::build(line(2), None, &unknown, 1, &mut Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.help_text().unwrap().contains("auto, flat"));
    failed(build(Block::new(Element::F32, 0, 0), None), ErrorKind::Usage, "no components");
    failed(build(line(3), Some(Ids::Ints(vec![1, 2]))), ErrorKind::Usage, "2 ids for 3 rows");
    let twice = build(line(3), Some(Ids::Ints(vec![5, 6, 5])));
    assert_eq!(failed(twice, ErrorKind::BadData, "id 5 is that of row 0").row(), Some(2));

    let mut index = build(line(3), Some(Ids::Ints(vec![5, 6, 7]))).unwrap();
    let rows = line(2);
    for (ids, kind, says) in [
        (Ids::Ints(vec![8, 6]), ErrorKind::BadData, "id 6 is that of row 1"),
        (Ids::Ints(vec![8, 8]), ErrorKind::BadData, "id 8 is that of row 3"),
        (Ids::Ints(vec![8]), ErrorKind::Usage, "1 ids for 2 rows"),
        (Ids::from(vec!["a".to_owned(), "b".to_owned()]), ErrorKind::Usage, "are integers"),
    ] {
        failed(index.add(rows.matrix(), Some(ids)), kind, says);
    }
    let nan = block(&[0.0, 1.0, f32::NAN, 1.0], 2);
    failed(index.add(nan.matrix(), None), ErrorKind::BadData, "row 1");
    failed(index.add(block(&[1.0; 6], 3).matrix(), None), ErrorKind::Usage, "3 components");
    failed(index.remove(&Ids::Texts(vec!["a".into()])), ErrorKind::Usage, "integers");
    assert_eq!((index.len(), index.rows()), (3, 3));
    // Nothing of what was refused is in the way.
    index.add(rows.matrix(), Some(Ids::Ints(vec![8, 9]))).unwrap();
    assert_eq!(ids_found(&index, 0.0, 9), ints(&[5, 8, 6, 9, 7]));
    let mut by_number = build(line(3), None).unwrap();
    failed(
        by_number.add(rows.matrix(), Some(Ids::Ints(vec![8, 9]))),
        ErrorKind::Usage,
        "by number",
    );
}

#[test]
fn filters_are_over_rows_or_ids() {
    let mut index = build(line(6), Some(Ids::Ints(vec![10, 11, 12, 13, 14, 15]))).unwrap();
    index.remove(&Ids::Ints(vec![12, 12, 99])).unwrap();
    let query = block(&[1.0, 0.0], 2);
    let search = |filter| {
        let search = IndexSearch { filter, ..IndexSearch::nearest(2) };
        let hits = index.search(query.matrix(), &search)?.remove(0);
        Ok(hits.into_iter().map(|hit| hit.id).collect::<Vec<Value>>())
    };
    assert_eq!(search(RowFilter::Rows(&[5, 2, 3, 3])).unwrap(), ints(&[13, 15]));
    let mask: RowSet = [false, false, true, false, true, false].into_iter().collect();
    assert_eq!(search(RowFilter::Mask(&mask)).unwrap(), ints(&[14]));
    let some = Ids::Ints(vec![15, 12, 10, 77]);
    assert_eq!(search(RowFilter::Ids(&some)).unwrap(), ints(&[10, 15]));
    let short: RowSet = [true; 5].into_iter().collect();
    failed(search(RowFilter::Mask(&short)), ErrorKind::Usage, "over 5 rows");
    failed(search(RowFilter::Rows(&[1, 6])), ErrorKind::Usage, "row 6 of 6");

    let rows = line(6);
    let filtered = IndexSearch {
        filter: RowFilter::Ids(&Ids::Ints(vec![4, 5, -1])),
        ..IndexSearch::nearest(9)
    };
    let found =
        search_rows(rows.matrix(), query.matrix(), Metric::L2, NonFinite::Refuse, &filtered);
    let found: Vec<(u64, f64)> =
        found.unwrap()[0].iter().map(|neighbor| (neighbor.row, neighbor.distance)).collect();
    assert_eq!(found, [(4, 9.0), (5, 16.0)]);
}

#[test]
fn rows_of_another_element_are_converted_where_that_is_honest() {
    let mut index = build(line(1), None).unwrap();
    let rows = [0.1f64, 0.0, 7.0, 0.0];
    let add = |index: &mut Index, rows: &[f64]| {
        index.add(MatrixRef::new(bytemuck::cast_slice(rows), Element::F64, rows.len() / 2, 2), None)
    };
    assert_eq!(add(&mut index, &rows).unwrap(), 1..3);
    assert_eq!(index.row(1).unwrap().get_f64(0, 0), f64::from(0.1f32));
    failed(add(&mut index, &[1e300, 0.0]), ErrorKind::BadData, "f32 cannot hold");
    failed(index.row(3), ErrorKind::Usage, "no row 3");
    let bits = IndexSpec { metric: Some(Metric::Hamming), ..IndexSpec::default() };
    let bytes = MatrixRef::new(&[1, 2], Element::U8, 1, 2);
    let mut index = Index::build(bytes, None, &bits, 1, &mut Silent).unwrap();
    failed(add(&mut index, &[1.0, 0.0]), ErrorKind::Usage, "bits in f64");
}

#[test]
fn ids_count_on_and_survive_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let options = OpenOptions::default();
    let mut index = build(line(4), None).unwrap();
    assert!(index.ids().unwrap().is_none());
    assert_eq!(index.remove(&Ids::Ints(vec![1, 1, 9, -1])).unwrap(), 1);
    assert_eq!(index.remove(&Ids::Ints(vec![1])).unwrap(), 0);
    assert_eq!(index.add(line(1).matrix(), None).unwrap(), 4..5);
    assert_eq!(ids_found(&index, 0.0, 9), ints(&[0, 4, 2, 3]));
    index.save(&path, false).unwrap();
    failed(index.save(&path, false), ErrorKind::Usage, "exists");
    failed(index.save(folder.path().join("x.npy"), false), ErrorKind::Usage, "npy");

    let mut loaded = Index::load(&path, &options).unwrap();
    assert_eq!((loaded.rows(), loaded.len()), (4, 4));
    assert_eq!(ids_found(&loaded, 0.0, 9), ints(&[0, 4, 2, 3]));
    loaded.add(line(1).matrix(), None).unwrap();
    assert_eq!(loaded.ids().unwrap(), Some(&Ids::Ints(vec![0, 2, 3, 4, 5])));
    loaded.remove(&Ids::Ints(vec![0])).unwrap();
    loaded.save(&path, true).unwrap(); // over the file it is mapped from
    assert_eq!(ids_found(&loaded, 0.0, 2), ints(&[4, 5]));
    assert_eq!(ids_found(&Index::load(&path, &options).unwrap(), 0.0, 2), ints(&[4, 5]));

    let texts = Ids::from(vec!["b".to_owned(), "a".to_owned()]);
    let mut named = build(line(2), Some(texts)).unwrap();
    failed(named.add(line(1).matrix(), None), ErrorKind::Usage, "no ids");
    let mut last = build(line(1), Some(Ids::Ints(vec![i64::MAX]))).unwrap();
    failed(last.add(line(1).matrix(), None), ErrorKind::Usage, "no ids are left");
}

/// A file with ids and metadata, in a format that keeps them.
fn npz(folder: &Path) -> PathBuf {
    let path = folder.join("x.npz");
    let column = |name: &str, kind, values| Column { name: name.to_owned(), kind, values };
    let columns = [
        column("page", ColumnKind::Int, ints(&[7, 8, 9])),
        column("name", ColumnKind::Text, ["a", "b", "c"].map(Value::text).to_vec()),
    ];
    let request = SaveRequest {
        metric: Some(Metric::Euclidean),
        ..SaveRequest::new(Location::parse(&path.to_string_lossy()))
    };
    save(line(3).matrix(), &columns, Some(1), &request, &mut Silent).unwrap();
    path
}

#[test]
fn metadata_stay_with_their_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let options = OpenOptions::default();
    let vectors = Vectors::open(npz(folder.path()), &options).unwrap();
    let spec = IndexSpec::default();
    let mut index = Index::build_from(&vectors, None, &spec, &options, &mut Silent).unwrap();
    assert_eq!(index.metric(), Metric::Euclidean, "as the file says");
    for name in ["d", "e"] {
        let next = Ids::from(vec![name.to_owned()]);
        index.add(line(1).matrix(), Some(next)).unwrap();
        index.remove(&Ids::from(vec!["b".to_owned()])).unwrap();
        index.save(&path, true).unwrap();
        index = Index::load(&path, &options).unwrap();
    }
    let saved = Vectors::open(&path, &options).unwrap();
    let schema = saved.schema();
    let names: Vec<&str> = schema.columns.iter().map(|column| &*column.name).collect();
    assert_eq!((&names[..], schema.ids), (&["page", "name"][..], Some(1)));
    let columns = saved.metadata(&[0, 1], 0..4).unwrap();
    let expected = [Value::Int(7), Value::Int(9), Value::Null, Value::Null];
    assert_eq!(columns[0].values, expected);
    assert_eq!(columns[1].values, ["a", "c", "d", "e"].map(Value::text));
}

/// Built or converted to, from a file or from that index: the same sections, but for those that
/// only make searches faster.
#[test]
fn every_way_leads_to_the_same_index() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::default();
    let (built, converted) = (folder.path().join("a.anx"), folder.path().join("b.anx"));
    let location = |path: &Path| Location::parse(&path.to_string_lossy());
    let source = npz(folder.path());
    let request =
        anear::ConvertRequest::new(location(&source), SaveRequest::new(location(&converted)));
    anear::convert(&request, &options, &mut Silent).unwrap();
    let spec = IndexSpec::default();
    let build = |from: &Path| {
        let vectors = Vectors::open(from, &options).unwrap();
        let index = Index::build_from(&vectors, None, &spec, &options, &mut Silent).unwrap();
        let bytes = index.save(&built, true).unwrap();
        assert_eq!(std::fs::metadata(&built).unwrap().len(), bytes);
        std::fs::read(&built).unwrap()
    };
    let first = build(&source);
    assert!(first == build(&converted), "from the index");
    assert!(first == build(&source), "once more");
    let index = Index::load(&converted, &options).unwrap();
    index.save(&built, true).unwrap();
    assert!(std::fs::read(&built).unwrap() == std::fs::read(&converted).unwrap());
}

#[test]
fn rows_are_used_where_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.anx");
    let bytes: Arc<Vec<u8>> = Arc::new(line(5).matrix().bytes().to_vec());
    let rows = Rows::shared(Arc::clone(&bytes) as _, 8..40, Element::F32, 4, 2);
    let index = Index::build(rows, None, &spec(), 1, &mut Silent).unwrap();
    assert!(std::ptr::eq(index.row(0).unwrap().bytes(), &bytes[8..16]));
    index.save(&path, false).unwrap();
    let index = Index::load(&path, &OpenOptions::default()).unwrap();
    assert!(index.row(0).unwrap().typed::<f32>().is_some(), "aligned in the map");
    assert_eq!(ids_found(&index, 4.0, 1), ints(&[3]));
}

/// Stops when it is first asked.
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
fn long_work_stops_when_told() {
    failed(Index::build(line(9), None, &spec(), 1, &mut Impatient), ErrorKind::Interrupted, "");
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::default();
    let vectors = Vectors::open(npz(folder.path()), &options).unwrap();
    let queries = anear::Queries::Vectors(line(1));
    let request = anear::SearchRequest::nearest(queries, 2);
    failed(anear::search(&vectors, &request, &options, &mut Impatient), ErrorKind::Interrupted, "");
    assert_eq!(anear::search(&vectors, &request, &options, &mut Silent).unwrap().results.len(), 1);
    let index = build(line(40_000), None).unwrap(); // enough for two threads to share
    let interrupt: &(dyn Fn() -> bool + Sync) = &|| true;
    let goal = Goal::Within { radius: 0.5 };
    let search =
        IndexSearch { goal, threads: 2, interrupt: Some(interrupt), ..IndexSearch::nearest(1) };
    let found = index.search(line(200).matrix(), &search);
    failed(found, ErrorKind::Interrupted, "interrupted");
}

#[test]
fn other_files_are_no_index() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions::default();
    let path = npz(folder.path());
    failed(Index::load(&path, &options), ErrorKind::Malformed, "not an anear index");
    failed(Index::load(folder.path().join("none.anx"), &options), ErrorKind::Io, "none.anx");
    let index = build(line(2), Some(Ids::Ints(vec![4, 5]))).unwrap();
    let path = folder.path().join("x.anx");
    index.save(&path, false).unwrap();
    let other = OpenOptions { ids: Some("nothing".to_owned()), ..options };
    failed(Index::load(&path, &other), ErrorKind::Usage, "nothing");
}

#[test]
fn an_index_file_without_rows_says_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index-000001.anx");
    let spec = anear_index::Spec { metric: Metric::Cosine, prefilter: true };
    let kind = anear_index::kind_named("flat").unwrap();
    let mut index = kind.build(Rows::from(line(20)), &spec).unwrap();
    index.catch_up(1, None).unwrap();
    let output = anear_io::Output::create(&path, false).unwrap();
    anear_index::save_learned(&*index, output).unwrap();
    let options = OpenOptions::default();
    failed(Index::load(&path, &options), ErrorKind::Usage, "files of the collection beside it");
    let error = Vectors::open(&path, &options).unwrap_err();
    failed(Err::<(), Error>(error), ErrorKind::Usage, "files of the collection beside it");
    let info = anear::info(&Location::parse(path.to_str().unwrap()), &options, true).unwrap();
    let about = info.index.unwrap();
    assert_eq!((&*about.kind, about.metric), ("flat", Some(Metric::Cosine)));
    assert_eq!((about.rows, about.dim), (Some(20), Some(2)));
    assert_eq!(about.params, [("prefilter".to_owned(), Value::Bool(true))]);
    assert!(info.entries.is_empty() && info.damage.is_none());
}
