//! The real libraries, for tests that compare with them.
//!
//! They live in a virtual environment below `target/`, made on first use and kept. Where they
//! cannot be had, a test says `skipped: no ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A Python interpreter with NumPy, h5py, safetensors, pyarrow and FAISS, or why there is none.
pub fn python() -> Result<PathBuf, String> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let requirements = "crates/cli/tests/peers/requirements.txt";
    let imports = "numpy, h5py, safetensors, pyarrow, faiss";
    PYTHON.get_or_init(|| environment("peers", requirements, imports)).clone()
}

/// A Python interpreter with torch and NumPy: the one above if torch was put there, else the
/// system's own (on Debian, the package `python3-torch`).
pub fn python_with_torch() -> Result<PathBuf, String> {
    let environment = python().into_iter();
    environment
        .chain(["python3".into(), "/usr/bin/python3".into()])
        .find(|python| succeeds(Command::new(python).args(["-c", "import torch, numpy"])))
        .ok_or_else(|| "no torch (on Debian: apt-get install python3-torch)".to_owned())
}

/// Runs a script of a test with the interpreter found, or says that it is skipped.
///
/// # Panics
/// If the script fails, or the libraries are missing although `ANEAR_REQUIRE_PEERS` is set.
pub fn run(python: Result<PathBuf, String>, script: &Path, arguments: &[&str]) {
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    if let Some(python) = found_or_skipped(python, &name) {
        must_succeed(Command::new(python).arg(script).args(arguments));
    }
}

/// What was found; `None`, with a line that says so, if it is missing and a test may be skipped.
///
/// # Panics
/// If it is missing although `ANEAR_REQUIRE_PEERS` is set.
pub fn found_or_skipped<T>(found: Result<T, String>, name: &str) -> Option<T> {
    found
        .map_err(|missing| {
            assert!(std::env::var_os("ANEAR_REQUIRE_PEERS").is_none(), "{name}: {missing}");
            eprintln!("{name} skipped: {missing}");
        })
        .ok()
}

/// Runs a command and shows what it said.
///
/// # Panics
/// If it fails.
pub fn must_succeed(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = said(&output);
    assert!(output.status.success(), "{command:?}:\n{text}");
    eprintln!("{text}");
}

/// A Python interpreter in a virtual environment `target/NAME`, made on first use from a file of
/// requirements, that can do these imports; or why there is none.
///
/// # Errors
/// What Python or pip said.
pub fn environment(name: &str, requirements: &str, imports: &str) -> Result<PathBuf, String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = project.join("target").join(name);
    let python = folder.join("bin/python");
    let check = ["-c", &format!("import {imports}")];
    if succeeds(Command::new(&python).args(check)) {
        return Ok(python);
    }
    eprintln!("making a virtual environment with {imports} in target/{name}");
    let made = step(Command::new("python3").args(["-m", "venv"]).arg(&folder))
        .and_then(|()| {
            let install = ["-m", "pip", "-q", "install", "-r"];
            step(Command::new(&python).args(install).arg(project.join(requirements)))
        })
        .and_then(|()| step(Command::new(&python).args(check)));
    made.map_err(|error| format!("no {imports}: {error}"))?;
    Ok(python)
}

/// Does one step of making an environment.
///
/// # Errors
/// What the command said when it failed.
pub fn step(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(said(&output)),
        Err(error) => Err(format!("no python3: {error}")),
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}
