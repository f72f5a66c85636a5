//! The tests of the Python package, which are in Python.
//!
//! They run against the library that cargo has just built for this test, laid beside the Python
//! files as a wheel would have it: a wheel of its own would build every crate once more. CI also
//! installs the real wheel, with pip.

use anear_testkit::{fixtures, peers};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE_SETTINGS: &str = "crates/python/pyproject.toml";
const FRAMEWORKS: &str = "crates/python/tests/frameworks";
const BESIDE_ANNOY: &str = "crates/python/tests/beside_annoy";
const BESIDE_FAISS: &str = "crates/python/tests/beside_faiss";

#[test]
fn the_package_passes_its_tests() {
    let python = peers::environment(
        "python",
        "crates/python/tests/requirements.txt",
        "numpy, pytest, mypy, pyarrow, pandas, ml_dtypes",
    );
    if let Some(python) = peers::found_or_skipped(python, "the Python package") {
        let mut command = pytest(&python, &[package()], PACKAGE_SETTINGS, &["crates/python/tests"]);
        let others =
            [FRAMEWORKS, BESIDE_ANNOY, BESIDE_FAISS].map(|folder| format!("--ignore={folder}"));
        peers::must_succeed(command.args(others));
    }
}

/// The suites that LangChain, Haystack and scikit-learn have for what is made for them, and ours.
#[test]
fn the_package_passes_the_tests_of_other_frameworks() {
    let python = peers::environment(
        "python-frameworks",
        &format!("{FRAMEWORKS}/requirements.txt"),
        "haystack, langchain_tests, llama_index.core, sklearn, pytest_asyncio, pytest_socket, mypy",
    );
    if let Some(python) = peers::found_or_skipped(python, "the Python package in other frameworks")
    {
        let settings = format!("{FRAMEWORKS}/pytest.ini");
        peers::must_succeed(&mut pytest(&python, &[package()], &settings, &[FRAMEWORKS]));
    }
}

/// Annoy in the same process: the same answers, files and errors. It has no wheels, so this needs
/// a C++ compiler.
#[test]
fn the_package_does_what_annoy_does() {
    let requirements = format!("{BESIDE_ANNOY}/requirements.txt");
    let python = peers::environment("python-annoy", &requirements, "annoy, numpy, pytest");
    if let Some(python) = peers::found_or_skipped(python, "the Python package beside Annoy") {
        let settings = format!("{BESIDE_ANNOY}/pytest.ini");
        peers::must_succeed(&mut pytest(&python, &[package()], &settings, &[BESIDE_ANNOY]));
    }
}

/// FAISS in the same process: the same answers and exceptions, and files that either reads.
#[test]
fn the_package_does_what_faiss_does() {
    let requirements = format!("{BESIDE_FAISS}/requirements.txt");
    let python = peers::environment("python-faiss", &requirements, "faiss, numpy, pytest");
    if let Some(python) = peers::found_or_skipped(python, "the Python package beside FAISS") {
        let settings = format!("{BESIDE_FAISS}/pytest.ini");
        peers::must_succeed(&mut pytest(&python, &[package()], &settings, &[BESIDE_FAISS]));
    }
}

/// The interpreter that has torch may have an old NumPy too, and no pytest.
#[test]
fn the_package_passes_its_tests_beside_torch() {
    let python = peers::python_with_torch();
    let Some(python) = peers::found_or_skipped(python, "the Python package with torch") else {
        return;
    };
    let tools = target().join("python-tools");
    let has_tools = Command::new(&python)
        .args(["-c", "import pytest"])
        .env("PYTHONPATH", &tools)
        .output()
        .is_ok_and(|output| output.status.success());
    let made = match has_tools {
        true => Ok(()),
        false => peers::step(
            Command::new("python3")
                .args(["-m", "pip", "-q", "install", "pytest", "--target"])
                .arg(&tools),
        ),
    };
    if peers::found_or_skipped(made, "the Python package with torch").is_some() {
        let tests = ["torch", "inputs", "vectors", "search", "index"]
            .map(|name| format!("crates/python/tests/test_{name}.py"));
        let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
        let path = [package(), tools];
        peers::must_succeed(&mut pytest(&python, &path, PACKAGE_SETTINGS, &tests));
    }
}

fn pytest(python: &Path, path: &[PathBuf], settings: &str, tests: &[&str]) -> Command {
    let mut command = Command::new(python);
    command
        .current_dir(project())
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", settings])
        .args(tests)
        .env("PYTHONPATH", std::env::join_paths(path).expect("paths without a colon"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ANEAR_FIXTURES", fixtures::folder());
    command
}

/// The folder that holds the package: its Python files, and the library as the module `_anear`.
fn package() -> PathBuf {
    let folder = target().join("python-package");
    let package = folder.join("anear");
    copy_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("python/anear"), &package);
    let suffix = if cfg!(windows) { "pyd" } else { "abi3.so" };
    replace(&library(), &package.join(format!("_anear.{suffix}")));
    folder
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("target can be written to");
    for entry in from.read_dir().expect("the package is there") {
        let source = entry.expect("the package can be listed").path();
        let target = to.join(source.file_name().expect("an entry has a name"));
        match source.is_dir() {
            true => copy_files(&source, &target),
            false => replace(&source, &target),
        }
    }
}

/// Copies a file beside its target and renames it: the other test may be reading the target.
fn replace(source: &Path, target: &Path) {
    let name = format!("{}.{:?}", target.display(), std::thread::current().id());
    let copy = PathBuf::from(name);
    let copied = std::fs::copy(source, &copy).and_then(|_| std::fs::rename(&copy, target));
    copied.unwrap_or_else(|error| panic!("{}: {error}", source.display()));
}

/// The library that was built with this test.
fn library() -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let test = std::env::current_exe().expect("a test knows where it is");
    test.with_file_name(format!("{DLL_PREFIX}_anear{DLL_SUFFIX}"))
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn target() -> PathBuf {
    project().join("target")
}
