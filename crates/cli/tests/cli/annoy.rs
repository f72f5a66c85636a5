//! Annoy files and trees on the command line.

use super::{Folder, example, failure, json, said};
use serde_json::json;

/// Rows and distances of the hits of the first query.
fn hits(answer: &serde_json::Value) -> Vec<(u64, f64)> {
    let hits = answer["results"][0]["hits"].as_array().unwrap().iter();
    hits.map(|hit| (hit["row"].as_u64().unwrap(), hit["distance"].as_f64().unwrap())).collect()
}

#[test]
fn a_file_is_built_described_and_searched_through_its_trees() {
    let folder = Folder::new();
    let (input, output) = (example("glosses.parquet"), folder.path("x.ann"));
    let built = json(&["index", &input, "-o", &output, "--kind", "forest", "--metric", "cosine"]);
    assert_eq!((&built["format"], &built["kind"]), (&json!("annoy"), &json!("forest")));
    let info = json(&["info", &output]);
    assert_eq!(info["index"]["kind"], "annoy:angular");
    assert_eq!(info["index"]["rows"], built["rows"]);
    let candidates = info["index"]["params"]["candidates"].as_str().unwrap();
    assert!(candidates.starts_with("angular f=") && candidates.contains("%)"), "{candidates}");

    let search =
        |more: &[&str]| json(&[&["search", &output, "--row", "7", "-k", "9"], more].concat());
    let (trees, exact) = (search(&[]), search(&["--exact"]));
    assert_eq!((&trees["exact"], &exact["exact"]), (&json!(false), &json!(true)));
    let (trees, exact) = (hits(&trees), hits(&exact));
    assert_eq!(trees.len(), 9);
    assert_eq!(trees[0].0, 7);
    let found = trees.iter().filter(|(row, _)| exact.iter().any(|(other, _)| row == other));
    assert!(found.count() >= 4, "{trees:?} {exact:?}");
    // A filter leaves exactly k.
    let few = search(&["--where", "row IN (1, 2, 3, 400, 500)"]);
    let mut rows: Vec<u64> = hits(&few).iter().map(|(row, _)| *row).collect();
    rows.sort_unstable();
    assert_eq!(rows, [1, 2, 3, 400, 500]);

    let (code, error) = failure(&["index", &input, "-o", &output, "--metric", "cosine"]);
    assert!(code == 2 && error.contains("exists"), "{code} {error}");
    let canberra = folder.path("y.ann");
    let (code, error) = failure(&["index", &input, "-o", &canberra, "--metric", "canberra"]);
    assert!(code == 3 && error.contains("angular"), "{code} {error}");
}

#[test]
fn numbers_of_items_are_kept_from_and_to_other_formats() {
    let folder = Folder::new();
    let lines = folder.path("x.jsonl");
    let ids = [3, 4, 9, 20];
    let text: String = ids.map(|id| format!("{{\"id\": {id}, \"v\": [{id}, 1, 0.5]}}\n")).concat();
    std::fs::write(&lines, text).unwrap();
    let trees = folder.path("x.ann");
    said(&["convert", &lines, &trees, "--metric", "euclidean"]);
    for name in ["y.anx", "y.faiss", "y.npz", "y.ann"] {
        let output = folder.path(name);
        said(&["convert", &trees, &output]);
        let answer = json(&["search", &output, "--vector", "[9, 1, 0.5]", "-k", "4"]);
        let found = answer["results"][0]["hits"].as_array().unwrap().iter();
        let found: Vec<u64> = found.map(|hit| hit["id"].as_u64().unwrap()).collect();
        assert_eq!(found, [9, 4, 3, 20], "{name}");
    }
    std::fs::write(&lines, "{\"id\": 99999999, \"v\": [1, 2]}\n").unwrap();
    let (code, error) = failure(&["convert", &lines, &trees, "--metric", "euclidean", "--force"]);
    assert!(code == 2 && error.contains("largest id"), "{code} {error}");
}

#[test]
fn an_index_of_kind_forest_is_kept_and_searched() {
    let folder = Folder::new();
    let (input, output) = (example("glosses.parquet"), folder.path("x.anx"));
    let built = json(&["index", &input, "-o", &output, "--kind", "forest"]);
    assert_eq!(built["kind"], "forest");
    let search = |more: &[&str]| {
        json(&[&["search", &output, "--row", "7", "-k", "9", "--metric", "cosine"], more].concat())
    };
    let (trees, exact) = (search(&[]), search(&["--exact"]));
    assert_eq!((&trees["exact"], &exact["exact"]), (&json!(false), &json!(true)));
    assert_eq!(hits(&trees)[0], hits(&exact)[0]);
    assert_eq!(hits(&trees).len(), 9);
}
