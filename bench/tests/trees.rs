//! `bench/trees.py`: a smoke run, which also compares files and answers.
//!
//! Where Annoy cannot be had it says `skipped: ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

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
        .arg(a_small_set(folder.path()))
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

/// A folder of vectors as the benchmarks read them.
fn a_small_set(folder: &Path) -> &Path {
    let row = |row: u32| (0..8).map(move |column| ((row * 31 + column * 17) % 97) as f32);
    for (name, rows) in [("base", 500), ("queries", 20)] {
        let mut bytes = npy_header(rows);
        bytes.extend((0..rows).flat_map(row).flat_map(f32::to_le_bytes));
        std::fs::write(folder.join(format!("{name}.npy")), bytes).expect("a file");
    }
    let info = r#"{"name": "small", "metric": "angular"}"#;
    std::fs::write(folder.join("info.json"), info).expect("a file");
    folder
}

fn npy_header(rows: u32) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 8), }}");
    let padded = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00".as_slice(), &(padded.len() as u16).to_le_bytes(), padded.as_bytes()]
        .concat()
}
