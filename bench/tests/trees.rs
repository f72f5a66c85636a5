//! `bench/trees.py`: a smoke run, which also compares files and answers.
//!
//! Where Annoy cannot be had it says `skipped: ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

mod small;

use std::path::Path;
use std::process::Command;

/// What `trees.py` exits with when a package that it needs cannot be had.
const NOT_TO_BE_HAD: i32 = 77;

#[test]
fn a_smoke_run_measures_everything() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (json, markdown) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(bench.join("trees.py"))
        .args(["--rows", "500", "--queries", "20", "--runs", "1", "--large-mib", "4", "--data"])
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
    let measured = &report["sets"][0]["measured"];
    for name in ["add", "build 1", "build 2", "list 10 -1", "batch 10 1000", "open seconds"] {
        for library in ["annoy", "anear"] {
            let seconds = measured[name][library].as_f64();
            assert!(seconds.is_some_and(|seconds| seconds > 0.0), "{name}, {library}: {measured}");
        }
    }
    let markdown = std::fs::read_to_string(markdown).expect("the document");
    assert!(markdown.contains("| query, a list, n=10 |"), "{markdown}");
}
