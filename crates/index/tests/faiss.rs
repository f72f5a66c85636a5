//! Indexes in the files of the real library give the answers that it gives.

use anear_formats::{ReadOptions, open};
use anear_index::ann::{AnnIndex, Answers, Queries, Settings, adopt, search_in_threads};
use anear_index::flat::Goal;
use anear_io::Input;
use anear_testkit::fixtures::{expected, folder};
use anear_testkit::random::Random;
use anear_types::parts::{CheckedParts, Structure};

use serde_json::Value;
use std::path::Path;

/// How far distances may be off.
const TOLERANCE: f32 = 1e-4;

fn parts_of(path: &Path) -> Option<CheckedParts> {
    let container = open(Input::open(path).unwrap(), &ReadOptions::default());
    container.unwrap_or_else(|error| panic!("{error}")).parts().cloned()
}

/// The rows of a `.npy` file of the fixtures: components, or packed bits.
fn array(name: &str) -> Vec<u8> {
    let container = open(Input::open(folder().join(name)).unwrap(), &ReadOptions::default());
    let container = container.unwrap();
    let source = container.rows(0).unwrap();
    source.mapped().expect("an array as it is").bytes().to_vec()
}

/// The queries of a file, as bytes.
fn queries(what: &Value) -> Vec<u8> {
    match (what["queries"].as_str(), what["query_inline"].as_array()) {
        (Some(name), _) => array(name),
        (None, Some(inline)) => floats_in(inline).into_iter().flat_map(f32::to_ne_bytes).collect(),
        other => panic!("{other:?}"),
    }
}

/// All numbers in an array of numbers or arrays.
fn floats_in(values: &[Value]) -> Vec<f32> {
    let number = |value: &Value| match value.as_array() {
        Some(inner) => floats_in(inner),
        None => vec![value.as_f64().unwrap() as f32],
    };
    values.iter().flat_map(number).collect()
}

fn labels_in(values: &Value) -> Vec<i64> {
    let rows = values.as_array().unwrap().iter();
    rows.flat_map(|row| row.as_array().unwrap().iter().map(|id| id.as_i64().unwrap())).collect()
}

fn settings(params: &Value) -> Settings<'static> {
    let number = |name: &str| params.get(name).map(|value| value.as_u64().unwrap() as usize);
    let known = ["nprobe", "efSearch", "k_factor_rf"];
    assert!(params.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())));
    Settings {
        probes: number("nprobe"),
        effort: number("efSearch"),
        factor: number("k_factor_rf").map(|factor| factor as f32),
        ..Settings::default()
    }
}

fn close(found: f32, expected: f32) -> bool {
    let scale = found.abs().max(expected.abs()).max(1e-3);
    found == expected || (found - expected).abs() <= TOLERANCE * scale
}

/// Checks that distances are those expected and that labels are, where no distance as near is
/// another's.
fn check_answers(answers: &Answers, search: &Value, k: usize, place: &str) {
    let labels = labels_in(&search["ids"]);
    let distances = floats_in(search["distances"].as_array().unwrap());
    for (at, (found, expected)) in answers.distances.iter().zip(&distances).enumerate() {
        assert!(close(*found, *expected), "{place}, {at}: {found}, {expected} is expected");
    }
    assert_eq!(answers.labels.len(), labels.len(), "{place}");
    for (query, expected) in labels.chunks(k).enumerate() {
        let distances = &distances[query * k..][..k];
        for (at, label) in answers.labels[query * k..][..k].iter().enumerate() {
            let ties = (0..k).filter(|other| close(distances[at], distances[*other]));
            let ties: Vec<usize> = ties.collect();
            let at_the_end = ties.contains(&(k - 1)); // the other one may be beyond it
            let is_expected = ties.iter().any(|tie| expected[*tie] == *label);
            assert!(is_expected || at_the_end && ties.len() > 1, "{place}, query {query}: {label}");
        }
    }
}

