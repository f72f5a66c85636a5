//! `bench/indexes.py`: a smoke run, which also compares answers.
//!
//! Where FAISS cannot be had it says `skipped: ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

mod small;

use std::path::Path;
use std::process::Command;

/// What `indexes.py` exits with when a package that it needs cannot be had.
const NOT_TO_BE_HAD: i32 = 77;

#[test]
fn a_smoke_run_measures_everything() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (json, markdown) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(bench.join("indexes.py"))
        .args([
            "--queries",
            "20",
            "--runs",
            "1",
            "--kinds",
            "Flat",
            "IVF Flat",
            "HNSW Flat",
            "k-means",
        ])
        .arg("--data")
        .arg(small::set(folder.path()))
        .arg("--json")
        .arg(&json)
        .arg("--markdown")
        .arg(&markdown)
        .output()
        .expect("python3 runs");
    let said =
        String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    if output.status.code() == Some(NOT_TO_BE_HAD) {
        assert!(std::env::var_os("ANEAR_REQUIRE_PEERS").is_none(), "{said}");
        eprintln!("skipped: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let report = std::fs::read_to_string(json).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("a JSON report");
    let kinds = report["sets"][0]["kinds"].as_array().expect("the kinds");
    assert_eq!(kinds.len(), 3);
    for kind in kinds {
        for name in ["all 1", "all 2", "one 1", "one 2"] {
            for library in ["faiss", "anear"] {
                let seconds = kind["measured"][name][library].as_f64();
                assert!(seconds.is_some_and(|seconds| seconds > 0.0), "{name}, {library}: {kind}");
            }
        }
    }
    let markdown = std::fs::read_to_string(markdown).expect("the document");
    assert!(markdown.contains("| IVF Flat (`IVF4,Flat`), all, 1 thread |"), "{markdown}");
}
