//! The vectors and ids of flat indexes and id maps.

use super::{golden, open};
use crate::testing::{entry_rows, infos};
use crate::{Container, Entry, ReadOptions};
use anear_io::Input;
use anear_testkit::fixtures::{expected, folder, sha256};
use anear_types::{Column, ColumnKind, Element, ErrorKind, Metric, Value};
use std::path::Path;

fn open_file(path: &Path) -> Box<dyn Container> {
    crate::open(Input::open(path).unwrap(), &ReadOptions::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The ids of an id map.
fn ids(container: &dyn Container) -> Vec<i64> {
    let schema = &container.entries()[0].schema;
    assert_eq!(schema.ids, Some(0));
    let column = container.metadata(0, &[0], 0..schema.rows).unwrap().remove(0);
    assert_eq!(infos(std::slice::from_ref(&column)), schema.columns);
    let id = |value: Value| match value {
        Value::Int(id) => id,
        other => panic!("{other:?}"),
    };
    column.values.into_iter().map(id).collect()
}

/// The index inside all id maps, as `expected.json` describes it.
fn innermost(index: &serde_json::Value) -> &serde_json::Value {
    match index.get("index") {
        Some(inner) => innermost(inner),
        None => index,
    }
}

#[test]
fn flat_files_of_the_real_library_give_their_vectors_and_ids() {
    let mut read = 0;
    for (path, what) in expected("faiss") {
        let (place, index) = (path.display(), &what["index"]);
        let is_flat = innermost(index)["cls"].as_str().unwrap().contains("Flat");
        let is_plain = what["fourccs"].as_array().unwrap().iter().all(|found| {
            let letters = found[1].as_str().unwrap();
            ["IxF2", "IxFI", "IxFl", "IxMp", "IxM2", "IBxF", "IBMp", "IBM2"].contains(&letters)
        });
        let container = open_file(&path);
        assert_eq!(container.entries().is_empty(), !is_plain, "{place}");
        let [Entry { schema, .. }] = container.entries() else { continue };
        assert!(is_flat, "{place}");
        let rows = entry_rows(&*container, 0).unwrap();
        match (what["decoded"]["sha256_f32"].as_str(), what["base"].as_str()) {
            (Some(sha), _) => assert_eq!(sha256(&rows), sha, "{place}"),
            (None, Some(base)) => {
                let base = open_file(&folder().join(base));
                assert_eq!(rows, entry_rows(&*base, 0).unwrap(), "{place}");
                assert_eq!((schema.element, schema.metric), (Element::U8, Some(Metric::Hamming)));
            }
            _ => assert_eq!(schema.rows, 0, "{place}"),
        }
        if let Some(sha) = index["id_map"]["sha256_i64"].as_str() {
            let bytes: Vec<u8> = ids(&*container).iter().flat_map(|id| id.to_le_bytes()).collect();
            assert_eq!(sha256(&bytes), sha, "{place}");
        }
        read += 1;
    }
    assert!(read >= 6, "{read} files");
}

#[test]
fn golden_files_give_rows_ids_and_metric() {
    let expected: Vec<u8> = (1..=15).flat_map(|n| (n as f32 / 8.0).to_ne_bytes()).collect();
    let metrics = ["ip", "l2", "manhattan", "chebyshev", "canberra", "braycurtis", "jensenshannon"];
    let metrics = metrics.map(|name| (name, Metric::from_name(name)));
    for (name, metric) in metrics.into_iter().chain([("lp", None)]) {
        for kind in ["flat", "idmap"] {
            let container = open_file(&golden(&format!("{kind}-{name}.faiss")));
            assert_eq!(container.entries()[0].schema.metric, metric, "{kind} {name}");
            assert_eq!(entry_rows(&*container, 0).unwrap(), expected);
            if kind == "idmap" {
                assert_eq!(ids(&*container), [5, -3, 1 << 40, 7, 6]);
            }
        }
    }
    assert_eq!(ids(&*open_file(&golden("idmap2-l2.faiss"))), [5, -3, 1 << 40, 7, 6]);
    let lp = open_file(&golden("idmap-lp.faiss"));
    let settings: Vec<&str> =
        lp.index().unwrap().params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(settings, ["index", "metric", "p"], "of the inner index, once");
}

#[test]
fn some_ids_are_read() {
    let container = open_file(&golden("idmap-l2.faiss"));
    let column = |values| Column { name: "id".into(), kind: ColumnKind::Int, values };
    let found = container.metadata(0, &[0], 2..4).unwrap();
    assert_eq!(found, [column(vec![Value::Int(1 << 40), Value::Int(7)])]);
    assert_eq!(container.metadata(0, &[0], 5..5).unwrap(), [column(vec![])]);
}

#[test]
fn contradictions_are_refused() {
    let file = std::fs::read(golden("idmap-l2.faiss")).unwrap();
    let ids_count = file.len() - 5 * 8 - 8;
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = file.clone();
        change(&mut bytes);
        let error = open(&bytes).err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
        error.to_string()
    };
    assert!(refused(&|bytes| bytes[ids_count] = 4).contains("4 ids for 5 rows"));
    assert!(refused(&|bytes| bytes[ids_count + 7] = 0xff).contains("inside the ids"));
    assert!(refused(&|bytes| bytes[8] = 6).contains("6 rows and metric l2 over an index of 5"));
    assert!(refused(&|bytes| bytes[33] = 0).contains("metric ip over"));
    assert!(refused(&|bytes| bytes[4] = 4).contains("dimension 3 inside one of dimension 4"));
    assert!(refused(&|bytes| bytes[37..41].copy_from_slice(b"IBxF")).contains("bits"));
    for length in 0..file.len() {
        assert!(open(&file[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn ids_for_rows_that_have_ids_are_not_guessed() {
    let inner = std::fs::read(golden("idmap-l2.faiss")).unwrap();
    let ids = &inner[inner.len() - 5 * 8 - 8..];
    let outer = [&inner[..37], &inner, ids].concat();
    let container = open(&outer).unwrap();
    assert!(container.entries().is_empty());
    assert_eq!(container.skipped()[0].name, "IxMp");
}
