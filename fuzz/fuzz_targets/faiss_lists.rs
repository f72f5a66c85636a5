//! Bytes as a file `ilod.faiss` on disk. Its lists may lie in a file beside it, and where that is the file
//! itself, there are some.
#![no_main]

use anear_io::Input;
use std::path::PathBuf;
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = anear_fuzz::scratch().join(format!("anear-lists-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
});

libfuzzer_sys::fuzz_target!(init: anear_fuzz::init(), |bytes: &[u8]| {
    anear_fuzz::run(|| {
        let path = FOLDER.join("ilod.faiss");
        std::fs::write(&path, bytes).expect("a file");
        anear_fuzz::ann::read(Input::open(path).expect("the file"));
    });
});
