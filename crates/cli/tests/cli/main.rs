//! The command line as a user meets it: what it prints, and its exit codes.

mod annoy;
mod collections;
mod files;

use serde_json::Value as Json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> String {
    project().join("examples/data").join(name).to_string_lossy().into_owned()
}

fn anear(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_anear")).args(arguments).output().unwrap()
}

/// Standard output of a command that succeeds.
fn said(arguments: &[&str]) -> String {
    let output = anear(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Json {
    serde_json::from_str(&said(&[arguments, &["--json"]].concat())).unwrap()
}

/// Exit code and error lines of a command that fails.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = anear(arguments);
    assert!(output.stdout.is_empty(), "{arguments:?} printed something before it failed");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Standard output of a command that succeeds on this standard input.
fn said_to(input: &str, arguments: &[&str]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_anear"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder that goes away with the test, and names in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }
}