fn as_queries<'a>(index: &dyn AnnIndex, bytes: &'a [u8], values: &'a [f32]) -> Queries<'a> {
    let dim = index.dim();
    match index.how().measure {
        anear_types::Measure::Hamming => Queries::Bits { bytes, dim },
        _ => Queries::Floats { values, dim },
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()
}

#[test]
fn searches_give_the_answers_of_the_real_library() {
    let (mut files, mut searches) = (0, 0);
    for (path, what) in expected("faiss") {
        let Some(parts) = parts_of(&path) else { continue };
        let index = adopt(&parts).unwrap();
        let bytes = queries(&what);
        let values = floats(&bytes);
        let queries = as_queries(&*index, &bytes, &values);
        for search in what["searches"].as_array().unwrap() {
            let k = search["k"].as_u64().unwrap() as usize;
            let place = format!("{} {}", path.display(), search["params"]);
            for threads in [1, 3] {
                let settings = settings(&search["params"]);
                let goal = Goal::Nearest { k };
                let found = search_in_threads(&*index, queries, goal, &settings, threads).unwrap();
                let answers = Answers::new(&found, k, index.how());
                check_answers(&answers, search, k, &place);
            }
            searches += 1;
        }
        files += 1;
    }
    println!("{searches} searches of {files} files");
    assert!(files >= 12, "{files} files");
}

/// The files of `testdata/golden/faiss/kinds`: old forms, packed RaBitQ codes, bits, lists behind an index.
#[test]
fn small_files_of_rare_kinds_are_searched() {
    let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/faiss/kinds");
    let files = std::fs::read_dir(kinds).unwrap().map(|file| file.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().unwrap() == "faiss").collect();
    assert!(files.len() >= 26, "{} files", files.len());
    for path in files {
        let place = path.display();
        let parts = parts_of(&path).unwrap_or_else(|| panic!("{place} has no index"));
        let index = adopt(&parts).unwrap();
        let (bytes, values) = (vec![0x35; 4], vec![0.5; 8]);
        let queries = as_queries(&*index, &bytes, &values);
        let settings = Settings { probes: Some(8), effort: Some(50), ..Settings::default() };
        let goal = Goal::Nearest { k: 256 };
        let found = search_in_threads(&*index, queries, goal, &settings, 1).unwrap();
        let mut ids: Vec<i64> = found[0].iter().map(|hit| hit.id).collect();
        ids.sort_unstable();
        let rows = index.rows() as i64;
        assert!(rows >= 40 && ids == (0..rows).collect::<Vec<i64>>(), "{place}: {ids:?} of {rows}");
    }
}

#[test]
fn rows_come_back_as_the_real_library_decodes_them() {
    let mut files = 0;
    for (path, what) in expected("faiss") {
        let Some(decoded) = what["decoded"].as_object() else { continue };
        if path.ends_with("pca_whiten_flat.faiss") {
            continue; // the real library does not undo the scaling of components
        }
        let Some(parts) = parts_of(&path) else { continue };
        let (index, place) = (adopt(&parts).unwrap(), path.display());
        let (ids, mut rows) = (index.ids(0..index.rows()).unwrap(), Vec::new());
        rows.resize(ids.len() * index.dim(), 0.0);
        let (head, tail) = rows.split_at_mut(ids.len().min(2) * index.dim());
        let middle = (head.len() / index.dim()) as u64;
        index.decode(0..middle, head).unwrap();
        index.decode(middle..index.rows(), tail).unwrap();
        let dim = index.dim();
        assert_eq!(ids.len() as u64, decoded["shape"][0].as_u64().unwrap(), "{place}");
        assert_eq!((ids.len() * dim, ids.len() as u64), (rows.len(), index.rows()), "{place}");
        let mut order: Vec<usize> = (0..ids.len()).collect();
        if !matches!(parts.parts().structure, Structure::IdMap(_)) {
            order.sort_by_key(|row| ids[*row]); // lists hold rows in an order of their own
        }
        let ends = [("row_0", order[0]), ("row_last", order[ids.len() - 1])];
        let mut again = vec![0.0; dim];
        for (name, row) in ends {
            let Some(expected) = decoded.get(name).and_then(Value::as_array) else { continue };
            let expected = floats_in(expected);
            let found = &rows[row * dim..][..dim];
            assert!(
                found.iter().zip(&expected).all(|(x, y)| (x - y).abs() < 1e-4),
                "{place} {name}"
            );
            index.reconstruct(ids[row], &mut again).unwrap();
            assert_eq!(again, found, "{place}");
        }
        if let Some(expected) = decoded.get("sum").and_then(Value::as_f64) {
            let sum: f64 = rows.iter().map(|component| f64::from(*component)).sum();
            let tolerance = 1e-5 * decoded["sum_abs"].as_f64().unwrap();
            assert!((sum - expected).abs() <= tolerance, "{place}");
        }
        assert!(index.reconstruct(i64::MAX, &mut again).is_err(), "{place}");
        files += 1;
    }
    assert!(files >= 5, "{files} files");
}

/// Makes an index of a damaged file and searches it, if that is possible.
fn search_damaged(bytes: Vec<u8>) -> bool {
    let Ok(container) = open(Input::from_bytes("x.faiss", bytes), &ReadOptions::default()) else {
        return false;
    };
    let Some(index) = container.parts().and_then(|parts| adopt(parts).ok()) else { return false };
    if index.dim() > 1 << 12 {
        return true; // a query would be large, and has nothing to find
    }
    let (bytes, values) = (vec![0x55; index.dim() / 8], vec![0.5; index.dim()]);
    let queries = as_queries(&*index, &bytes, &values);
    for goal in [Goal::Nearest { k: 3 }, Goal::Within { radius: 10.0 }] {
        let _ = search_in_threads(&*index, queries, goal, &Settings::default(), 1);
    }
    let _ = index.reconstruct(1, &mut vec![0.0; index.dim()]);
    let rows = index.rows().min(10);
    let _ = index.decode(0..rows, &mut vec![0.0; rows as usize * index.dim()]);
    let _ = index.ids(0..index.rows());
    true
}

#[test]
fn damaged_files_are_errors_or_indexes_that_can_be_searched() {
    let mut random = Random::new(7);
    let mut searched = 0;
    for (path, _) in expected("faiss") {
        let bytes = std::fs::read(path).unwrap();
        for _ in 0..20 {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(3) {
                let position = match random.below(2) {
                    0 => random.below(bytes.len() as u64),
                    _ => random.below(bytes.len().min(200) as u64), // where lengths are
                };
                let values = [0, 1, 0x7f, 0x80, 0xff, random.number() as u8];
                damaged[position as usize] = values[random.below(6) as usize];
            }
            searched += usize::from(search_damaged(damaged));
        }
    }
    assert!(searched > 50, "{searched} files");
    for (path, what) in expected("bad") {
        if what["format"].as_str().unwrap().starts_with("faiss") {
            search_damaged(std::fs::read(path).unwrap());
        }
    }
}
