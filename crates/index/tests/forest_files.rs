//! Searching files of the real Annoy, and hostile ones.

use anear_index::Keep;
use anear_index::forest::{Ask, Forest, Hit, Scratch};
use anear_io::Input;
use anear_testkit::fixtures::{expected, folder};
use anear_types::{Metric, Result};
use serde_json::Value;
use std::path::Path;

fn metric_of(what: &Value) -> Metric {
    match what["metric"].as_str().unwrap() {
        "dot" => Metric::InnerProduct,
        name => Metric::from_name(name).unwrap(),
    }
}

fn dim_of(what: &Value) -> usize {
    what["f"].as_u64().unwrap() as usize
}

fn floats(values: &Value) -> Vec<f32> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

/// The rows of a `.npy` file of float32.
fn queries(path: &Path, dim: usize) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values = bytes[header..].as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    values.collect::<Vec<f32>>().chunks(dim).map(<[f32]>::to_vec).collect()
}

fn ask(answer: &Value) -> Ask<'static> {
    Ask {
        count: answer["k"].as_u64().unwrap() as usize,
        search_k: answer["search_k"].as_i64().unwrap() as i32,
        fill: false,
        keep: Keep::All,
    }
}

/// How far two distances may be apart: they may differ in their last bits, since Annoy may have been
/// compiled for another processor when the file was made. An angular one is the root of a
/// difference from 2, in which the bits that are lost count the more the smaller it is; the terms of an
/// inner product may cancel each other.
fn bound(metric: Metric, distance: f32) -> f32 {
    match metric {
        Metric::Angular => 1e-6_f32.max(2.5e-7 / distance.max(2.5e-4)),
        Metric::InnerProduct => 4e-6 * distance.abs().max(1.0),
        _ => 1e-6 * distance.abs().max(1.0),
    }
}

fn check(found: &[Hit], answer: &Value, metric: Metric, place: &str) {
    let ids = answer["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap());
    let items: Vec<u64> = found.iter().map(|hit| u64::from(hit.item)).collect();
    assert_eq!(items, ids.collect::<Vec<u64>>(), "{place}");
    for (hit, distance) in found.iter().zip(floats(&answer["distances"])) {
        let bound = bound(metric, distance);
        assert!((hit.distance - distance).abs() <= bound, "{place}: {hit:?} {distance}");
    }
}

#[test]
fn every_file_gives_the_expected_answers() {
    let mut searched = 0;
    for (path, what) in expected("annoy") {
        let place = path.display().to_string();
        let (metric, dim) = (metric_of(&what), dim_of(&what));
        let forest = Forest::load(&path, metric, dim, true).unwrap();
        assert_eq!(forest.len() as u64, what["n_items"], "{place}");
        assert_eq!(forest.trees() as u64, what["n_trees"], "{place}");
        let mut scratch = Scratch::default();
        let rows = queries(&folder().join(what["queries"].as_str().unwrap()), dim);
        for answers in what["searches"].as_array().unwrap_or(&Vec::new()) {
            let ask = ask(answers);
            let expected = answers["by_vector"].as_array().unwrap();
            assert_eq!(expected.len(), rows.len(), "{place}");
            let each = forest.nearest_each(&rows.concat(), &ask, 2, None).unwrap();
            for ((query, many), answer) in rows.iter().zip(each).zip(expected) {
                let found = forest.nearest(query, &ask, &mut scratch).unwrap();
                assert_eq!(found, many, "{place}");
                check(&found, answer, metric, &place);
                searched += 1;
            }
        }
        for answer in what["by_item"].as_array().unwrap_or(&Vec::new()) {
            let item = answer["item"].as_u64().unwrap() as u32;
            let found = forest.nearest_to_item(item, &ask(answer), &mut scratch).unwrap();
            check(&found, answer, metric, &place);
        }
        for pair in what["pair_distances"].as_array().unwrap_or(&Vec::new()) {
            let (x, y) = (pair[0].as_u64().unwrap() as u32, pair[1].as_u64().unwrap() as u32);
            let (found, expected) =
                (forest.distance(x, y).unwrap(), pair[2].as_f64().unwrap() as f32);
            assert!((found - expected).abs() <= bound(metric, expected), "{place}: {pair} {found}");
        }
        if let Some(vectors) = what["item_vectors"].as_object() {
            for (item, vector) in vectors {
                let found = forest.item_vector(item.parse().unwrap()).unwrap();
                assert_eq!(found, floats(vector), "{place}");
            }
        }
    }
    assert!(searched >= 100, "{searched} searches");
}

/// Opens bytes as a file and asks everything of it.
fn use_it(input: &Input, metric: Metric, dim: usize) -> Result<()> {
    let forest = Forest::from_input(input, metric, dim)?;
    let mut scratch = Scratch::default();
    for search_k in [-1, 100_000] {
        let ask = Ask { search_k, ..Ask::nearest(10) };
        for query in [vec![0.0; dim], vec![1.0; dim], vec![f32::NAN; dim]] {
            forest.nearest(&query, &ask, &mut scratch)?;
            forest.nearest_each(&query.repeat(3), &ask, 1, None)?;
            forest.nearest(&query, &Ask { fill: true, ..ask }, &mut scratch)?;
        }
        for item in [0, 1, 5].into_iter().filter(|item| (*item as usize) < forest.len()) {
            forest.nearest_to_item(item, &ask, &mut scratch)?;
            forest.item_vector(item)?;
            forest.distance(item, 0)?;
        }
    }
    Ok(())
}

#[test]
fn hostile_files_end_in_an_error_or_an_answer() {
    let mut refused = 0;
    for (path, what) in expected("bad") {
        if what["format"] != "annoy" {
            continue;
        }
        let place = path.display();
        let input = Input::open(&path).unwrap();
        let outcome = use_it(&input, metric_of(&what), dim_of(&what));
        match what["expect"].as_str().unwrap() {
            "error" => {
                assert!(outcome.is_err(), "{place}");
                refused += 1;
            }
            "nonfinite" => outcome.unwrap_or_else(|error| panic!("{place}: {error}")),
            _ => {}
        }
    }
    assert!(refused >= 2, "{refused} refused");
}

#[test]
fn damage_never_ends_in_a_panic() {
    let numbers = [0, 1, 2, 5, 30, 1 << 20, 0x7fff_ffff, 0x8000_0000, u32::MAX - 4, u32::MAX];
    for (path, what) in expected("annoy") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["two_items", "f2", "one_tree", "t1", "gaps"].iter().any(|part| name.contains(part)) {
            continue;
        }
        let (metric, dim) = (metric_of(&what), dim_of(&what));
        let bytes = std::fs::read(&path).unwrap();
        let mut state = 1u64;
        for _ in 0..200 {
            let mut damaged = bytes.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = (state >> 33) as usize % (bytes.len() / 4) * 4;
                let number = numbers[(state >> 20) as usize % numbers.len()];
                damaged[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            let _ = use_it(&Input::from_bytes(&path, damaged), metric, dim);
        }
    }
}
