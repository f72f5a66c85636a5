//! `bench/search.py` and its parts: the Python tests, and a smoke run on the data in the repository.
//!
//! Where NumPy cannot be had they say `skipped: ..` and pass, unless `ANEAR_REQUIRE_PEERS` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What `search.py` exits with when a package that it needs cannot be had.
const NOT_TO_BE_HAD: i32 = 77;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn a_smoke_run_measures_and_the_parts_hold() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (json, markdown) = (folder.path().join("out.json"), folder.path().join("out.md"));
    let output = Command::new("python3")
        .arg(project().join("bench/search.py"))
        .args(["--quick", "--engines", "faiss,numpy", "--json"])
        .arg(&json)
        .arg("--markdown")
        .arg(&markdown)
        .output()
        .expect("python3 runs");
    if output.status.code() == Some(NOT_TO_BE_HAD) {
        assert!(std::env::var_os("ANEAR_REQUIRE_PEERS").is_none(), "{}", said(&output));
        eprintln!("skipped: {}", said(&output));
        return;
    }
    assert!(output.status.success(), "{}", said(&output));
    check_report(&std::fs::read_to_string(json).expect("the report"));
    let markdown = std::fs::read_to_string(markdown).expect("the document");
    assert!(markdown.contains("| 1 query, 1 thread, k=10 |"), "{markdown}");
    python_tests();
}

/// NumPy is there, finds nearly everything, and took time; FAISS did too, or its absence is told.
fn check_report(text: &str) {
    let report: serde_json::Value = serde_json::from_str(text).expect("a JSON report");
    let data = &report["data_sets"][0];
    assert_eq!(data["dim"], 384);
    let scenarios = data["scenarios"].as_array().expect("scenarios");
    assert_eq!(scenarios.len(), 4);
    let missing = data["not_there"].get("faiss").is_some();
    assert!(!missing || std::env::var_os("ANEAR_REQUIRE_PEERS").is_none(), "{data}");
    for scenario in scenarios {
        for label in ["NumPy", "FAISS"] {
            let result = &scenario["results"][label];
            if label == "FAISS" && missing {
                assert!(result["not_there"].is_string(), "{scenario}");
                continue;
            }
            assert!(result["recall"].as_f64().is_some_and(|recall| recall > 0.99), "{scenario}");
            assert!(result["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{scenario}");
        }
    }
}

fn python_tests() {
    let output = Command::new(project().join("target/search/venv/bin/python"))
        .args(["-P", "-m", "unittest", "discover", "-s"])
        .arg(project().join("bench/tests"))
        .env("PYTHONPATH", project().join("bench"))
        .output()
        .expect("the environment's python runs");
    assert!(output.status.success(), "{}", said(&output));
}
