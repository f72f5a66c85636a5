//! Files written by the real libraries, with what a reader must get, and hostile files.
//!
//! `expected.json` in each folder maps a file name to its arrays: shape, type and checksums.

use anear_types::MatrixRef;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The folder of fixtures: the full set beside the project where there is one, else the project's
/// own copy of the part it needs.
pub fn folder() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let full_set = project.join("../shared/fixtures");
    if full_set.is_dir() { full_set } else { project.join("testdata/fixtures") }
}

/// The files that `expected.json` of a sub-folder lists, with what it says of each.
///
/// # Panics
/// If there is no such sub-folder.
pub fn expected(sub_folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = folder().join(sub_folder);
    let path = folder.join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let all: Value = serde_json::from_str(&text).expect("expected.json is JSON");
    let files = all["files"].as_object().expect("expected.json has files");
    files.iter().map(|(name, what)| (folder.join(name), what.clone())).collect()
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The components of a matrix as little-endian f32, as `sha256_f32` of the fixtures has them.
pub fn f32_bytes(matrix: MatrixRef<'_>) -> Vec<u8> {
    let element = matrix.element();
    let components = matrix.bytes().chunks_exact(element.bytes());
    components.flat_map(|bytes| (element.read_f64(bytes) as f32).to_le_bytes()).collect()
}
