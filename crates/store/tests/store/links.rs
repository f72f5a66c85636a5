//! Folders whose files lead elsewhere: they are read, and nothing is written there.
#![cfg(unix)]

use crate::helpers::{Folder, add, files, matrix, rows, vectors};
use anear_store::{Access, Batch, Existing, Storage, Store};
use anear_types::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

/// A closed store with ten rows, and a file of it that is now a link to one outside.
fn linked(name: &str) -> (Folder, PathBuf) {
    let folder = Folder::of(Storage::Npy);
    add(&folder.create(), &(0..10).collect::<Vec<_>>(), &[], Existing::Refuse).unwrap();
    let outside = folder.path().with_extension("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::rename(folder.path().join(name), outside.join(name)).unwrap();
    symlink(outside.join(name), folder.path().join(name)).unwrap();
    (folder, outside)
}

#[test]
fn nothing_is_written_through_a_link() {
    for name in ["metadata.sqlite", "vectors-000001.npy", "lock"] {
        let (folder, outside) = linked(name);
        let before = std::fs::read(outside.join(name)).unwrap();
        let reader = Store::open(folder.path(), Access::Read).unwrap();
        assert_eq!(rows(&reader).len(), 10, "{name}");
        let writer = folder.open();
        let large = vectors(0..20_000);
        let batch = Batch { vectors: matrix(&large), ids: None, metadata: &[], json: &[] };
        let error = writer.add(&batch, Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
        drop((reader, writer));
        assert_eq!(files(&outside), [name], "nothing beside it");
        assert!(std::fs::read(outside.join(name)).unwrap() == before, "{name}");
    }
}

#[test]
fn nobody_waits_for_a_pipe() {
    for name in ["vectors-000001.npy", "lock"] {
        let (folder, _) = linked(name);
        let path = folder.path().join(name);
        std::fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let store = folder.open();
        let error = match name {
            "lock" => add(&store, &[20], &[], Existing::Refuse).unwrap_err(),
            _ => store.view(None).unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}
