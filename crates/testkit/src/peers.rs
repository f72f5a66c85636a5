//! The real libraries, for tests that compare with them.
//!
//! They live in a virtual environment below `target/`, made on first use and kept. Where they
//! cannot be had, a test says `skipped: no ..` and passes, unless `ANEAR_REQUIRE_PEERS` is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A Python interpreter with NumPy, h5py, safetensors and pyarrow, or why there is none.
pub fn python() -> Result<PathBuf, String> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PYTHON.get_or_init(make_environment).clone()
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
    let python = match python {
        Ok(python) => python,
        Err(missing) => {
            assert!(std::env::var_os("ANEAR_REQUIRE_PEERS").is_none(), "{name}: {missing}");
            eprintln!("{name} skipped: {missing}");
            return;
        }
    };
    let output = Command::new(&python).arg(script).args(arguments).output().expect("python runs");
    let text = said(&output);
    assert!(output.status.success(), "{} {}:\n{text}", python.display(), script.display());
    eprintln!("{text}");
}

fn make_environment() -> Result<PathBuf, String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let requirements = project.join("crates/cli/tests/peers/requirements.txt");
    let folder = project.join("target/peers");
    let python = folder.join("bin/python");
    let check = ["-c", "import numpy, h5py, safetensors, pyarrow"];
    if succeeds(Command::new(&python).args(check)) {
        return Ok(python);
    }
    eprintln!("making a virtual environment with the real libraries in target/peers");
    step(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    step(Command::new(&python).args(["-m", "pip", "-q", "install", "-r"]).arg(requirements))?;
    step(Command::new(&python).args(check))?;
    Ok(python)
}

fn step(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("no numpy, h5py, safetensors, pyarrow: {}", said(&output))),
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
