//! Describing, reading and writing index files.

mod describing;
mod graphs;
mod lists_apart;
mod old;
mod reading;
mod writing;

use super::Faiss;
use crate::testing::open_bytes;
use crate::{Container, ReadOptions};
use std::path::{Path, PathBuf};

/// A small file that the real library wrote.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden/faiss").join(name)
}

fn open(bytes: &[u8]) -> anear_types::Result<Box<dyn Container>> {
    open_bytes(&Faiss, bytes, &ReadOptions::default())
}
