//! Files of the real library and damaged ones.

use super::{Annoy, candidates};
use crate::testing::{mutate, open_bytes};
use crate::{ReadOptions, open};
use anear_io::Input;
use anear_testkit::fixtures::expected;
use anear_types::Value;
use std::time::{Duration, Instant};

#[test]
fn metric_and_dimension_are_found() {
    let (mut first, mut all) = (0, 0);
    for (path, what) in expected("annoy") {
        let place = path.display();
        let container = open(Input::open(&path).unwrap(), &ReadOptions::default());
        let container = container.unwrap_or_else(|error| panic!("{error}"));
        let index = container.index().unwrap();
        assert_eq!(index.rows, what["n_items"].as_u64(), "{place}");
        if index.rows == Some(0) {
            continue;
        }
        let metric = what["metric"].as_str().unwrap();
        let mut dim = what["f"].as_u64().unwrap() as usize;
        if metric == "hamming" {
            dim = dim.next_multiple_of(64); // the file has whole words
        }
        let bytes = std::fs::read(&path).unwrap();
        let found = candidates(&bytes);
        let names: Vec<_> = found.iter().map(|c| (c.layout.name, c.dim, c.fit)).collect();
        let position = found.iter().position(|c| c.layout.name == metric && c.dim == dim);
        let position = position.unwrap_or_else(|| panic!("{place}: {names:?}"));
        let trees = found[position].nodes.trees(found[position].layout);
        assert_eq!(trees as u64, what["n_trees"], "{place}");
        all += 1;
        first += usize::from(position == 0);
        if metric != "manhattan" && index.rows > Some(2) {
            assert_eq!(position, 0, "{place}: {names:?}");
            assert_eq!(index.kind, format!("annoy:{metric}"));
            assert_eq!(index.dim, Some(dim));
            assert_eq!(index.params[0], ("trees".to_owned(), Value::Int(trees as i64)));
        }
    }
    assert!(first * 2 > all, "{first} of {all}");
}

#[test]
fn broken_trees_are_refused() {
    for (path, what) in expected("bad") {
        if what["format"] != "annoy" {
            continue;
        }
        let begin = Instant::now();
        let outcome = open(Input::open(&path).unwrap(), &ReadOptions::default());
        assert!(begin.elapsed() < Duration::from_secs(1), "{}", path.display());
        if what["expect"] == "error" && what["kind"] == "truncated" {
            assert!(outcome.is_err(), "{}", path.display());
        }
        let name = path.file_name().unwrap().to_string_lossy();
        if name.contains("_child_max") || name.contains("_child_negative") {
            assert!(outcome.is_err(), "{name}");
        }
    }
}

#[test]
fn damage_never_ends_in_a_panic() {
    for (path, _) in expected("annoy") {
        let bytes = std::fs::read(&path).unwrap();
        let end = &bytes[bytes.len().saturating_sub(4_000)..];
        mutate(end, 20, |bytes| drop(open_bytes(&Annoy, bytes, &ReadOptions::default())));
        for length in [0, 3, 4, 15, 16, 20, 21, bytes.len() / 2, bytes.len() - 1] {
            let _ = open_bytes(&Annoy, &bytes[..length], &ReadOptions::default());
        }
    }
}

#[test]
fn repeated_bytes_take_no_time() {
    for byte in [1, 0x7f, 0xff] {
        let bytes = vec![byte; 55_440 * 16];
        let begin = Instant::now();
        let _ = open_bytes(&Annoy, &bytes, &ReadOptions::default());
        assert!(begin.elapsed() < Duration::from_secs(1));
    }
}
