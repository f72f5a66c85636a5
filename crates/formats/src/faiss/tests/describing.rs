//! Files of the real library and damaged ones.

use crate::testing::{mutate, read_everything};
use crate::{IndexInfo, ReadOptions, open, probe};
use anear_io::Input;
use anear_testkit::fixtures::expected;
use anear_types::{ErrorKind, Metric, Value};

fn param(index: &IndexInfo, name: &str) -> Option<Value> {
    index.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[test]
fn every_kind_of_index_is_named() {
    for (path, what) in expected("faiss") {
        let place = path.display();
        let input = Input::open(&path).unwrap();
        assert_eq!(probe(&input).unwrap().info().name, "faiss", "{place}");
        let container = open(input, &ReadOptions::default());
        let container = container.unwrap_or_else(|error| panic!("{error}"));
        let index = container.index().unwrap();
        let expected = &what["index"];
        let letters = what["fourccs"][0][1].as_str().unwrap();
        assert_eq!(index.kind, format!("faiss:{letters}"), "{place}");
        assert_eq!(index.dim.map(|dim| dim as u64), expected["d"].as_u64(), "{place}");
        assert_eq!(index.rows, expected["ntotal"].as_u64(), "{place}");
        let metric = match (what["format"].as_str().unwrap(), expected["metric_type"].as_u64()) {
            ("faiss-binary", _) => Some(Metric::Hamming),
            (_, Some(0)) => Some(Metric::InnerProduct),
            (_, Some(1)) => Some(Metric::L2),
            (_, Some(2)) => Some(Metric::Manhattan),
            (_, Some(3)) => Some(Metric::Chebyshev),
            (_, Some(20)) => Some(Metric::Canberra),
            (_, Some(21)) => Some(Metric::BrayCurtis),
            (_, Some(22)) => Some(Metric::JensenShannon),
            _ => None,
        };
        assert_eq!(index.metric, metric, "{place}");
        for (name, number) in [
            ("nlist", &expected["nlist"]),
            ("M", &expected["hnsw"]["M"]),
            ("efConstruction", &expected["hnsw"]["efConstruction"]),
        ] {
            if let Some(number) = number.as_i64() {
                assert_eq!(param(index, name), Some(Value::Int(number)), "{place}");
            }
        }
    }
}

#[test]
fn settings_are_shown() {
    let (path, _) =
        expected("faiss").into_iter().find(|(path, _)| path.ends_with("hand_ivf.faiss")).unwrap();
    let container = super::open(&std::fs::read(path).unwrap()).unwrap();
    let index = container.index().unwrap();
    assert_eq!(param(index, "nlist"), Some(Value::Int(2)));
    assert_eq!(param(index, "nprobe"), Some(Value::Int(1)));
    assert_eq!(param(index, "quantizer"), Some(Value::text("IxF2")));
}

#[test]
fn damaged_files_are_refused() {
    let mut all = 0;
    for (path, what) in expected("bad") {
        if !what["format"].as_str().unwrap().starts_with("faiss") {
            continue;
        }
        all += 1;
        let outcome = open(Input::open(&path).unwrap(), &ReadOptions::default());
        if what["expect"] == "error" {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_read = outcome.is_ok_and(|container| container.parts().is_some());
            assert!(!is_read, "{name}: {}", what["why"]);
        }
    }
    assert!(all >= 20, "{all} files");
}

#[test]
fn an_unknown_kind_is_named_in_the_error() {
    let input = Input::from_bytes("x.index", b"IxZZ and more".to_vec());
    let error = open(input, &ReadOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("IxZZ"), "{error}");
    let elsewhere = Input::from_bytes("x.txt", b"IxZZ and more".to_vec());
    assert_eq!(probe(&elsewhere).err().unwrap().kind(), ErrorKind::Malformed);
}

#[test]
fn damage_never_ends_in_a_panic() {
    for (path, _) in expected("faiss") {
        let bytes = std::fs::read(&path).unwrap();
        let head = &bytes[..bytes.len().min(300)];
        let read = |bytes: &[u8]| {
            if let Ok(container) = super::open(bytes) {
                read_everything(&*container);
            }
        };
        mutate(head, 200, read);
        (0..head.len()).for_each(|length| read(&bytes[..length]));
    }
}
