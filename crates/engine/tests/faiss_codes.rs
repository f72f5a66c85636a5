//! FAISS indexes whose rows are codes, through the library's face.

use anear::{
    ConvertRequest, ErrorKind, Goal, Location, Metric, OpenOptions, Queries, SaveRequest,
    SearchRequest, Silent, Value, Vectors,
};
use anear_testkit::fixtures::folder;
use std::path::PathBuf;

fn fixture(name: &str) -> PathBuf {
    folder().join("faiss").join(name)
}

fn open(name: &str) -> Vectors {
    Vectors::open(fixture(name), &OpenOptions::default()).unwrap()
}

fn search(vectors: &Vectors, request: &SearchRequest) -> anear::Result<anear::SearchReply> {
    anear::search(vectors, request, &OpenOptions::default(), &mut Silent)
}

#[test]
fn an_index_of_codes_is_searched_as_faiss_does() {
    let vectors = open("pq4.faiss");
    assert!(vectors.is_lossy());
    let queries =
        Queries::At(Location::parse(&folder().join("numpy/queries.npy").to_string_lossy()));
    let reply = search(&vectors, &SearchRequest::nearest(queries.clone(), 3)).unwrap();
    assert!(!reply.exact);
    assert_eq!(reply.results.len(), 6);
    let exact = SearchRequest { exact: true, ..SearchRequest::nearest(queries.clone(), 3) };
    let exact = search(&vectors, &exact).unwrap();
    assert!(exact.exact);
    for (found, exact) in reply.results.iter().flatten().zip(exact.results.iter().flatten()) {
        assert!((found.distance - exact.distance).abs() < 1e-3, "{found:?} {exact:?}");
    }
    let metric = Some(Metric::Manhattan);
    let other = SearchRequest { metric, ..SearchRequest::nearest(queries, 3) };
    assert!(search(&vectors, &other).unwrap().exact, "the index is for another metric");
}

#[test]
fn effort_is_how_many_lists_are_looked_at() {
    let vectors = open("hand_ivf.faiss");
    assert!(!vectors.is_lossy());
    let query = Queries::Given(vec![vec![0.1, 0.0, 0.0, 0.0]]);
    let of = |effort| SearchRequest { effort, ..SearchRequest::nearest(query.clone(), 3) };
    let found = |effort| search(&vectors, &of(effort)).unwrap().results[0].len();
    assert_eq!(found(Some(2)), 3);
    assert!(found(None) < 3, "the file says one list");
    let plain = open("flat_one.faiss");
    let request =
        SearchRequest { effort: Some(1), ..SearchRequest::nearest(Queries::Rows(vec![0]), 1) };
    let error = search(&plain, &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.help_text().unwrap().contains("leave out"), "{error}");
}

#[test]
fn conditions_and_radii_hold_in_an_index() {
    let vectors = open("sq4.faiss");
    let request = SearchRequest {
        condition: Some("row > 300 AND row < 304".to_owned()),
        ..SearchRequest::nearest(Queries::Rows(vec![302]), 10)
    };
    let reply = search(&vectors, &request).unwrap();
    let mut rows: Vec<u64> = reply.results[0].iter().map(|hit| hit.row).collect();
    assert_eq!((rows[0], reply.exact), (302, false));
    rows.sort_unstable();
    assert_eq!(rows, [301, 302, 303]);
    let farthest = reply.results[0][2].distance;
    let request = SearchRequest { goal: Goal::Within { radius: farthest }, ..request };
    assert_eq!(search(&vectors, &request).unwrap().results[0].len(), 2, "a radius is not reached");
}

#[test]
fn rows_are_told_from_codes_and_keep_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("rows.csv");
    let save = SaveRequest::new(Location::parse(&output.to_string_lossy()));
    let input = Location::parse(&fixture("binary_ivf.faiss").to_string_lossy());
    let saved =
        anear::convert(&ConvertRequest::new(input, save), &OpenOptions::default(), &mut Silent);
    assert!(!saved.unwrap().lossy, "bits are kept as they are");
    let written = Vectors::open(&output, &OpenOptions::default()).unwrap();
    let base = Vectors::open(
        anear_testkit::fixtures::folder().join("numpy/base_binary.npy"),
        &OpenOptions::default(),
    );
    let (written, base) = (written.read(0..300).unwrap(), base.unwrap().read(0..300).unwrap());
    for row in 0..300 {
        for column in 0..8 {
            let of = |block: &anear::Block| block.matrix().get_f64(row, column);
            assert_eq!(of(&written), of(&base), "row {row}: in the order of ids");
        }
    }
    let ids = open("ivfflat_sparse_lists.faiss");
    assert_eq!(ids.schema().rows, 3);
    let reply = search(&ids, &SearchRequest::nearest(Queries::Rows(vec![1]), 1)).unwrap();
    let hit = &reply.results[0][0];
    assert_eq!((hit.row, &hit.id, hit.distance), (1, &Value::Int(1), 0.0));
}

#[test]
fn bits_are_searched_by_bits() {
    let vectors = open("binary_ivf.faiss");
    let request = SearchRequest::nearest(Queries::Rows(vec![7]), 2);
    let reply = search(&vectors, &request).unwrap();
    assert_eq!((reply.exact, reply.metric), (false, Metric::Hamming));
    assert_eq!((reply.results[0][0].row, reply.results[0][0].distance), (7, 0.0));
    let request = SearchRequest::nearest(Queries::Given(vec![vec![1.0; 8]]), 2);
    assert_eq!(search(&vectors, &request).unwrap_err().kind(), ErrorKind::Usage);
}
