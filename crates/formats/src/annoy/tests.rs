//! Files of the real library and damaged ones.

use super::{Annoy, candidates};
use crate::testing::{entry_rows, mutate, open_bytes, read_everything};
use crate::{Container, ReadOptions, open};
use anear_io::Input;
use anear_testkit::fixtures::{expected, sha256};
use anear_types::{Element, Metric, Value};
use serde_json::Value as Json;
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

/// The numbers of the items, as `expected.json` has them: a list, or the first and last of all.
fn present(what: &Json) -> Vec<i64> {
    match what["present_ids"].as_str() {
        Some(range) => {
            let (first, last) = range.split_once("..").unwrap();
            (first.parse().unwrap()..=last.parse().unwrap()).collect()
        }
        None => {
            what["present_ids"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect()
        }
    }
}

/// The numbers that a file gives its rows.
fn numbers(container: &dyn Container, entry: usize) -> Vec<i64> {
    let schema = &container.entries()[entry].schema;
    if schema.columns.is_empty() {
        return (0..schema.rows as i64).collect();
    }
    assert_eq!(schema.ids, Some(0));
    let ids = container.metadata(entry, &[0], 0..schema.rows).unwrap().remove(0);
    let number = |id: &Value| if let Value::Int(number) = id { *number } else { panic!("{id:?}") };
    ids.values.iter().map(number).collect()
}

/// Rows of bits as rows of numbers, of which there may be fewer.
fn bits_as_f32(rows: &[u8], row_bytes: usize, dim: usize) -> Vec<u8> {
    let bit = |row: &[u8], at: usize| f32::from(row[at / 8] >> (at % 8) & 1).to_ne_bytes();
    rows.chunks(row_bytes).flat_map(|row| (0..dim).flat_map(|at| bit(row, at))).collect()
}

#[test]
fn items_are_read_with_their_numbers() {
    let mut clear = 0;
    for (path, what) in expected("annoy") {
        let place = path.display();
        let container = open(Input::open(&path).unwrap(), &ReadOptions::default()).unwrap();
        let (metric, dim) =
            (what["metric"].as_str().unwrap(), what["f"].as_u64().unwrap() as usize);
        if what["n_items"] == 0 {
            assert!(container.entries().is_empty(), "{place}");
            continue;
        }
        let element = if metric == "hamming" { Element::U8 } else { Element::F32 };
        let is_it = |entry: &crate::Entry| {
            let (found, dim) = (&entry.schema, dim * element.bytes());
            found.element == element
                && found.row_bytes().next_multiple_of(8) >= dim.div_ceil(8)
                && (metric == "hamming" || found.row_bytes() == dim)
        };
        let entry = container.entries().iter().position(is_it);
        let entry = entry.unwrap_or_else(|| panic!("{place}: {:?}", container.entries()));
        let schema = &container.entries()[entry].schema;
        let rows = entry_rows(&*container, entry).unwrap();
        let rows = match element {
            Element::U8 => bits_as_f32(&rows, schema.row_bytes(), dim),
            _ => rows,
        };
        assert_eq!(sha256(&rows), what["vectors"]["sha256_f32"], "{place}");
        assert_eq!(numbers(&*container, entry), present(&what), "{place}");
        if what["n_items"].as_u64() > Some(1) {
            assert_eq!(container.entries().len(), 1, "{place}");
            clear += 1;
        }
    }
    assert!(clear >= 6, "{clear} files");
}

#[test]
fn a_forest_with_gaps_is_walked() {
    let file = forest_with_gaps();
    let container = open_bytes(&Annoy, &file, &ReadOptions::default()).unwrap();
    let names: Vec<&str> = container.entries().iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["angular-2"]);
    let schema = &container.entries()[0].schema;
    assert_eq!((schema.rows, schema.metric), (7, Some(Metric::Angular)));
    assert_eq!(numbers(&*container, 0), [0, 1, 2, 3, 5, 6, 8]);
    let rows = entry_rows(&*container, 0).unwrap();
    let vector = |number: u8| [f32::from(number), 1.0].map(f32::to_ne_bytes).concat();
    assert_eq!(rows, [0, 1, 2, 3, 5, 6, 8].map(vector).concat());
}

#[test]
fn a_file_without_trees_is_items_only() {
    let file = forest_with_gaps();
    let items = &file[..9 * 20];
    let container = open_bytes(&Annoy, items, &ReadOptions::default()).unwrap();
    let index = container.index().unwrap();
    assert_eq!((index.rows, &index.params[0].1), (Some(9), &Value::Int(0)));
    assert_eq!(container.entries()[0].name, "angular-2");
    assert_eq!(numbers(&*container, 0), [0, 1, 2, 3, 5, 6, 8]);
}

/// Nine items in a plane, of which numbers 4 and 7 were never added; one tree of leaves with up
/// to four.
fn forest_with_gaps() -> Vec<u8> {
    let node = |first: i32, words: [i32; 4]| {
        [&[first][..], &words].concat().into_iter().flat_map(i32::to_le_bytes).collect::<Vec<u8>>()
    };
    let item = |number: u8| {
        let vector = [f32::from(number), 1.0];
        let norm = vector.iter().map(|x| x * x).sum::<f32>();
        node(1, [norm.to_bits() as i32, 0, vector[0].to_bits() as i32, 1f32.to_bits() as i32])
    };
    let items = (0..9).map(|number| match number {
        4 | 7 => node(0, [0; 4]),
        number => item(number),
    });
    let root = node(9, [9, 10, 1f32.to_bits() as i32, 0]);
    let leaves = [node(4, [0, 1, 2, 3]), node(3, [5, 6, 8, 0])];
    items.chain(leaves).chain([root.clone(), root]).flatten().collect()
}

#[test]
fn a_tree_that_makes_no_sense_is_refused() {
    let file = forest_with_gaps();
    let node = |number: usize, word: usize| number * 20 + 4 * word;
    for (changes, what) in [
        (&[(node(12, 1), 12), (node(12, 2), 12)][..], "more nodes than the file"),
        (&[(node(9, 2), 3)], "item 3 is in a tree twice"),
        (&[(node(12, 2), 9)], "twice"),
    ] {
        let mut bytes = file.clone();
        for (place, word) in changes {
            bytes[*place..place + 4].copy_from_slice(&i32::to_le_bytes(*word));
        }
        let error = open_bytes(&Annoy, &bytes, &ReadOptions::default()).err().expect(what);
        assert!(error.to_string().contains(what), "{error}");
    }
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
        let read = |bytes: &[u8]| {
            if let Ok(container) = open_bytes(&Annoy, bytes, &ReadOptions::default()) {
                read_everything(&*container);
            }
        };
        mutate(end, 20, read);
        for length in [0, 3, 4, 15, 16, 20, 21, bytes.len() / 2, bytes.len() - 1] {
            read(&bytes[..length]);
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
