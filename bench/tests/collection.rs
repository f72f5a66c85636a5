//! `bench/collection.py`: a smoke run with the store that needs least.
//!
//! Where NumPy cannot be had it says `skipped: ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

use std::path::Path;
use std::process::Command;

/// What `collection.py` exits with when a package that it needs cannot be had.
const NOT_TO_BE_HAD: i32 = 77;
const SEARCHES: [&str; 3] = ["search 10 %", "search 0.1 %", "search all"];

#[test]
fn a_smoke_run_measures_everything() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (json, markdown) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("collection.py"))
        .args(["--rows", "1000", "--runs", "1", "--engines", "plain", "--json"])
        .arg(&json)
        .arg("--markdown")
        .arg(&markdown)
        .output()
        .expect("python3 runs");
    let said =
        String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    let required = std::env::var_os("ANEAR_REQUIRE_PEERS").is_some();
    if output.status.code() == Some(NOT_TO_BE_HAD) {
        assert!(!required, "{said}");
        eprintln!("skipped: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let report = std::fs::read_to_string(json).expect("the report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("a JSON report");
    let markdown = std::fs::read_to_string(markdown).expect("the document");
    assert!(markdown.contains("| bulk add, synced |"), "{markdown}");
    if report["not_there"].get("SQLite+FAISS").is_some() {
        assert!(!required, "{report}");
        return;
    }
    check_measured(&report["measured"]);
}

/// Every measurement took time, and the searches found all there is.
fn check_measured(measured: &serde_json::Value) {
    for name in ["add_many", "add_singles", "open_again"].iter().chain(&SEARCHES) {
        let found = &measured[name]["SQLite+FAISS"];
        assert!(found["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{name}: {found}");
    }
    for name in SEARCHES {
        assert!(
            measured[name]["SQLite+FAISS"]["recall"].as_f64().is_some_and(|recall| recall > 0.999),
            "{measured}"
        );
    }
    let bytes = |name: &str| measured[name]["SQLite+FAISS"]["bytes"].as_u64().expect("bytes");
    let vectors = 1000 * 384 * 4;
    assert!(bytes("add_many") > 2 * vectors, "a pickle and a row of the index each: {measured}");
    assert!(bytes("add_singles") > bytes("add_many"), "{measured}");
}
