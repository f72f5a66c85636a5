//! Builds the library that is preloaded into children.

use crate::fixtures::sha256;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library, compiled on first use and kept below `target/` under the checksum of its sources.
///
/// # Panics
/// If there is no C compiler, or it fails.
pub(super) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(build)
}

fn build() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = package.join("src/faults/layer");
    let sources = ["layer.h", "layer.c", "calls.c"].map(|name| folder.join(name));
    let texts: Vec<_> = sources.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let built = package.join("../../target/faults");
    let library = built.join(format!("{}.so", &sha256(&texts.concat())[..16]));
    if !library.exists() {
        std::fs::create_dir_all(&built).unwrap();
        let temporary = built.join(format!("{}.part", std::process::id()));
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-O2", "-pthread", "-o"]);
        command.arg(&temporary).args(&sources[1..]);
        crate::peers::must_succeed(&mut command);
        // Several test programs may build it at the same time; each renames a whole library.
        std::fs::rename(&temporary, &library).unwrap();
    }
    library.canonicalize().unwrap()
}
